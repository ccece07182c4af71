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

/// The parameters of permessage-deflate by name (RFC 7692 section 7.1).
public enum DeflateParameterName: String, Hashable, Sendable, CaseIterable {
  /// Section 7.1.1.1.
  case serverNoContextTakeover = "server_no_context_takeover"
  /// Section 7.1.1.2.
  case clientNoContextTakeover = "client_no_context_takeover"
  /// Section 7.1.2.1.
  case serverMaxWindowBits = "server_max_window_bits"
  /// Section 7.1.2.2.
  case clientMaxWindowBits = "client_max_window_bits"

  /// The section of RFC 7692 that defines it.
  public var section: String {
    switch self {
    case .serverNoContextTakeover: "7.1.1.1"
    case .clientNoContextTakeover: "7.1.1.2"
    case .serverMaxWindowBits: "7.1.2.1"
    case .clientMaxWindowBits: "7.1.2.2"
    }
  }
}

/// Why an offer or a response of permessage-deflate cannot be accepted (RFC 7692 sections 5.1 and 7.1).
public enum DeflateFault: Error, Hashable, Sendable {
  /// A parameter that the extension does not define.
  case unknown(String)
  /// A parameter that stands there twice.
  case repeated(DeflateParameterName)
  /// A value where none may be, none where one must be, or another than 8 to 15 without leading zeros.
  case value(DeflateParameterName, String?)
  /// The response has a parameter that only an offer of it allows.
  case notOffered(DeflateParameterName)
  /// The response lacks a parameter that the offer demands.
  case notGranted(DeflateParameterName)
  /// The response allows a larger window than was offered.
  case exceedsOffer(DeflateParameterName, bits: Int)

  /// The section of RFC 7692 that states the rule.
  public var section: String {
    switch self {
    case .unknown: "7.1"
    case .repeated(let name), .value(let name, _), .notOffered(let name), .notGranted(let name),
      .exceedsOffer(let name, _):
      name.section
    }
  }
}

extension DeflateFault: CustomStringConvertible {
  /// A part of a sentence.
  public var description: String {
    switch self {
    case .unknown(let name): "unknown parameter \(name)"
    case .repeated(let name): "parameter \(name.rawValue) twice"
    case .value(let name, nil): "no value of \(name.rawValue)"
    case .value(let name, let value?): "value \(value) of \(name.rawValue)"
    case .notOffered(let name): "\(name.rawValue), which was not offered"
    case .notGranted(let name): "no \(name.rawValue), which the offer demands"
    case .exceedsOffer(let name, let bits): "\(name.rawValue)=\(bits), more than was offered"
    }
  }
}
