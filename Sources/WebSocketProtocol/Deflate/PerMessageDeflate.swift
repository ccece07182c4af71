/// permessage-deflate as agreed on for a connection (RFC 7692): what ``ConnectionMachine`` is made with.
public struct PerMessageDeflate: Hashable, Sendable {
  /// What both endpoints keep to.
  public var parameters: DeflateParameters
  /// How this endpoint compresses.
  public var settings: CompressionSettings

  /// Describes the extension of a connection.
  public init(_ parameters: DeflateParameters, settings: CompressionSettings = CompressionSettings()) {
    self.parameters = parameters
    self.settings = settings
  }
}
