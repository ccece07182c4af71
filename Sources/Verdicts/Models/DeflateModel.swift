import Traces

/// How permessage-deflate is in use on a connection, as the two heads say (RFC 7692 section 7.1).
public struct DeflateAgreement: Sendable, Hashable {
  /// One direction.
  public struct Direction: Sendable, Hashable {
    /// Whether a message may refer to those before it.
    public var keepsContext = true
    /// The window, as a power of two.
    public var windowBits = 15
  }

  /// What the server sends.
  public var server = Direction()
  /// What the client sends.
  public var client = Direction()
}

/// What the heads say about permessage-deflate: the judge's own reading, apart from that of the peers.
enum DeflateNegotiation: Sendable, Hashable {
  /// It is not in use.
  case unused
  /// It is in use.
  case agreed(DeflateAgreement)
  /// The response does not fit any offer, so that the client must fail the connection; what is wrong, and the section.
  case broken(String, section: String)

  /// Reads both heads.
  init(_ connection: DecodedConnection) {
    let answers = Self.elements(of: connection.response)
    let offers = Self.elements(of: connection.request)
    guard let answer = answers.first, !offers.isEmpty else {
      self = .unused
      return
    }
    guard answers.count == 1 else {
      self = .broken(
        "the response accepts permessage-deflate \(answers.count) times", section: Self.cited("5"))
      return
    }
    do throws(DeflateTerms.Problem) {
      let parameters = try DeflateTerms(answer, as: .answer)
      try Self.checkFit(of: parameters, to: offers)
      self = .agreed(DeflateAgreement(parameters))
    } catch {
      self = .broken("the response \(Words.line(error.words))", section: Self.cited(error.section))
    }
  }

  /// The agreement; nil where there is none.
  var agreement: DeflateAgreement? { if case .agreed(let agreement) = self { agreement } else { nil } }

  private static func elements(of head: DecodedHead?) -> [DecodedExtension] {
    (head?.extensions ?? []).filter { $0.name == DeflateTerms.extensionName }
  }

  static func cited(_ section: String) -> String { "RFC 7692 \(section)" }

  /// A response has to fit one of the offers; where it fits none, the first tells why.
  private static func checkFit(
    of answer: DeflateTerms, to offers: [DecodedExtension]
  ) throws(DeflateTerms.Problem) {
    let valid = offers.compactMap { try? DeflateTerms($0, as: .offer) }
    let problems = valid.map { problem(of: answer, to: $0) }
    if problems.contains(nil) { return }
    throw problems.first.flatMap { $0 }
      ?? DeflateTerms.Problem(words: "accepts an offer that is not valid", section: "7.1")
  }

  private static func problem(
    of answer: DeflateTerms, to offer: DeflateTerms
  ) -> DeflateTerms.Problem? {
    if offer.serverNoContextTakeover, !answer.serverNoContextTakeover {
      return .init(words: "lacks server_no_context_takeover, which was asked for", section: "7.1.1.1")
    }
    if let most = offer.serverMaxWindowBits, answer.serverMaxWindowBits ?? 15 > most {
      let got =
        answer.serverMaxWindowBits.map { "has server_max_window_bits=\($0)" }
        ?? "lacks server_max_window_bits"
      return .init(words: "\(got), though at most \(most) was asked for", section: "7.1.2.1")
    }
    if answer.mentionsClientWindow, !offer.mentionsClientWindow {
      return .init(words: "has client_max_window_bits, which was not offered", section: "7.1.2.2")
    }
    return nil
  }
}

extension DeflateAgreement {
  fileprivate init(_ answer: DeflateTerms) {
    server = Direction(
      keepsContext: !answer.serverNoContextTakeover, windowBits: answer.serverMaxWindowBits ?? 15)
    client = Direction(
      keepsContext: !answer.clientNoContextTakeover, windowBits: answer.clientMaxWindowBits ?? 15)
  }
}
