import PosixIO

/// TLS as a scripted server speaks it, rightly or wrongly.
public struct ScriptedTLS: Sendable {
  /// Versions, certificate, and what clients have to show.
  public var context: TLSContext
  /// How the bytes of TLS leave, and where the protocol is left.
  public var manner: TLSManner
  /// So long after its first bytes a handshake that is not complete is given up, and TCP ended; nil leaves it to the attempt's deadline.
  public var handshakeTimeout: Duration?

  /// Puts all together.
  public init(_ context: TLSContext, manner: TLSManner = TLSManner(), handshakeTimeout: Duration? = nil) {
    self.context = context
    self.manner = manner
    self.handshakeTimeout = handshakeTimeout
  }
}
