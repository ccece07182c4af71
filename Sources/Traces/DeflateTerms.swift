/// The parameters of permessage-deflate in an offer or in the answer to one (RFC 7692 section 7.1).
public struct DeflateTerms: Sendable, Hashable {
  /// Which side wrote them: the rules for a window of the client's differ.
  public enum Side: Sendable { case offer, answer }

  /// What is wrong with parameters, in words that follow their name: `has the parameter x twice`.
  public struct Problem: Error, Sendable, Hashable {
    /// The words.
    public var words: String
    /// The section of RFC 7692 that says so.
    public var section: String

    /// Creates a problem.
    public init(words: String, section: String) {
      self.words = words
      self.section = section
    }
  }

  /// The extension's name.
  public static let extensionName = "permessage-deflate"

  /// The server compresses each message for itself (section 7.1.1.1).
  public var serverNoContextTakeover = false
  /// The client compresses each message for itself (section 7.1.1.2).
  public var clientNoContextTakeover = false
  /// The server's window as a power of two (section 7.1.2.1).
  public var serverMaxWindowBits: Int?
  /// Whether the client's window is mentioned: in an offer, that the server may set it (section 7.1.2.2).
  public var mentionsClientWindow = false
  /// The client's window as a power of two, where a value stands there.
  public var clientMaxWindowBits: Int?

  /// Reads the parameters of an element; throws what section 7.1 forbids.
  public init(_ element: DecodedExtension, as side: Side) throws(Problem) {
    var seen: Set<String> = []
    for parameter in element.parameters {
      guard seen.insert(parameter.name).inserted else {
        throw Problem(words: "has the parameter \(parameter.name) twice", section: "7.1")
      }
      try take(parameter, as: side)
    }
  }

  private mutating func take(_ parameter: DecodedExtension.Parameter, as side: Side) throws(Problem) {
    switch parameter.name {
    case "server_no_context_takeover":
      serverNoContextTakeover = true
      try refuseValue(of: parameter, section: "7.1.1.1")
    case "client_no_context_takeover":
      clientNoContextTakeover = true
      try refuseValue(of: parameter, section: "7.1.1.2")
    case "server_max_window_bits": serverMaxWindowBits = try Self.window(parameter, section: "7.1.2.1")
    case "client_max_window_bits":
      mentionsClientWindow = true
      if parameter.value == nil, side == .offer { return }
      clientMaxWindowBits = try Self.window(parameter, section: "7.1.2.2")
    default:
      let what = parameter.name.isEmpty ? "an empty parameter" : "the unknown parameter \(parameter.name)"
      throw Problem(words: "has \(what)", section: "7.1")
    }
  }

  private func refuseValue(of parameter: DecodedExtension.Parameter, section: String) throws(Problem) {
    guard let value = parameter.value else { return }
    throw Problem(words: "gives \(parameter.name) the value \(value), though it takes none", section: section)
  }

  /// A decimal number from 8 to 15 without leading zeroes.
  private static func window(
    _ parameter: DecodedExtension.Parameter, section: String
  ) throws(Problem) -> Int {
    guard let value = parameter.value else {
      throw Problem(words: "gives \(parameter.name) no value", section: section)
    }
    guard let bits = (8...15).first(where: { String($0) == value }) else {
      throw Problem(words: "gives \(parameter.name) the value \(value), not one of 8 to 15", section: section)
    }
    return bits
  }
}
