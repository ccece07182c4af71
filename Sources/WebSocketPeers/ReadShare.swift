/// How much of what a client has sent one wake-up takes, so that nobody waits long for his turn: what is left is reported anew, after
/// the others had theirs.
struct ReadShare {
  /// The bytes of the next read: as many as some hundred frames like those of the last one have.
  private(set) var bytes = first
  /// Whether the last read took as long as one may: the next, which will be like it, is to let others go first.
  private(set) var takesLong = false

  /// As much as the loop's memory for reads holds: for large frames, which take longer to be moved than to be looked at.
  static let most = 256 << 10
  private static let largeFrame = 4096
  private static let ordinary = 32 << 10
  /// Of a client of whom nothing is known yet.
  private static let first = 4 << 10
  private static let least = 1 << 10
  private static let frames = 512

  /// Takes note of a read, of the frames that began in it, and of the bytes that compressed payloads in it became.
  mutating func note(bytes count: Int, frames: Int, inflated: Int) {
    guard count > 0 else { return }
    takesLong = max(count, inflated) >= min(bytes, Self.ordinary)
    let frame = count / max(frames, 1)
    if inflated > count {
      bytes = Self.clamped(Self.ordinary * count / inflated)
    } else {
      bytes = frame >= Self.largeFrame ? Self.most : Self.clamped(frame * Self.frames)
    }
  }

  private static func clamped(_ bytes: Int) -> Int { min(max(bytes, least), ordinary) }
}
