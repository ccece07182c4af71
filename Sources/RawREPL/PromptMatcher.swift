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

  /// Takes one byte; returns the index of the pattern that ends with it, if any does.
  mutating func take(_ byte: UInt8) -> Int? {
    held.append(byte)
    return patterns.firstIndex { $0.last == byte && held.suffix($0.count).elementsEqual($0) }
  }

  /// The noise before the pattern that `take` has just reported.
  func noise(beforePattern index: Int) -> [UInt8] {
    [UInt8](held.dropLast(patterns[index].count))
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
