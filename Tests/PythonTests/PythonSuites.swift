import Foundation
import TestSupport
import Testing

/// The tests in Python: of what runs on the board, on the interpreter itself.
@Suite(
  "Tests in Python", .timeLimit(.minutes(5)),
  .enabled(if: Repository.hasPython, "\(Repository.pythonIsMissing)"))
struct PythonSuites {
  private static let folder = Repository.folder.appending(path: "Tests/Python")

  private static let files: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasPrefix("test_") && $0.hasSuffix(".py") }.sorted()
  }()

  @Test("pass", arguments: files)
  func pass(_ file: String) async throws {
    let environment: [String: String?] = [
      "WSRIG_MICROPYTHON": nil, "PYTHONDONTWRITEBYTECODE": "1",
      "WSRIG_PUBLISHED_CLIENT": Repository.package("async_websocket_client"),
    ]
    let child = try await RunningChild.run(
      try #require(Repository.python), ["-m", "unittest", "-q", String(file.dropLast(3))],
      environment: environment,
      in: Self.folder, within: .seconds(240))
    #expect(child.status == 0, "\(file): \(child.everything)")
  }

  @Test("there are some")
  func some() { #expect(Self.files.count >= 3) }
}
