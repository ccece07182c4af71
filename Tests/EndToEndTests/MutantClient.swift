import Foundation
import TestSupport
import Testing

/// Our client with a defect that is committed in fixtures/mutants, as the folder `client` of a test.
enum MutantClient {
  /// What names it to the tool.
  static let options = ["--client", "client", "--adapter", "async_websocketclient"]

  /// Writes it; without a mutant's name our client as it is.
  static func write(_ id: String?, into folder: TemporaryFolder) throws {
    let code = folder.url.appending(path: "client")
    try FileManager.default.copyItem(
      at: Repository.fixtures.appending(path: "async_websocket_client/code"), to: code)
    try FileManager.default.removeItem(at: code.appending(path: "main.py"))
    guard let id else { return }
    let file = Repository.fixtures.appending(path: "mutants/\(id).json")
    let mutant = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    for replacement in try #require(mutant["replace"] as? [[String: Any]]) {
      try replace(text(replacement["find"]), with: text(replacement["with"]), below: code, in: folder)
    }
  }

  private static func replace(
    _ find: String, with replacement: String, below code: URL, in folder: TemporaryFolder
  ) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: code.path) where name.hasSuffix(".py") {
      let source = try folder.text("client/\(name)")
      guard source.contains(find) else { continue }
      try folder.write(source.replacing(find, with: replacement), to: "client/\(name)")
    }
  }

  private static func text(_ value: Any?) -> String {
    (value as? [String])?.joined(separator: "\n") ?? value as? String ?? ""
  }
}
