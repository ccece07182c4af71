/// What a server makes of offers of permessage-deflate.
///
/// It can grant all that an offer demands, and itself demands only what every client must put up with or has offered.
public struct DeflatePolicy: Hashable, Sendable {
  /// Starts each message with an empty window, also where the client does not demand it.
  public var serverNoContextTakeover = false
  /// Demands the same of the client.
  public var clientNoContextTakeover = false
  /// The binary logarithm of the largest window to compress with, 8...15.
  public var serverMaxWindowBits = 15
  /// The binary logarithm of the window to ask the client for where its offer allows that, 8...15.
  public var clientMaxWindowBits = 15

  /// A policy that leaves everything to the client.
  public init() {}

  /// The response to an offer.
  public func response(to offer: DeflateOffer) -> DeflateParameters {
    var response = DeflateParameters(
      serverNoContextTakeover: offer.serverNoContextTakeover || serverNoContextTakeover,
      clientNoContextTakeover: offer.clientNoContextTakeover || clientNoContextTakeover)
    if offer.serverMaxWindowBits != nil || serverMaxWindowBits < 15 {
      response.serverMaxWindowBits = min(offer.serverMaxWindowBits ?? 15, serverMaxWindowBits)
    }
    switch offer.clientMaxWindowBits {
    case .notOffered: break
    case .unlimited: if clientMaxWindowBits < 15 { response.clientMaxWindowBits = clientMaxWindowBits }
    case .atMost(let bits): response.clientMaxWindowBits = min(bits, clientMaxWindowBits)
    }
    return response
  }
}
