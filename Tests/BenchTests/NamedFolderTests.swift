import Foundation
import TestSupport
import Testing

@testable import Bench

@Suite("Folders that the user named")
struct NamedFolderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func complaint(_ path: String) -> String? {
    do {
      try NamedFolder.make(URL(fileURLWithPath: path, isDirectory: true), option: "--corpus")
      return nil
    } catch { return "\(error)" }
  }

  @Test("a folder is made with those around it, and taken where it is there")
  func made() {
    let path = folder.path + "/a/b"
    #expect(complaint(path) == nil && complaint(path) == nil)
    #expect(FileManager.default.fileExists(atPath: path))
  }

  @Test("of a folder that could not be made it was said that the file doesn't exist")
  func refused() throws {
    #expect(
      complaint("/proc/x/y")
        == "Cannot make the folder '/proc/x/y': nothing can be made in '/proc'; check --corpus.")
    try folder.write("", to: "file")
    let file = folder.path + "/file"
    #expect(
      complaint(file + "/x")
        == "Cannot make the folder '\(file)/x': '\(file)' is no folder; check --corpus.")
    #expect(complaint(file) == "Cannot make the folder '\(file)': '\(file)' is no folder; check --corpus.")
  }
}
