import Foundation
import PosixIO
import Results

/// The folder that the reports of a run are written to: by default a new one in `./reports`. It is made before the run, so that a folder that cannot be written is
/// known before any time was spent.
public struct ReportFolder: Sendable {
  private let folder: URL
  private let latest: URL?
  /// How the run takes the place of an earlier one; nil where it does not.
  private let succession: ReportSuccession?
  /// How many runs the default folder keeps.
  private static let keptRuns = 20

  /// Makes the folder: the one given, or a new one in `./reports`, to which `./reports/latest` will point.
  /// - Parameters:
  ///   - parent: where new folders go, and `latest` beside them.
  ///   - hasSerialLog: whether a board's serial line will be kept there.
  ///   - replacesRun: whether what an earlier run left there is removed, once ``begin()`` is called.
  /// - Throws: `ConfigurationError` where it cannot be written.
  public init(
    path: String?, under parent: String = "reports", hasSerialLog: Bool = true, replacesRun: Bool = false
  ) throws {
    try self.init(
      path: path, under: parent, hasSerialLog: hasSerialLog, replacesRun: replacesRun, partOf: nil)
  }

  private init(
    path: String?, under parent: String, hasSerialLog: Bool, replacesRun: Bool,
    partOf whole: ReportSuccession?
  ) throws {
    guard path != "" else {
      throw ConfigurationError("--report needs a folder, and what it was given is empty.")
    }
    let stamp = Date.now.formatted(.iso8601.dateSeparator(.dash).timeSeparator(.omitted)).replacing(
      ":", with: "")
    let reports = URL(fileURLWithPath: parent, isDirectory: true)
    folder = path.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? Self.unused(reports, stamp)
    latest = path == nil ? reports.appendingPathComponent("latest") : nil
    try NamedFolder.make(folder, option: "--report")
    do {
      succession = replacesRun ? try ReportSuccession(folder: folder, partOf: whole) : nil
      if hasSerialLog {
        try Data().write(to: serialLog)
      } else if !FileManager.default.isWritableFile(atPath: folder.path) {
        throw CocoaError(.fileWriteNoPermission)
      }
    } catch {
      throw ConfigurationError(
        "Cannot write reports into '\(folder.path)': \(error.underlyingReason); check the folder or name another with --report."
      )
    }
  }

  /// A folder in this one, for the run of one of several boards.
  /// - Throws: `ConfigurationError` where it cannot be written.
  public func part(_ name: String) throws -> ReportFolder {
    try ReportFolder(
      path: folder.appendingPathComponent(name).relativePath, under: "", hasSerialLog: true,
      replacesRun: true, partOf: succession)
  }

  private static func unused(_ reports: URL, _ stamp: String) -> URL {
    let plain = reports.appendingPathComponent(stamp, isDirectory: true)
    guard FileManager.default.fileExists(atPath: plain.path) else { return plain }
    return reports.appendingPathComponent(
      "\(stamp)-\(ProcessInfo.processInfo.processIdentifier)", isDirectory: true)
  }

  /// Where the bytes of the serial line go while the run goes on. Once begun, a run that replaces another has its log in the folder.
  public var serialLog: URL {
    (succession?.waitingRoom ?? folder).appendingPathComponent(ReportNames.serialLog)
  }

  /// Begins the run, now that there will be something to report: what an earlier one left is removed. A second call does nothing more.
  /// - Throws: `ConfigurationError` where it cannot be removed.
  public func begin() throws {
    do {
      try succession?.begin()
    } catch {
      throw ConfigurationError(
        "Cannot remove the earlier reports in '\(folder.path)': \(error.underlyingReason); name another folder with --report."
      )
    }
  }

  /// Leaves what an earlier run left as it is, where the run has not begun.
  public func abandon() { succession?.abandon() }

  /// The folder as the user may name it.
  public var name: String { folder.relativePath }

  /// Writes files, their paths relative to the folder.
  /// - Throws: `ConfigurationError` where a file cannot be written.
  public func write(_ files: some Sequence<(path: String, text: String)>) throws {
    do {
      for (name, text) in files {
        let file = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
    } catch {
      throw ConfigurationError(
        "Could not write the reports into '\(folder.path)': \(error.underlyingReason).")
    }
  }

  /// Removes files of that kind which an earlier run has left in a folder in it: those of which this run writes no new ones would be taken
  /// for its own. What cannot be removed stays.
  public func removeFiles(withExtension kind: String, in name: String) {
    let old = folder.appendingPathComponent(name)
    let files = (try? FileManager.default.contentsOfDirectory(at: old, includingPropertiesForKeys: nil)) ?? []
    for file in files where file.pathExtension == kind { try? FileManager.default.removeItem(at: file) }
  }

  /// Lets `latest` point to the folder, whose files are all written, and removes the oldest runs beside it.
  /// - Returns: the shortest name of the folder.
  public func publish() -> String {
    guard let latest, point(latest) else { return folder.relativePath }
    removeOldRuns(in: latest.deletingLastPathComponent())
    return latest.relativePath
  }

  /// Lets the link point here; false where something of that name is no link, which is left alone.
  private func point(_ latest: URL) -> Bool {
    let files = FileManager.default
    let isLink = (try? files.destinationOfSymbolicLink(atPath: latest.path)) != nil
    if isLink { try? files.removeItem(at: latest) }
    return (try? files.createSymbolicLink(atPath: latest.path, withDestinationPath: folder.lastPathComponent))
      != nil
  }

  /// Removes the oldest runs. Only folders that are named as this type names them and hold results are taken for runs.
  private func removeOldRuns(in reports: URL) {
    let files = FileManager.default
    let runs = ((try? files.contentsOfDirectory(atPath: reports.path)) ?? []).filter { name in
      name.wholeMatch(of: /\d{4}-\d{2}-\d{2}T\d{6}Z(-\d+)?/) != nil
        && [ResultsFile.name, LatencyBaselineFile.name].contains {
          files.fileExists(atPath: reports.appendingPathComponent("\(name)/\($0)").path)
        }
    }
    for run in runs.sorted().dropLast(Self.keptRuns) {
      try? files.removeItem(at: reports.appendingPathComponent(run))
    }
  }
}
