import Foundation
import Results

/// What an earlier run left in a report folder: to be removed once the next one has begun, which may not get as far as to write the same
/// files, and whose folder would then show another run's results. What wsrig does not write is left alone.
struct EarlierReports {
  /// The report folder.
  let folder: URL

  private static let filesOfCase = ReportNames.CaseFile.allCases.map(\.rawValue)
  private static let filesOfBlackBox = ReportNames.BlackBoxFile.allCases.map(\.rawValue)

  /// Removes it, the folders of several boards included, and folders that are empty then.
  /// - Throws: the file system's error where a file cannot be removed.
  func remove() throws {
    for part in partNames { try EarlierReports(folder: folder.appending(path: part)).remove(isPart: true) }
    try remove(isPart: false)
  }

  private func remove(isPart: Bool) throws {
    try remove(ReportNames.documents + names(in: folder).filter(Self.isSerialLog), in: folder)
    for (name, files) in [
      (ReportNames.cases, Self.filesOfCase), (ReportNames.blackBoxes, Self.filesOfBlackBox),
    ] {
      let parent = folder.appending(path: name)
      for child in names(in: parent) {
        let place = parent.appending(path: child)
        try remove(files, in: place)
        try removeIfEmpty(place)
      }
      try removeIfEmpty(parent)
    }
    if isPart { try removeIfEmpty(folder) }
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

  private func remove(_ names: [String], in folder: URL) throws {
    for name in names {
      let path = folder.appending(path: name).path
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
        try FileManager.default.removeItem(atPath: path)
      }
    }
  }

  private func removeIfEmpty(_ folder: URL) throws {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path), names.isEmpty else {
      return
    }
    try FileManager.default.removeItem(at: folder)
  }
}
