import Steps

extension Catalogue {
  /// What an application, or whoever it got its data from, must not bring onto the wire through the client: lines of its own, a
  /// second request, a request that is none (RFC 6455 section 4.1, item 1: a valid HTTP request).
  @ListBuilder<Scenario> static var openingHostileInput: [Scenario] {
    hostileValues
    hostileNames
    hostileTargets
    hostileSubprotocols
    hostileOwnHeaders
  }

  private static let refusesLine = "Refuses it, or sends no line that the application did not mean to be one."
  private static let refuses = "Refuses it, or makes a lawful request of it."

  @ListBuilder<Scenario> private static var hostileValues: [Scenario] {
    let values = [
      ("crlf", "CR LF and another header", "1\r\nX-Evil: 1"), ("lf", "LF and another header", "1\nX-Evil: 1"),
      ("cr", "CR and another header", "1\rX-Evil: 1"),
      ("crlf-first", "CR LF at its beginning", "\r\nX-Evil: 1"),
      ("fold", "CR LF and a blank", "1\r\n X-Evil: 1"),
      ("request", "an empty line and a second request", "1\r\n\r\nGET /evil HTTP/1.1"),
    ]
    for (slug, what, value) in values {
      guarded(
        "injection-value-\(slug)", "4.1",
        "Is opened by an application that adds a header whose value holds \(what).",
        refusesLine, connect: ConnectStep(headers: [.init("X-Given", value)]))
    }
    guarded(
      "injection-value-nul", "4.1",
      "Is opened by an application that adds a header whose value holds a NUL byte.",
      refuses, connect: ConnectStep(headers: [.init("X-Given", "a\u{0}b")]))
  }

  @ListBuilder<Scenario> private static var hostileNames: [Scenario] {
    let names = [
      ("crlf", "a CR LF and another header in it", "X-Evil: 1\r\nX-Given"),
      ("blank", "a blank in it", "X Given"),
      ("empty", "no character", ""), ("non-ascii", "a letter beyond ASCII", "X-Gïven"),
    ]
    for (slug, what, name) in names {
      guarded(
        "injection-name-\(slug)", "4.1",
        "Is opened by an application that adds a header whose name has \(what).",
        slug == "crlf" ? refusesLine : refuses, connect: ConnectStep(headers: [.init(name, "given")]))
    }
  }

  @ListBuilder<Scenario> private static var hostileTargets: [Scenario] {
    let targets = [
      ("path-crlf", "CR LF and a header in its path", "/{token}/a\r\nX-Evil: 1"),
      (
        "path-request", "the end of a request and a second one in its path",
        "/{token} HTTP/1.1\r\n\r\nGET /evil"
      ),
      ("path-lf", "LF and a header in its path", "/{token}/a\nX-Evil: 1"),
      ("query-crlf", "CR LF and a header in its query", "/{token}?a=1\r\nX-Evil: 1"),
      ("path-blank", "a blank in its path", "/{token}/a b"),
      ("query-blank", "a blank in its query", "/{token}?a=b c"),
      ("path-tab", "a tab in its path", "/{token}/a\tb"),
      ("path-nul", "a NUL in its path", "/{token}/a\u{0}b"),
      ("path-delete", "a DEL in its path", "/{token}/a\u{7F}b"),
    ]
    for (slug, what, target) in targets {
      guarded(
        "injection-\(slug)", "3", "Is opened by a URL with \(what).",
        target.contains("\r") || target.contains("\n") ? refusesLine : refuses,
        connect: ConnectStep(target: target))
    }
  }

  @ListBuilder<Scenario> private static var hostileSubprotocols: [Scenario] {
    let lists = [
      ("crlf", "one with CR LF and a header", ["chat\r\nX-Evil: 1"]),
      ("blank", "one with a blank", ["chat room"]),
      ("separator", "one with a separator", ["chat;v=1"]), ("empty", "one without a name", ["chat", ""]),
      ("twice", "one of them twice", ["chat", "superchat", "chat"]),
      ("non-ascii", "one with a letter beyond ASCII", ["chät"]),
    ]
    for (slug, what, names) in lists {
      guarded(
        "injection-subprotocol-\(slug)", "4.1",
        "Is opened by an application that asks for subprotocols, \(what).",
        slug == "crlf" ? refusesLine : refuses, connect: ConnectStep(subprotocols: names))
    }
  }

  /// Headers that are the client's own business: the application's must not take their place or stand beside them.
  @ListBuilder<Scenario> private static var hostileOwnHeaders: [Scenario] {
    let headers = [
      ConnectStep.HeaderField("Sec-WebSocket-Key", "AAAA"), .init("Sec-WebSocket-Version", "8"),
      .init("Upgrade", "h2c"), .init("Connection", "close"), .init("Host", "other.example"),
      .init("Content-Length", "5"), .init("Transfer-Encoding", "chunked"),
    ]
    for field in headers {
      guarded(
        "request-own-\(field.name.lowercased())", .quality("4.1"),
        "Is opened by an application that adds \"\(field.name): \(field.value)\".",
        "Refuses it, or sends a request that is valid all the same.", connect: ConnectStep(headers: [field])
      ).disputed(Dispute.ownHeader)
    }
  }
}
