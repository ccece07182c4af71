import Steps
import WebSocketProtocol

extension DeflateAnswer {
  /// What is answered to the client's first valid offer: what this asks for, as far as the offer permits it, and what the offer
  /// demands (RFC 7692 section 7.1). Nil where there is no offer.
  func granted(to request: ServerHandshake.Request) -> DeflateParameters? {
    guard let offer = request.deflateOffers.first else { return nil }
    let clientWindow: Int? =
      switch offer.clientMaxWindowBits {
      case .notOffered: nil
      case .unlimited: clientMaxWindowBits
      case .atMost(let most): clientMaxWindowBits.map { min($0, most) }
      }
    return DeflateParameters(
      serverNoContextTakeover: serverNoContextTakeover || offer.serverNoContextTakeover,
      clientNoContextTakeover: clientNoContextTakeover,
      serverMaxWindowBits: [serverMaxWindowBits, offer.serverMaxWindowBits].compactMap(\.self).min(),
      clientMaxWindowBits: clientWindow)
  }
}
