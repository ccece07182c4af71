/// How an endpoint compresses what it sends; its peer need not know.
public struct CompressionSettings: Hashable, Sendable {
  /// The least payload that is compressed, in bytes; of a message in fragments, that of the first. By default each message is,
  /// since this rig is for testing: elsewhere some hundred bytes are a good choice.
  public var threshold = 0
  /// 0 (stored) to 9 (smallest); 6 by default, as in zlib.
  public var level = 6
  /// 1...9, how much memory the search for matches gets; 8 by default, as in zlib.
  public var memLevel = 8

  /// The defaults.
  public init() {}
}

/// How a client goes about compression: what it offers in the opening handshake, and how it compresses then.
public struct ClientCompression: Hashable, Sendable {
  /// Offers of permessage-deflate, in the order of preference.
  public var offers: [DeflateOffer]
  /// How messages are compressed.
  public var settings: CompressionSettings

  /// By default one offer that leaves everything to the server.
  public init(
    offers: [DeflateOffer] = [DeflateOffer()], settings: CompressionSettings = CompressionSettings()
  ) {
    self.offers = offers
    self.settings = settings
  }
}

/// How a server goes about compression: what it makes of a client's offers, and how it compresses then.
public struct ServerCompression: Hashable, Sendable {
  /// What it answers.
  public var policy: DeflatePolicy
  /// How messages are compressed.
  public var settings: CompressionSettings

  /// By default the first valid offer is accepted as it is.
  public init(
    policy: DeflatePolicy = DeflatePolicy(), settings: CompressionSettings = CompressionSettings()
  ) {
    self.policy = policy
    self.settings = settings
  }

  /// What is agreed on with a client: the answer to its first valid offer; nil where it has none.
  public func agreement(with request: ServerHandshake.Request) -> PerMessageDeflate? {
    request.deflateOffers.first.map { PerMessageDeflate(policy.response(to: $0), settings: settings) }
  }
}
