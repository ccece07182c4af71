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
