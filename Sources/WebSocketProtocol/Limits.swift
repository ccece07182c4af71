/// Bounds on what a peer can make us hold, and what happens at each.
public struct Limits: Hashable, Sendable {
  /// Largest payload of one frame in bytes. Beyond it the connection fails with 1009 as soon as the header is read.
  /// 64 MiB by default: more than any test sends, less than what hurts.
  public var framePayload: Int = 64 << 20
  /// Largest message in bytes, all fragments together. Beyond it the connection fails with 1009 as soon as the header of
  /// the fragment that would exceed it is read; a compressed one as soon as it has inflated to more, and no memory is taken for
  /// that. 64 MiB by default.
  public var message: Int = 64 << 20
  /// Largest head of an opening handshake in bytes, empty line included. Beyond it a server answers 431, a client gives
  /// up. 16 KiB by default, twice what common servers take.
  public var head: Int = 16 << 10
  /// Most header fields of an opening handshake. Beyond it as for ``head``. 100 by default.
  public var headerFields: Int = 100

  /// Creates the default limits.
  public init() {}

  /// Creates limits; see the properties for units and effects.
  public init(framePayload: Int, message: Int, head: Int = 16 << 10, headerFields: Int = 100) {
    self.framePayload = framePayload
    self.message = message
    self.head = head
    self.headerFields = headerFields
  }
}
