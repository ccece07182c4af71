import Steps

extension Catalogue {
  /// What servers answer, and what clients ask (RFC 6455 sections 3, 4.1 and 4.2.2).
  @ListBuilder<Scenario> static var openingHandshake: [Scenario] {
    openingAccept
    openingUpgrade
    openingExtensions
    openingSubprotocols
    openingStatus
    openingStatusLine
    openingHeaderSyntax
    openingHeadSize
    openingCutShort
    openingRequest
    openingTargets
  }

  /// The proof that the server read the key.
  @ListBuilder<Scenario> private static var openingAccept: [Scenario] {
    refused(
      "accept-missing", "4.1", "Answers without Sec-WebSocket-Accept.",
      response: .edited(.remove(name: "Sec-WebSocket-Accept")))
    refused(
      "accept-empty", "4.1", "Answers with an empty Sec-WebSocket-Accept.",
      response: .edited(.set(name: "Sec-WebSocket-Accept", value: "")))
    refused(
      "accept-of-another-key", "4.1", "Answers with the Sec-WebSocket-Accept of the RFC's example key.",
      response: .edited(.set(name: "Sec-WebSocket-Accept", value: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")))
    refused(
      "accept-with-more", "4.1", "Answers with the right Sec-WebSocket-Accept and one letter more.",
      response: .head(switching, upgrade, connection, "Sec-WebSocket-Accept: {accept}A"))
    refused(
      "accept-as-another-header", "4.1", "Sends the right value under the name Sec-WebSocket-Acceptance.",
      response: .edited(.rename(name: "Sec-WebSocket-Accept", to: "Sec-WebSocket-Acceptance")))
    accepted(
      "accept-with-spaces", "4.1", "Surrounds the value of Sec-WebSocket-Accept with spaces and tabs.",
      "Ignores them and takes the connection as established.",
      response: .head(switching, upgrade, connection, "Sec-WebSocket-Accept: \t {accept} \t"))
    leftOpen(
      "accept-repeated", .may("11.3.3"), "Sends the right Sec-WebSocket-Accept twice.",
      response: .head(
        switching, upgrade, connection, "Sec-WebSocket-Accept: {accept}", "Sec-WebSocket-Accept: {accept}"))
    refused(
      "accept-right-and-wrong", .should("11.3.3"), "Sends a right and then a wrong Sec-WebSocket-Accept.",
      response: .head(
        switching, upgrade, connection, "Sec-WebSocket-Accept: {accept}",
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
  }

  /// The headers that say what is being switched to.
  @ListBuilder<Scenario> private static var openingUpgrade: [Scenario] {
    refused(
      "upgrade-missing", "4.1", "Answers without an Upgrade header.",
      response: .edited(.remove(name: "Upgrade")))
    for (slug, value) in [("other", "h2c"), ("longer", "websockets"), ("empty", "")] {
      refused(
        "upgrade-\(slug)", "4.1", "Answers with \"Upgrade: \(value)\".",
        response: .edited(.set(name: "Upgrade", value: value)))
    }
    for (slug, value) in [("mixed-case", "WebSocket"), ("upper-case", "WEBSOCKET")] {
      accepted(
        "upgrade-\(slug)", "4.1", "Answers with \"Upgrade: \(value)\".",
        "Compares without regard to case and takes the connection as established.",
        response: .edited(.set(name: "Upgrade", value: value)))
    }
    refused(
      "connection-missing", "4.1", "Answers without a Connection header.",
      response: .edited(.remove(name: "Connection")))
    for (slug, value) in [("close", "close"), ("longer", "Upgraded"), ("keep-alive", "keep-alive")] {
      refused(
        "connection-\(slug)", "4.1", "Answers with \"Connection: \(value)\".",
        response: .edited(.set(name: "Connection", value: value)))
    }
    let lists = [
      ("lower-case", "upgrade"), ("list-last", "keep-alive, Upgrade"), ("list-first", "upgrade,keep-alive"),
    ]
    for (slug, value) in lists {
      accepted(
        "connection-\(slug)", "4.1", "Answers with \"Connection: \(value)\".",
        "Finds the token without regard to case and takes the connection as established.",
        response: .edited(.set(name: "Connection", value: value)))
    }
    accepted(
      "connection-two-lines", .should("4.1"),
      "Answers with two Connection headers, of which the second says Upgrade.",
      "Reads them as one list and takes the connection as established.",
      response: .edited(
        .set(name: "Connection", value: "keep-alive"), .add(name: "Connection", value: "Upgrade")))
  }

  /// Extensions: this client asks for none.
  @ListBuilder<Scenario> private static var openingExtensions: [Scenario] {
    for name in ["permessage-deflate", "x-unknown; level=1"] {
      refused(
        "extension-unrequested-\(name.prefix { $0 != ";" })", "4.1",
        "Chooses the extension \"\(name)\", which the client did not ask for.",
        response: .edited(.add(name: "Sec-WebSocket-Extensions", value: name)))
    }
    leftOpen(
      "extension-empty", .may("9.1"), "Sends an empty Sec-WebSocket-Extensions header.",
      response: .edited(.add(name: "Sec-WebSocket-Extensions", value: "")))
  }

  /// Subprotocols: the server may choose one of those asked for, or none.
  @ListBuilder<Scenario> private static var openingSubprotocols: [Scenario] {
    let asking = ClientScript([.connect(ConnectStep(subprotocols: ["chat", "superchat"])), .echo()])
    let asked = Expected(request: RequestExpectation(subprotocols: ["chat", "superchat"]))
    refused(
      "subprotocol-unrequested", "4.1", "Chooses a subprotocol although the client asked for none.",
      response: .edited(.subprotocol("chat")))
    for name in ["chat", "superchat"] {
      accepted(
        "subprotocol-\(name)", "4.1", "Chooses the subprotocol \(name) of the two asked for.",
        "Takes the connection as established, with that subprotocol.", client: asking, expected: asked,
        response: .edited(.subprotocol(name)))
    }
    accepted(
      "subprotocol-none", "4.1", "Chooses none of the subprotocols asked for.",
      "Takes the connection as established, without a subprotocol.", client: asking, expected: asked,
      response: .accept())
    refused(
      "subprotocol-other", "4.1", "Chooses a subprotocol other than the two asked for.", client: asking,
      response: .edited(.subprotocol("mqtt")))
    leftOpen(
      "subprotocol-case", .may("4.1"), "Chooses \"Chat\" where the client asked for \"chat\".",
      client: asking,
      response: .edited(.subprotocol("Chat")))
    leftOpen(
      "subprotocol-repeated", .may("11.3.4"), "Sends the chosen subprotocol in two headers.", client: asking,
      response: .edited(
        .add(name: "Sec-WebSocket-Protocol", value: "chat"),
        .add(name: "Sec-WebSocket-Protocol", value: "chat")))
  }

  static let switching = "HTTP/1.1 101 Switching Protocols"
  static let upgrade = "Upgrade: websocket"
  static let connection = "Connection: Upgrade"
  static let accept = "Sec-WebSocket-Accept: {accept}"
}
