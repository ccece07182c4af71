/// How much of what a client has sent one wake-up takes, so that nobody waits long for his turn: what is left is reported anew, after
/// the others had theirs.
struct ReadShare {
  /// The bytes of the next read: much where frames are large, which costs least, and for tiny ones some thousand of them.
  private(set) var bytes = ordinary

  /// As much as the loop's memory for reads holds.
  static let most = 256 << 10
  private static let ordinary = 32 << 10
  private static let least = 8 << 10
  /// From so many bytes on a frame takes longer to be moved than to be looked at.
  private static let largeFrame = 4096
  /// Below so many it takes longer to be looked at.
  private static let tinyFrame = 64

  /// Takes note of a read and of the frames that began in it.
  mutating func note(bytes count: Int, frames: Int) {
    if count >= Self.largeFrame * max(frames, 1) {
      bytes = Self.most
    } else {
      // Tiny frames take their time only where there are many: where the read left some behind.
      bytes = count >= bytes && frames > count / Self.tinyFrame ? Self.least : Self.ordinary
    }
  }
}
