/// How much of what a client has sent one wake-up takes, so that nobody waits long for his turn: what is left is reported anew, after
/// the others had theirs.
struct ReadShare {
  /// Whether the last read left more behind, and was of frames so small that their number is what takes the time.
  private var isDense = false

  /// The bytes to read besides what is missing of a payload in progress: a fraction of what a burst of small messages may be, and for
  /// tiny frames a few hundred of them.
  var bytes: Int { isDense ? 2 << 10 : 16 << 10 }

  /// Takes note of a read and of the frames that began in it.
  mutating func note(bytes count: Int, frames: Int) {
    isDense = count >= bytes && frames > count / Self.tinyFrame
  }

  /// Below so many bytes a frame takes longer to be looked at than to be copied.
  private static let tinyFrame = 64
}
