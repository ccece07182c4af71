import Foundation

/// Outputs that are kept in `fixtures/expected`. With `WSRIG_UPDATE_EXPECTED=1` in the environment they are written anew.
public enum Golden {
  /// Compares a text with the file of that name; returns what differs, or nil.
  public static func difference(_ text: String, _ name: String) throws -> String? {
    let file = Repository.fixtures.appending(path: "expected/\(name)")
    if ProcessInfo.processInfo.environment["WSRIG_UPDATE_EXPECTED"] != nil {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
      return nil
    }
    guard let data = try? Data(contentsOf: file) else { return "fixtures/expected/\(name) is missing" }
    let expected = String(decoding: data, as: UTF8.self)
    guard expected != text else { return nil }
    let old = expected.split(separator: "\n", omittingEmptySubsequences: false)
    let new = text.split(separator: "\n", omittingEmptySubsequences: false)
    let line =
      zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(old.count, new.count)
    func shown(_ lines: [Substring]) -> String { line < lines.count ? "\"\(lines[line])\"" : "the end" }
    return "fixtures/expected/\(name), line \(line + 1): expected \(shown(old)), got \(shown(new))"
  }
}
