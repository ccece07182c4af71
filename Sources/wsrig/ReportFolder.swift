import Bench
import Foundation
import Reports
import Results

/// The folder that the reports of a run are written to. It is made before the run, so that a folder that cannot be written is
/// known before any time was spent.
struct ReportFolder {
  private let folder: URL
  private let latest: URL?
  /// How many runs the default folder keeps.
  private static let keptRuns = 20

  /// Makes the folder: the one given, or a new one in `./reports`, to which `./reports/latest` will point.
  init(path: String?) throws {
    let stamp = Date.now.formatted(.iso8601.dateSeparator(.dash).timeSeparator(.omitted)).replacing(
      ":", with: "")
    let reports = URL(fileURLWithPath: "reports", isDirectory: true)
    folder = path.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? Self.unused(reports, stamp)
    latest = path == nil ? reports.appendingPathComponent("latest") : nil
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data().write(to: serialLog)
    } catch {
      throw ConfigurationError(
        "Cannot write reports into '\(folder.path)': \(error.underlyingReason); check the folder or name another with --report."
      )
    }
  }

  private static func unused(_ reports: URL, _ stamp: String) -> URL {
    let plain = reports.appendingPathComponent(stamp, isDirectory: true)
    guard FileManager.default.fileExists(atPath: plain.path) else { return plain }
    return reports.appendingPathComponent(
      "\(stamp)-\(ProcessInfo.processInfo.processIdentifier)", isDirectory: true)
  }

  /// Where the bytes of the serial line go while the run goes on.
  var serialLog: URL { folder.appendingPathComponent("serial.log") }

  /// Writes all reports, and says where they are.
  func write(_ run: RunResult) throws -> String {
    do {
      for (name, text) in RunReport.files(of: run, folder: folder.relativePath) {
        let file = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
      if let latest { try point(latest) }
    } catch {
      throw ConfigurationError(
        "Could not write the reports into '\(folder.path)': \(error.underlyingReason).")
    }
    return (latest ?? folder).relativePath
  }

  private func point(_ latest: URL) throws {
    let files = FileManager.default
    try? files.removeItem(at: latest)
    try files.createSymbolicLink(atPath: latest.path, withDestinationPath: folder.lastPathComponent)
    let runs = try files.contentsOfDirectory(atPath: latest.deletingLastPathComponent().path)
      .filter { $0.first?.isNumber == true }.sorted()
    for run in runs.dropLast(Self.keptRuns) {
      try files.removeItem(at: latest.deletingLastPathComponent().appendingPathComponent(run))
    }
  }
}

extension Error {
  /// The operating system's reason, where there is one below.
  fileprivate var underlyingReason: String {
    let error = self as NSError
    let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
    return underlying?.localizedDescription ?? error.localizedDescription
  }
}
