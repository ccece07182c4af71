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
    openingPieces
    openingGlued
    openingCutShort
    openingRequest
    openingRequestHeaders
    openingHostileInput
    openingTargets
    openingURLs
    openingUnlawfulURLs
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
      because:
        "Section 11.3.3 forbids a server to repeat the header, and section 4.1 does not list a repetition among the reasons to fail: refusing it and taking the value, which is right, are both allowed.",
      response: .head(
        switching, upgrade, connection, "Sec-WebSocket-Accept: {accept}", "Sec-WebSocket-Accept: {accept}"))
    let wrong = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    refused(
      "accept-right-and-wrong", .quality("11.3.3"), "Sends a right and then a wrong Sec-WebSocket-Accept.",
      response: .head(switching, upgrade, connection, accept, wrong))
    refused(
      "accept-wrong-and-right", .quality("11.3.3"), "Sends a wrong and then a right Sec-WebSocket-Accept.",
      response: .head(switching, upgrade, connection, wrong, accept))
    refused(
      "accept-in-another-header", "4.1", "Sends the right value under the name X-Sec-WebSocket-Accept.",
      response: .edited(.rename(name: "Sec-WebSocket-Accept", to: "X-Sec-WebSocket-Accept")))
    refused(
      "accept-in-reason-phrase", "4.1", "Sends the right value in the reason phrase and in no header.",
      response: .head("\(switching) \(accept)", upgrade, connection))
    openingAcceptForms
  }

  /// Values that come near the right one, each of which some lax comparison takes for it.
  @ListBuilder<Scenario> private static var openingAcceptForms: [Scenario] {
    let forms: [(slug: String, form: AcceptForm, value: String)] = [
      ("lower-case", .lowerCase, "the right value in lower case"),
      ("url-safe", .urlSafe, "the right value in the URL-safe alphabet, which has no padding"),
      ("unpadded", .unpadded, "the right value without its padding"),
      ("overpadded", .overpadded, "the right value and one more ="),
      ("quoted", .quoted, "the right value in quotation marks"),
      ("blank-inside", .blankInside, "the right value with a blank in its middle"),
      ("first-character", .firstCharacter, "the right value but for its first character"),
      ("last-character", .lastCharacter, "the right value but for its last character before the padding"),
      ("spare-bits", .spareBits, "another text that decodes to the same bytes as the right value"),
      ("first-half", .firstHalf, "the first half of the right value"),
      ("twice-in-a-list", .twice, "the right value twice in one list"),
      ("hexadecimal", .hexadecimal, "the right digest in hexadecimal digits"),
      ("without-guid", .withoutGUID, "the digest of the key without the GUID"),
      ("decoded-key", .decodedKey, "the digest of the decoded key and the GUID"),
      ("guid-lower-case", .lowerCaseGUID, "the digest of the key and the GUID in lower case"),
      ("key-itself", .key, "the client's own key"),
    ]
    for (slug, form, value) in forms {
      refused(
        "accept-\(slug)", "4.1", "Answers with \(value) in place of Sec-WebSocket-Accept's value.",
        response: .edited(.accept(form)))
    }
  }

  /// The headers that say what is being switched to.
  @ListBuilder<Scenario> private static var openingUpgrade: [Scenario] {
    refused(
      "upgrade-missing", "4.1", "Answers without an Upgrade header.",
      response: .edited(.remove(name: "Upgrade")))
    let others = [
      ("other", "h2c"), ("longer", "websockets"), ("empty", ""), ("version", "websocket/13"),
      ("list-first", "websocket, h2c"), ("list-last", "h2c, websocket"), ("kelvin-sign", "websoc\u{212A}et"),
    ]
    for (slug, value) in others {
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
      "upgrade-in-another-header", "4.1", "Sends websocket under the name X-Upgrade, and no Upgrade header.",
      response: .edited(.rename(name: "Upgrade", to: "X-Upgrade")))
    refused(
      "upgrade-in-reason-phrase", "4.1",
      "Sends \"Upgrade: websocket\" in the reason phrase and in no header.",
      response: .head("\(switching) \(upgrade)", connection, accept))
    refused(
      "upgrade-other-and-right", "4.1",
      "Answers with two Upgrade headers, of which the second says websocket.",
      response: .head(switching, "Upgrade: h2c", upgrade, connection, accept))
    leftOpen(
      "upgrade-repeated", .may("4.1"), "Sends \"Upgrade: websocket\" twice.",
      because:
        "RFC 7230 section 3.2.2 reads the two as the list \"websocket, websocket\", which is not the value that section 4.1 asks for; read one by one, both are. Taking and refusing are both allowed.",
      response: .head(switching, upgrade, upgrade, connection, accept))
    openingConnection
  }

  /// Connection is a list, in which one token has to be Upgrade.
  @ListBuilder<Scenario> private static var openingConnection: [Scenario] {
    refused(
      "connection-missing", "4.1", "Answers without a Connection header.",
      response: .edited(.remove(name: "Connection")))
    let others = [
      ("close", "close"), ("longer", "Upgraded"), ("keep-alive", "keep-alive"), ("empty", ""),
      ("prefixed", "X-Upgrade"), ("semicolon", "keep-alive; Upgrade"), ("quoted", "\"Upgrade\""),
      ("blank-between", "keep-alive Upgrade"),
    ]
    for (slug, value) in others {
      refused(
        "connection-\(slug)", "4.1", "Answers with \"Connection: \(value)\".",
        response: .edited(.set(name: "Connection", value: value)))
    }
    let lists = [
      ("lower-case", "upgrade"), ("mixed-case", "uPgRaDe"), ("list-last", "keep-alive, Upgrade"),
      ("list-first", "upgrade,keep-alive"), ("list-tabs", "keep-alive\t,\tUpgrade\t, x"),
      ("list-empty-elements", ", ,Upgrade,,"),
    ]
    for (slug, value) in lists {
      accepted(
        "connection-\(slug)", "4.1", "Answers with \"Connection: \(value.replacing("\t", with: "\\t"))\".",
        "Finds the token without regard to case and takes the connection as established.",
        response: .edited(.set(name: "Connection", value: value)))
    }
    accepted(
      "connection-list-long", "4.1", "Answers with a Connection header of 340 bytes that ends in Upgrade.",
      "Reads the whole list and takes the connection as established.",
      response: .edited(
        .set(name: "Connection", value: String(repeating: "x-hop-by-hop, ", count: 24) + "Upgrade")))
    accepted(
      "connection-two-lines", .quality("4.1"),
      "Answers with two Connection headers, of which the second says Upgrade.",
      "Reads them as one list and takes the connection as established.",
      response: .edited(
        .set(name: "Connection", value: "keep-alive"), .add(name: "Connection", value: "Upgrade")))
    accepted(
      "connection-two-lines-first", .quality("4.1"),
      "Answers with two Connection headers, of which the first says Upgrade.",
      "Reads them as one list and takes the connection as established.",
      response: .edited(.add(name: "Connection", value: "keep-alive")))
    leftOpen(
      "connection-close-too", .may("4.1"), "Answers with \"Connection: close, Upgrade\".",
      because:
        "The list has the token that section 4.1 asks for, and another one by which RFC 7230 section 6.6 announces the end of the connection, which makes no sense after a switch: taking and refusing are both allowed.",
      response: .edited(.set(name: "Connection", value: "close, Upgrade")))
  }

  /// Extensions: this client asks for none.
  @ListBuilder<Scenario> private static var openingExtensions: [Scenario] {
    for name in ["permessage-deflate", "x-unknown; level=1"] {
      refused(
        "extension-unrequested-\(name.prefix { $0 != ";" })", "4.1",
        "Chooses the extension \"\(name)\", which the client did not ask for.",
        response: .edited(.add(name: "Sec-WebSocket-Extensions", value: name)))
    }
    let others = [
      ("with-parameters", "permessage-deflate; server_max_window_bits=10; client_no_context_takeover"),
      ("several", "x-one, x-two; a=\"b, c\", permessage-deflate"), ("malformed", "=;,"),
    ]
    for (slug, value) in others {
      refused(
        "extension-\(slug)", "4.1",
        "Answers with \"Sec-WebSocket-Extensions: \(value)\", which nobody asked for.",
        response: .edited(.add(name: "Sec-WebSocket-Extensions", value: value)))
    }
    refused(
      "extension-in-second-header", "4.1",
      "Sends an empty Sec-WebSocket-Extensions header, then one with x-unknown.",
      response: .edited(
        .add(name: "Sec-WebSocket-Extensions", value: ""),
        .add(name: "Sec-WebSocket-Extensions", value: "x-unknown")))
    refused(
      "extension-lower-case-name", "4.1",
      "Sends \"sec-websocket-extensions: x-unknown\", which nobody asked for.",
      response: .edited(.add(name: "sec-websocket-extensions", value: "x-unknown")))
    leftOpen(
      "extension-empty", .may("9.1"), "Sends an empty Sec-WebSocket-Extensions header.",
      because: Dispute.emptyExtensions,
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
    openingSubprotocolForms
    leftOpen(
      "subprotocol-case", .may("4.1"), "Chooses \"Chat\" where the client asked for \"chat\".",
      because:
        "Section 4.1 fails a connection for a subprotocol that was not in the request, and says nowhere whether names are compared with regard to case; the registry of section 11.5 has them in many cases.",
      client: asking,
      response: .edited(.subprotocol("Chat")))
    leftOpen(
      "subprotocol-repeated", .may("11.3.4"), "Sends the chosen subprotocol in two headers.",
      because:
        "Section 11.3.4 forbids a server to send the header more than once, and section 4.1 does not list that among the reasons to fail: both headers name one that was asked for.",
      client: asking,
      response: .edited(
        .add(name: "Sec-WebSocket-Protocol", value: "chat"),
        .add(name: "Sec-WebSocket-Protocol", value: "chat")))
  }

  /// Choices that come near one of those asked for.
  @ListBuilder<Scenario> private static var openingSubprotocolForms: [Scenario] {
    let asking = { (names: String...) in
      ClientScript([.connect(ConnectStep(subprotocols: names)), .echo()])
    }
    let near = [
      ("longer", "chat", "chatter"), ("shorter", "superchat", "chat"), ("quoted", "chat", "\"chat\""),
      ("with-parameter", "chat", "chat; v=1"),
    ]
    for (slug, asked, chosen) in near {
      refused(
        "subprotocol-\(slug)", "4.1",
        "Chooses the subprotocol \(chosen) where the client asked for \(asked).",
        client: asking(asked), response: .edited(.subprotocol(chosen)))
    }
    refused(
      "subprotocol-list", "4.1", "Answers with a list of both subprotocols that the client asked for.",
      client: asking("chat", "superchat"), response: .edited(.subprotocol("chat, superchat")))
    refused(
      "subprotocol-both", .quality("11.3.4"), "Chooses both subprotocols asked for, in two headers.",
      client: asking("chat", "superchat"),
      response: .edited(
        .add(name: "Sec-WebSocket-Protocol", value: "chat"),
        .add(name: "Sec-WebSocket-Protocol", value: "superchat")))
    for (slug, name) in [
      ("lower-case-name", "sec-websocket-protocol"), ("blanks", "Sec-WebSocket-Protocol: \t"),
    ] {
      let text = slug == "blanks" ? "with blanks around it" : "under a header name in lower case"
      let line = slug == "blanks" ? "\(name) chat \t" : "\(name): chat"
      accepted(
        "subprotocol-\(slug)", "4.1", "Sends the chosen subprotocol \(text).",
        "Takes the connection as established, with that subprotocol.", client: asking("chat"),
        response: .head(switching, upgrade, connection, accept, line))
    }
    accepted(
      "subprotocol-token-characters", "4.1",
      "Chooses a subprotocol whose name has all kinds of characters of a token.",
      "Takes the connection as established, with that subprotocol.", client: asking("v1.0+json!#$%&'*-^_`|~"),
      response: .edited(.subprotocol("v1.0+json!#$%&'*-^_`|~")))
    leftOpen(
      "subprotocol-empty", .may("4.2.2"),
      "Answers with an empty Sec-WebSocket-Protocol where two were asked for.",
      because:
        "Section 4.2.2 says that the empty value is not the same as none and no lawful one, so that it may be refused as a subprotocol that was not asked for; it names none, so that it may be passed over.",
      client: asking("chat", "superchat"), response: .edited(.subprotocol("")))
  }

  static let switching = "HTTP/1.1 101 Switching Protocols"
  static let upgrade = "Upgrade: websocket"
  static let connection = "Connection: Upgrade"
  static let accept = "Sec-WebSocket-Accept: {accept}"
}
