/// What two endpoints have agreed on for permessage-deflate: the parameters of a response (RFC 7692 section 7.1).
public struct DeflateParameters: Hashable, Sendable {
  /// The name of the extension.
  public static let extensionName = "permessage-deflate"

  /// Whether the server starts each message with an empty window.
  public var serverNoContextTakeover: Bool
  /// Whether the client starts each message with an empty window.
  public var clientNoContextTakeover: Bool
  /// The binary logarithm of the server's largest window, 8...15; nil means 15.
  public var serverMaxWindowBits: Int?
  /// The binary logarithm of the client's largest window, 8...15; nil means 15.
  public var clientMaxWindowBits: Int?

  /// Creates parameters; by default the extension without any.
  public init(
    serverNoContextTakeover: Bool = false, clientNoContextTakeover: Bool = false,
    serverMaxWindowBits: Int? = nil, clientMaxWindowBits: Int? = nil
  ) {
    self.serverNoContextTakeover = serverNoContextTakeover
    self.clientNoContextTakeover = clientNoContextTakeover
    self.serverMaxWindowBits = serverMaxWindowBits
    self.clientMaxWindowBits = clientMaxWindowBits
  }

  /// Reads the parameters of a response.
  ///
  /// - Throws: ``DeflateFault`` for a parameter that no response may have; whether it answers the offer, see
  ///   ``DeflateOffer/agreement(with:)``.
  public init(response element: ExtensionElement) throws(DeflateFault) {
    let read = try DeflateOffer(element)
    var clientBits: Int?
    switch read.clientMaxWindowBits {
    case .notOffered: break
    case .unlimited: throw .value(.clientMaxWindowBits, nil)
    case .atMost(let bits): clientBits = bits
    }
    self.init(
      serverNoContextTakeover: read.serverNoContextTakeover,
      clientNoContextTakeover: read.clientNoContextTakeover,
      serverMaxWindowBits: read.serverMaxWindowBits, clientMaxWindowBits: clientBits)
  }

  /// The parameters as they stand in a response.
  public var element: ExtensionElement {
    DeflateOffer(
      serverNoContextTakeover: serverNoContextTakeover, clientNoContextTakeover: clientNoContextTakeover,
      serverMaxWindowBits: serverMaxWindowBits,
      clientMaxWindowBits: clientMaxWindowBits.map { .atMost($0) } ?? .notOffered
    ).element
  }

  /// Whether an endpoint compresses each message for itself.
  public func noContextTakeover(of role: Role) -> Bool {
    role == .server ? serverNoContextTakeover : clientNoContextTakeover
  }

  /// The binary logarithm of the largest window that an endpoint may compress with.
  public func windowBits(of role: Role) -> Int {
    (role == .server ? serverMaxWindowBits : clientMaxWindowBits) ?? 15
  }
}

extension DeflateParameters: CustomStringConvertible {
  /// The parameters as they stand in a response.
  public var description: String { element.text }
}
