/// The flow control of raw-paste mode: how many bytes the board is ready to take.
///
/// The board names an increment once (128 bytes on stock firmware), which is also the first allowance, and
/// grants one more increment with each 0x01. Sending more than was granted overruns its input ring, and
/// what falls out of the ring is lost without a trace; so the accounting has to be exact.
struct RawPasteWindow: Sendable, Equatable {
  /// Bytes granted by the first allowance and by each 0x01.
  let incrementBytes: Int
  /// Bytes that may be sent now.
  private(set) var remainingBytes: Int

  /// A window as the board announced it; nil if the increment is zero, which would never let a byte out.
  init?(incrementLow: UInt8, incrementHigh: UInt8) {
    incrementBytes = Int(incrementLow) | Int(incrementHigh) << 8
    guard incrementBytes > 0 else { return nil }
    remainingBytes = incrementBytes
  }

  /// The board granted one more increment.
  mutating func grow() { remainingBytes += incrementBytes }

  /// Takes as many of `wanted` bytes as may be sent now.
  mutating func claim(_ wanted: Int) -> Int {
    let granted = min(wanted, remainingBytes)
    remainingBytes -= granted
    return granted
  }
}
