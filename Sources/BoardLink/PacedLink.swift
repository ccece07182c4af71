import PosixIO

/// A link that is as slow as another one was measured to be: bytes take their time both ways, and so does a hard reset.
public final class PacedLink: Link {
  private let base: any Link
  private let loop: EventLoop
  private let bytesPerSecond: Double?
  private let hardResetTime: Duration

  /// - Parameters:
  ///   - bytesPerSecond: nil leaves the pace of bytes as it is.
  ///   - hardResetTime: how long a hard reset takes at least.
  public init(_ base: any Link, on loop: EventLoop, bytesPerSecond: Double?, hardResetTime: Duration) {
    self.base = base
    self.loop = loop
    self.bytesPerSecond = bytesPerSecond
    self.hardResetTime = hardResetTime
  }

  /// The board's name.
  public var selector: BoardSelector { base.selector }

  /// Opens the link.
  public func open(deadline: Deadline) async throws { try await base.open(deadline: deadline) }

  /// Waits for bytes, which then take their time.
  public func read(deadline: Deadline) async throws -> [UInt8] {
    let bytes = try await base.read(deadline: deadline)
    try await passTime(for: bytes.count)
    return bytes
  }

  /// Writes all bytes, which take their time.
  public func write(_ bytes: [UInt8], deadline: Deadline) async throws {
    try await base.write(bytes, deadline: deadline)
    try await passTime(for: bytes.count)
  }

  /// Restarts the board, not sooner than it would.
  public func hardReset(deadline: Deadline) async throws {
    let end = Deadline.after(hardResetTime)
    try await base.hardReset(deadline: deadline)
    if !end.hasPassed(at: .now()) { try await loop.pause(until: end) }
  }

  /// Takes the board's power away and gives it back.
  public func cyclePower(deadline: Deadline) async throws { try await base.cyclePower(deadline: deadline) }

  /// Closes the link.
  public func close() async { await base.close() }

  private func passTime(for count: Int) async throws {
    guard let bytesPerSecond, count > 0 else { return }
    try await loop.pause(until: .after(.seconds(Double(count) / bytesPerSecond)))
  }
}
