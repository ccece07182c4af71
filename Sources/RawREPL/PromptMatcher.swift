/// Finds one of several byte patterns in a stream that arrives in pieces of any size.
///
/// Everything before the pattern is noise: output of a background task, a driver's message, the tail of an
/// earlier session. It is handed out, never lost, so that the caller can log it.
struct PromptMatcher: Sendable, Equatable {
  /// Noise is released in portions once so much of it is held.
  private static let heldNoiseLimit = 1024

  private let patterns: [[UInt8]]
  private let longestPattern: Int
  private var held: [UInt8] = []

  init(_ patterns: [UInt8]...) {
    self.patterns = patterns
    longestPattern = patterns.map(\.count).max() ?? 0
  }

  /// Takes bytes up to the end of the first pattern, or all of them.
  ///
  /// - Returns: the index of the pattern found and the noise before it; nil if there is none yet.
  mutating func take(_ bytes: inout ArraySlice<UInt8>) -> (pattern: Int, noise: [UInt8])? {
    while let byte = bytes.popFirst() {
      held.append(byte)
      guard let index = patterns.firstIndex(where: { $0.last == byte && endsWith($0) }) else { continue }
      defer { held = [] }
      return (index, [UInt8](held.dropLast(patterns[index].count)))
    }
    return nil
  }

  private func endsWith(_ pattern: [UInt8]) -> Bool {
    let start = held.count - pattern.count
    return start >= 0 && pattern.indices.allSatisfy { held[start + $0] == pattern[$0] }
  }

  /// All bytes held, when the search is given up.
  var everythingHeld: [UInt8] { held }

  /// Noise that can no longer be part of a pattern, once there is enough of it to be worth an event.
  mutating func takeSurplusNoise() -> [UInt8]? {
    guard held.count > Self.heldNoiseLimit else { return nil }
    let surplus = held.count - longestPattern
    defer { held.removeFirst(surplus) }
    return [UInt8](held.prefix(surplus))
  }
}
