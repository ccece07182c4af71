/// A pattern for ids in which `*` stands for any characters, also none.
public struct Glob: Sendable, Hashable {
  /// The pattern as it was typed.
  public let pattern: String

  /// Creates a pattern.
  public init(_ pattern: String) { self.pattern = pattern }

  /// Whether all of the text fits the pattern.
  public func matches(_ text: String) -> Bool {
    var parts = pattern.split(separator: "*", omittingEmptySubsequences: false).map { Array($0.utf8) }
    let bytes = Array(text.utf8)
    guard let last = parts.popLast(), let first = parts.first else { return pattern == text }
    guard bytes.count >= first.count + last.count, bytes.starts(with: first),
      bytes.suffix(last.count).elementsEqual(last)
    else { return false }
    // Between the ends, each part at the first place where it fits: later places leave less room.
    var rest = bytes[first.count..<(bytes.count - last.count)]
    for part in parts.dropFirst() where !part.isEmpty {
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
