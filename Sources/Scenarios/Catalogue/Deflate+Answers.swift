import Steps
import WebSocketProtocol

/// A scenario whose answer to an offer is spelled out as `value`; what it means stands beside it for the server to go by. A client
/// takes it exactly where it fits what it offered.
func answered(
  _ slug: String, _ rule: Rule, _ description: String, _ value: String,
  _ expectation: String = "Takes the connection as established and inflates what comes.",
  meaning: () -> DeflateAnswer
) -> Scenario {
  lawful(slug, rule, description, expectation, tags: ["deflate"], client: .compressing) {
    ServerStep.respond(.deflate(meaning()), .set(name: "Sec-WebSocket-Extensions", value: value))
    exchange("hello, compressed")
  }
}

/// Answers that no client may take, or not every client.
extension Catalogue {
  /// Answers that fit no offer at all (RFC 7692 section 7.1).
  @ListBuilder<Scenario> static var deflateRefused: [Scenario] {
    let good = "permessage-deflate; server_no_context_takeover; server_max_window_bits=10"
    let answers: [(String, String, String, String)] = [
      ("unknown-parameter", "7.1", "with an unknown parameter", "\(good); max_window_bits"),
      ("unknown-parameter-value", "7.1", "with an unknown parameter that has a value", "\(good); level=9"),
      (
        "unknown-parameter-first", "7.1", "with an unknown parameter before the known ones",
        "permessage-deflate; x; \(parameters)"
      ),
      (
        "server-context-twice", "7.1", "with server_no_context_takeover twice",
        "\(good); server_no_context_takeover"
      ),
      (
        "server-window-twice", "7.1", "with the same server_max_window_bits twice",
        "\(good); server_max_window_bits=10"
      ),
      (
        "server-window-two-values", "7.1", "with two different values of server_max_window_bits",
        "\(good); server_max_window_bits=9"
      ),
      (
        "client-context-twice", "7.1", "with client_no_context_takeover twice",
        "\(good); client_no_context_takeover; client_no_context_takeover"
      ),
      (
        "server-context-value", "7.1.1.1", "with a value of server_no_context_takeover",
        "permessage-deflate; server_no_context_takeover=1; server_max_window_bits=10"
      ),
      (
        "server-context-true", "7.1.1.1", "with server_no_context_takeover in quotes set to true",
        "permessage-deflate; server_no_context_takeover=\"true\"; server_max_window_bits=10"
      ),
      (
        "client-context-value", "7.1.1.2", "with a value of client_no_context_takeover",
        "\(good); client_no_context_takeover=0"
      ),
      (
        "client-window-no-value", "7.1.2.2", "with client_max_window_bits without a value",
        "\(good); client_max_window_bits"
      ),
      ("client-window-7", "7.1.2.2", "with a client's window of 7 bits", "\(good); client_max_window_bits=7"),
      (
        "client-window-16", "7.1.2.2", "with a client's window of 16 bits",
        "\(good); client_max_window_bits=16"
      ),
      (
        "client-window-010", "7.1.2.2", "with a client's window of 010 bits",
        "\(good); client_max_window_bits=010"
      ),
      (
        "client-window-word", "7.1.2.2", "with a client's window of ten bits, in letters",
        "\(good); client_max_window_bits=ten"
      ),
    ]
    for (slug, section, words, value) in answers {
      refusedAnswer(slug, section, "Accepts the offer \(words).", value)
    }
    for (slug, value) in serverWindows {
      let words = value.isEmpty ? "without a value" : "with the value \(value.dropFirst())"
      refusedAnswer(
        "server-window-\(slug)", "7.1.2.1", "Accepts the offer with server_max_window_bits \(words).",
        "permessage-deflate; server_no_context_takeover; server_max_window_bits\(value)")
    }
    for (slug, words, value) in [
      ("twice", "twice in one header", "\(good), \(good)"),
      (
        "twice-differently", "twice, with different parameters",
        "\(good), permessage-deflate; \(otherParameters)"
      ),
    ] {
      refusedAnswer(slug, "5", "Accepts the offer \(words).", value)
    }
    refused(
      "twice-in-two-headers", "RFC 7692 5", "Accepts the offer twice, in two headers.", client: .compressing,
      response: .edited(
        .add(name: "Sec-WebSocket-Extensions", value: good),
        .add(name: "Sec-WebSocket-Extensions", value: good)))
    for (slug, words, value) in [
      ("other-extension", "an extension that nobody offered", "x-webkit-deflate-frame"),
      (
        "other-extension-beside", "the offer, and beside it an extension that nobody offered",
        "\(good), x-other"
      ),
      (
        "other-extension-before", "an extension that nobody offered, and behind it the offer",
        "x-other, \(good)"
      ),
      ("bzip2", "permessage-bzip2, which nobody offered", "permessage-bzip2"),
    ] {
      refusedAnswer(slug, nil, "Accepts \(words).", value)
    }
  }

  private static let parameters = "server_no_context_takeover; server_max_window_bits=10"
  private static let otherParameters = "server_no_context_takeover; server_max_window_bits=9"

  /// Values that are no number from 8 to 15 without leading zeroes.
  private static let serverWindows = [
    ("no-value", ""), ("7", "=7"), ("0", "=0"), ("16", "=16"), ("negative", "=-9"), ("09", "=09"),
    ("plus", "=+9"),
    ("hexadecimal", "=0xA"), ("fraction", "=10.0"), ("word", "=ten"), ("huge", "=4294967306"),
  ]

  /// The section is one of RFC 7692; without one it is section 9.1 of RFC 6455.
  private static func refusedAnswer(
    _ slug: String, _ section: String?, _ description: String, _ value: String
  ) -> Scenario {
    refused(
      "refused-\(slug)", section.map { Rule("RFC 7692 \($0)", .must) } ?? "9.1", description,
      client: .compressing,
      response: .edited(.set(name: "Sec-WebSocket-Extensions", value: value)))
  }

  /// Answers that fit some offers and not others: the judge decides by what this client offered.
  @ListBuilder<Scenario> static var deflateRefusedByOffer: [Scenario] {
    let expectation = "Takes the connection where its offer permits this answer, otherwise fails it."
    answered(
      "fits-no-parameters", "RFC 7692 7.1", "Accepts the offer with no parameters at all.",
      "permessage-deflate", expectation
    ) {
      DeflateAnswer()
    }
    for bits in [9, 15] {
      answered(
        "fits-client-window-\(bits)", "RFC 7692 7.1.2.2",
        "Asks for a client's window of \(bits) bits, offered or not.",
        "permessage-deflate; \(parameters); client_max_window_bits=\(bits)", expectation
      ) {
        DeflateAnswer(serverNoContextTakeover: true, serverMaxWindowBits: 10, clientMaxWindowBits: bits)
      }
    }
    for bits in [9, 15] {
      answered(
        "fits-server-window-\(bits)", "RFC 7692 7.1.2.1",
        "Accepts the offer with a server's window of \(bits) bits, whatever was asked for.",
        "permessage-deflate; server_no_context_takeover; server_max_window_bits=\(bits)", expectation
      ) {
        DeflateAnswer(serverNoContextTakeover: true, serverMaxWindowBits: bits)
      }
    }
    answered(
      "fits-server-context", "RFC 7692 7.1.1.1",
      "Accepts the offer with a context of the server's, whatever was asked for.",
      "permessage-deflate; server_max_window_bits=10", expectation
    ) {
      DeflateAnswer(serverMaxWindowBits: 10)
    }
  }
}
