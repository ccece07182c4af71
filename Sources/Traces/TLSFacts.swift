/// What the endpoints of a connection agreed on in TLS, as the server saw it.
public struct TLSFacts: Sendable, Hashable, Codable {
  /// The version, such as `TLSv1.2`.
  public var version: String
  /// The cipher suite.
  public var cipher: String
  /// The group of the key exchange; nil where there was none.
  public var group: String?
  /// The name that the client asked for (SNI); nil where it named none.
  public var serverName: String?
  /// The subject of the client's certificate; nil where it showed none.
  public var clientSubject: String?
  /// From accepting the connection to the end of the handshake, in nanoseconds.
  public var handshakeNanoseconds: Int64

  /// Puts the facts together.
  public init(
    version: String, cipher: String, group: String?, serverName: String?, clientSubject: String?,
    handshakeNanoseconds: Int64
  ) {
    self.version = version
    self.cipher = cipher
    self.group = group
    self.serverName = serverName
    self.clientSubject = clientSubject
    self.handshakeNanoseconds = handshakeNanoseconds
  }
}
