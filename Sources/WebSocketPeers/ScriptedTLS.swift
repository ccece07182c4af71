import PosixIO

/// TLS as a scripted server speaks it, rightly or wrongly.
public struct ScriptedTLS: Sendable {
  /// Versions, certificate, and what clients have to show.
  public var context: TLSContext
  /// How the bytes of TLS leave, and where the protocol is left.
  public var manner: TLSManner

  /// Puts both together.
  public init(_ context: TLSContext, manner: TLSManner = TLSManner()) {
    self.context = context
    self.manner = manner
  }
}
