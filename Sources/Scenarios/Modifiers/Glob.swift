/// A pattern for ids in which `*` stands for any characters, also none.
public struct Glob: Sendable, Hashable {
  /// The pattern as it was typed.
  public let pattern: String
  /// What stands between its asterisks; one part where it has none.
  private let parts: [[UInt8]]

  /// Creates a pattern.
  public init(_ pattern: String) {
    self.pattern = pattern
    parts = pattern.split(separator: "*", omittingEmptySubsequences: false).map { Array($0.utf8) }
  }

  /// Whether all of the text fits the pattern.
  public func matches(_ text: String) -> Bool {
    // Most ids fail here, when all patterns of the rule index are compared with all of them.
    guard let first = parts.first, let last = parts.last, text.utf8.starts(with: first) else { return false }
    let bytes = Array(text.utf8)
    guard parts.count > 1 else { return bytes.count == first.count }
    guard bytes.count >= first.count + last.count, bytes.suffix(last.count).elementsEqual(last)
    else { return false }
    // Between the ends, each part at the first place where it fits: later places leave less room.
    var rest = bytes[first.count..<(bytes.count - last.count)]
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let range = rest.firstRange(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return true
  }

  /// The ids that someone who typed the pattern may have meant: those that contain it, otherwise those that are spelled much like
  /// it; at most three.
  public func nearest(in ids: [String]) -> [String] {
    let typed = pattern.filter { $0 != "*" }
    let containing = ids.filter { !typed.isEmpty && $0.contains(typed) }
    return containing.isEmpty ? Nearest.names(to: typed, in: ids, limit: 3) : Array(containing.prefix(3))
  }
}
