/// Content of a frame, a message or a run of raw bytes, described rather than spelled out, so that a scenario file
/// stays readable and a board is not sent 64 KiB over its serial line.
public enum Payload: Sendable, Hashable {
  /// The UTF-8 bytes of a text.
  case text(String)
  /// Exactly these bytes.
  case bytes([UInt8])
  /// `unit`, `count` times over.
  case repeated(unit: [UInt8], count: Int)
  /// `count` bytes drawn from the seed of the run; `Scenario.concrete(seed:)` turns it into `bytes`.
  case random(count: Int, kind: RandomKind)

  /// What random content must be valid as.
  public enum RandomKind: String, Sendable, Hashable, CaseIterable {
    /// Any byte.
    case binary
    /// Printable ASCII.
    case ascii
    /// Short words, numbers and brackets in ASCII, as JSON and logs have them: what compresses well.
    case words
    /// Well-formed UTF-8 of one- to four-byte sequences, cut to whole sequences (so up to 3 bytes shorter).
    case utf8
  }

  /// No bytes at all.
  public static let empty = Payload.bytes([])

  /// The number of bytes; an upper bound where the content is still `random` UTF-8.
  public var count: Int {
    switch self {
    case .text(let text): text.utf8.count
    case .bytes(let bytes): bytes.count
    case .repeated(let unit, let count): unit.count * count
    case .random(let count, _): count
    }
  }

  /// The bytes themselves; nil where they are still to be drawn from the seed.
  public var bytes: [UInt8]? {
    switch self {
    case .text(let text): Array(text.utf8)
    case .bytes(let bytes): bytes
    case .repeated(let unit, let count): Self.repeating(unit, count: count)
    case .random: nil
    }
  }

  /// Whether these are its bytes, found without making them; nothing equals what is still to be drawn.
  public func equals(_ other: [UInt8]) -> Bool {
    switch self {
    case .text(let text): other.elementsEqual(text.utf8)
    case .bytes(let bytes): other == bytes
    case .repeated(let unit, let count):
      other.count == unit.count * count && (other.isEmpty || Self.repeats(unit, count: count, in: other))
    case .random: false
    }
  }

  /// Compares block by block, so that a large payload is not made a second time.
  private static func repeats(_ unit: [UInt8], count: Int, in other: [UInt8]) -> Bool {
    let block = repeating(unit, count: min(count, (1 << 16) / unit.count + 1))
    return stride(from: 0, to: other.count, by: block.count).allSatisfy { start in
      let piece = Array(other[start..<min(start + block.count, other.count)])
      return piece == (piece.count == block.count ? block : Array(block.prefix(piece.count)))
    }
  }

  private static func repeating(_ unit: [UInt8], count: Int) -> [UInt8] {
    var all: [UInt8] = []
    all.reserveCapacity(unit.count * count)
    for _ in 0..<count { all += unit }
    return all
  }
}
