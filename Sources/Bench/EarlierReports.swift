import Foundation
import Results

/// What an earlier run left in a report folder: to be removed once the next one has begun, which may not get as far as to write the same
/// files, and whose folder would then show another run's results. What wsrig does not write is left alone.
struct EarlierReports {
  /// The report folder.
  let folder: URL

  /// The folders that hold a folder for each case or black box, and the files in those.
  private static let kinds = [
    (ReportNames.cases, ReportNames.CaseFile.allCases.map(\.rawValue)),
    (ReportNames.blackBoxes, ReportNames.BlackBoxFile.allCases.map(\.rawValue)),
  ]

  /// Looks whether it can be removed, before any time is spent.
  /// - Throws: the file system's error for the first file that this user may not remove.
  func check() throws {
    let parts = partNames.map { EarlierReports(folder: folder.appending(path: $0)) }
    for file in (parts + [self]).flatMap(\.files)
    where access(file.deletingLastPathComponent().path, W_OK | X_OK) != 0 {
      throw CocoaError(.fileWriteNoPermission, userInfo: [NSFilePathErrorKey: file.path])
    }
  }

  /// Removes it, the folders of several boards included, and folders that are empty then.
  /// - Throws: the file system's error where a file cannot be removed.
  func remove() throws {
    for part in partNames { try EarlierReports(folder: folder.appending(path: part)).remove(isPart: true) }
    try remove(isPart: false)
  }

  private func remove(isPart: Bool) throws {
    for file in files { try FileManager.default.removeItem(at: file) }
    for (name, _) in Self.kinds {
      let parent = folder.appending(path: name)
      for child in names(in: parent) { try removeIfEmpty(parent.appending(path: child)) }
      try removeIfEmpty(parent)
    }
    if isPart { try removeIfEmpty(folder) }
  }

  /// The files that are there, but for those in folders of several boards.
  private var files: [URL] {
    let own = ReportNames.documents + names(in: folder).filter(Self.isSerialLog)
    return existing(own, in: folder)
      + Self.kinds.flatMap { name, files in
        let parent = folder.appending(path: name)
        return names(in: parent).flatMap { existing(files, in: parent.appending(path: $0)) }
      }
  }

  /// The folders that the run of each of several boards had, by the results of all of them.
  private var partNames: [String] {
    struct Document: Decodable {
      struct Board: Decodable { var reportFolder: String? }
      var boards: [Board]?
    }
    guard let data = try? Data(contentsOf: folder.appending(path: ReportNames.results)),
      let boards = try? JSONDecoder().decode(Document.self, from: data).boards
    else { return [] }
    return boards.compactMap(\.reportFolder).filter { name in
      !name.isEmpty && !name.contains("/") && ![".", ".."].contains(name)
    }
  }

  private static func isSerialLog(_ name: String) -> Bool {
    name == ReportNames.serialLog || (name.hasPrefix("serial-") && name.hasSuffix(".log"))
  }

  private func names(in folder: URL) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
  }

  private func existing(_ names: [String], in folder: URL) -> [URL] {
    names.map { folder.appending(path: $0) }.filter { file in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder) && !isFolder.boolValue
    }
  }

  private func removeIfEmpty(_ folder: URL) throws {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path), names.isEmpty else {
      return
    }
    try FileManager.default.removeItem(at: folder)
  }
}
