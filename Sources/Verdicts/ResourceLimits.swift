/// What a client may cost the board before a QUALITY rule is broken. RFC 6455 sets no such limits: these are the rig's, generous, and
/// a user can set others.
public struct ResourceLimits: Sendable, Hashable, Codable {
  /// How much heap an exchange that is repeated may keep each time, in bytes.
  public var leakBytes: Int
  /// How much less heap may be free after a case than before it, in bytes.
  public var keptBytes: Int
  /// How much smaller the largest free block may be after a case than before it, in percent.
  public var blockPercent: Int
  /// How many bytes may be allocated for each byte of the messages that are received and sent.
  public var allocationFactor: Int
  /// How many bytes may be allocated for a message, a close, an end or another event, beside those for its bytes.
  public var eventBytes: Int
  /// How many bytes may be allocated for a connection that opens, beside its messages.
  public var connectionBytes: Int
  /// How long the client may keep other tasks from running, in milliseconds.
  public var gapMilliseconds: Int

  /// Creates limits; the defaults are those of the rig.
  public init(
    leakBytes: Int = 100, keptBytes: Int = 8192, blockPercent: Int = 60, allocationFactor: Int = 8,
    eventBytes: Int = 4096, connectionBytes: Int = 40_960, gapMilliseconds: Int = 60
  ) {
    self.leakBytes = leakBytes
    self.keptBytes = keptBytes
    self.blockPercent = blockPercent
    self.allocationFactor = allocationFactor
    self.eventBytes = eventBytes
    self.connectionBytes = connectionBytes
    self.gapMilliseconds = gapMilliseconds
  }
}
