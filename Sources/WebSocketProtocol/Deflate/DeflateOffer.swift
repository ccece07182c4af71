/// One offer of permessage-deflate by a client (RFC 7692 section 7.1).
public struct DeflateOffer: Hashable, Sendable {
  /// What an offer says of the client's own window (section 7.1.2.2).
  public enum ClientWindow: Hashable, Sendable {
    /// Nothing: the server may not ask for a smaller one.
    case notOffered
    /// The server may ask for any.
    case unlimited
    /// The server may ask for any, and it will have at most so many bits, 8...15.
    case atMost(Int)
  }

  /// Whether the server must start each message with an empty window.
  public var serverNoContextTakeover: Bool
  /// Whether the client will start each message with an empty window.
  public var clientNoContextTakeover: Bool
  /// The binary logarithm of the largest window the server may use, 8...15; nil leaves it to the server.
  public var serverMaxWindowBits: Int?
  /// The client's own window.
  public var clientMaxWindowBits: ClientWindow

  /// Creates an offer; by default one that leaves everything to the server.
  public init(
    serverNoContextTakeover: Bool = false, clientNoContextTakeover: Bool = false,
    serverMaxWindowBits: Int? = nil, clientMaxWindowBits: ClientWindow = .unlimited
  ) {
    self.serverNoContextTakeover = serverNoContextTakeover
    self.clientNoContextTakeover = clientNoContextTakeover
    self.serverMaxWindowBits = serverMaxWindowBits
    self.clientMaxWindowBits = clientMaxWindowBits
  }

  /// Reads an offer.
  ///
  /// - Throws: ``DeflateFault`` for one that a server must decline (section 7.1).
  public init(_ element: ExtensionElement) throws(DeflateFault) {
    self.init(clientMaxWindowBits: .notOffered)
    var seen: Set<DeflateParameterName> = []
    for parameter in element.parameters {
      guard let name = DeflateParameterName(rawValue: parameter.name) else { throw .unknown(parameter.name) }
      guard seen.insert(name).inserted else { throw .repeated(name) }
      try read(name, parameter.value)
    }
  }

  private mutating func read(_ name: DeflateParameterName, _ value: String?) throws(DeflateFault) {
    switch name {
    case .serverNoContextTakeover, .clientNoContextTakeover:
      guard value == nil else { throw .value(name, value) }
      if name == .serverNoContextTakeover {
        serverNoContextTakeover = true
      } else {
        clientNoContextTakeover = true
      }
    case .serverMaxWindowBits: serverMaxWindowBits = try Self.bits(name, value)
    case .clientMaxWindowBits:
      clientMaxWindowBits = value == nil ? .unlimited : .atMost(try Self.bits(name, value))
    }
  }

  /// Reads 8 to 15, without leading zeros.
  private static func bits(_ name: DeflateParameterName, _ value: String?) throws(DeflateFault) -> Int {
    guard let value, let bits = Int(value), 8...15 ~= bits, String(bits) == value else {
      throw .value(name, value)
    }
    return bits
  }

  /// The offer as it stands in a request.
  public var element: ExtensionElement {
    var parameters: [ExtensionElement.Parameter] = []
    func add(_ name: DeflateParameterName, _ value: Int? = nil) {
      parameters.append(.init(name.rawValue, value.map(String.init)))
    }
    if serverNoContextTakeover { add(.serverNoContextTakeover) }
    if clientNoContextTakeover { add(.clientNoContextTakeover) }
    if let serverMaxWindowBits { add(.serverMaxWindowBits, serverMaxWindowBits) }
    switch clientMaxWindowBits {
    case .notOffered: break
    case .unlimited: add(.clientMaxWindowBits)
    case .atMost(let bits): add(.clientMaxWindowBits, bits)
    }
    return ExtensionElement(DeflateParameters.extensionName, parameters)
  }

  /// What client and server have agreed on when this offer is answered with `response`: the response, and what the client
  /// promised in the offer whatever the answer.
  ///
  /// - Throws: ``DeflateFault`` where the response does not answer the offer; then the client must fail the connection.
  public func agreement(with response: DeflateParameters) throws(DeflateFault) -> DeflateParameters {
    var agreed = response
    if serverNoContextTakeover, !response.serverNoContextTakeover {
      throw .notGranted(.serverNoContextTakeover)
    }
    if let most = serverMaxWindowBits {
      guard let bits = response.serverMaxWindowBits else { throw .notGranted(.serverMaxWindowBits) }
      guard bits <= most else { throw .exceedsOffer(.serverMaxWindowBits, bits: bits) }
    }
    switch (clientMaxWindowBits, response.clientMaxWindowBits) {
    case (.notOffered, .some): throw .notOffered(.clientMaxWindowBits)
    case (.atMost(let most), let bits?) where bits > most:
      throw .exceedsOffer(.clientMaxWindowBits, bits: bits)
    case (.atMost(let most), nil): agreed.clientMaxWindowBits = most
    default: break
    }
    agreed.clientNoContextTakeover = agreed.clientNoContextTakeover || clientNoContextTakeover
    return agreed
  }

  /// What client and server have agreed on when `response` answers several offers: the first that it can be the answer to.
  ///
  /// - Throws: Why it is no answer to the last of them, where it is none to any.
  static func agreement(of offers: [DeflateOffer], with response: DeflateParameters) throws(DeflateFault)
    -> DeflateParameters?
  {
    var fault: DeflateFault?
    for offer in offers {
      do { return try offer.agreement(with: response) } catch { fault = error }
    }
    if let fault { throw fault }
    return nil
  }
}
