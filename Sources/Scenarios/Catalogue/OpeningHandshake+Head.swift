import Steps

extension Catalogue {
  /// How header lines may and may not be written (RFC 7230 section 3.2, which RFC 6455 section 4.1 builds on).
  @ListBuilder<Scenario> static var openingHeaderSyntax: [Scenario] {
    for (slug, change) in [("lower", { $0.lowercased() }), ("upper", { $0.uppercased() })]
      as [(String, (String) -> String)]
    {
      accepted(
        "header-names-\(slug)-case", "4.1", "Writes all header names in \(slug) case.",
        "Compares names without regard to case and takes the connection as established.",
        response: .accept(
          edits: ["Upgrade", "Connection", "Sec-WebSocket-Accept"].map { .rename(name: $0, to: change($0)) }))
    }
    accepted(
      "header-without-space", "4.1", "Writes no space after the colons.",
      response: .head(switching, "Upgrade:websocket", "Connection:Upgrade", "Sec-WebSocket-Accept:{accept}"))
    accepted(
      "header-with-tabs", "4.1", "Writes tabs and spaces around the values.",
      response: .head(
        switching, "Upgrade:\t websocket \t", "Connection: \tUpgrade\t", "Sec-WebSocket-Accept:   {accept}  ")
    )
    accepted(
      "header-order-reversed", "4.1", "Sends the three headers in the opposite order.",
      response: .head(switching, accept, connection, upgrade))
    accepted(
      "header-others", "4.1", "Sends headers that are none of the client's business, some of them twice.",
      response: .edited(
        .add(name: "Date", value: "Sun, 22 Nov 2026 22:00:00 GMT"), .add(name: "Server", value: "a/1 (b; c)"),
        .add(name: "Set-Cookie", value: "a=1; Path=/"), .add(name: "Set-Cookie", value: "b=2; Secure"),
        .add(name: "Vary", value: "Origin, Cookie")))
    accepted(
      "header-empty-value", "4.1", "Sends a header without a value.",
      response: .edited(.add(name: "X-Empty", value: "")))
    accepted(
      "header-value-with-colons", "4.1", "Sends a header whose value looks like another header.",
      response: .edited(.add(name: "X-Quoted", value: "Upgrade: h2c, \"Connection: close\"")))
    accepted(
      "header-obs-text", .should("4.1"), "Sends a header whose value has bytes above 127 that are no UTF-8.",
      "Passes over the bytes and takes the connection as established.",
      response: .raw(.bytes(headBytes("X-Name: caf", [0xE9, 0xFF, 0x80]))))
    openingHeaderPieces
    openingHeaderDisputes
  }

  /// TCP may cut a head anywhere. The pause is longer than a client takes that polls after each line, so that the pieces come in reads
  /// of their own; each cut is where a client that takes what a read gives for a line is led astray.
  @ListBuilder<Scenario> private static var openingHeaderPieces: [Scenario] {
    let start = "\(switching)\r\n\(accept)\r"
    let cuts = [
      (
        "in-line-end", "between CR and LF of a header line", start,
        "\n\(upgrade)\r\n\(connection)\r\n\r\n"
      ),
      (
        "in-header", "inside the name of a header", "\(start)\nUp",
        "grade: websocket\r\n\(connection)\r\n\r\n"
      ),
      (
        "before-last-lf", "between CR and LF of the empty line that ends it",
        "\(start)\n\(upgrade)\r\n\(connection)\r\n\r", "\n"
      ),
    ]
    for (slug, place, first, rest) in cuts {
      lawful(
        "head-in-pieces-\(slug)", "4.1", "Sends its response head in two pieces, cut \(place).",
        "Puts the pieces together and takes the connection as established.", deliveries: .wholeOnly
      ) {
        ServerStep.respond(.raw(.text(first)))
        ServerStep.pause(milliseconds: 50)
        ServerStep.sendBytes(.text(rest))
        echo("hello")
      }
    }
  }

  /// What the standards call wrong without saying what a client does about it.
  @ListBuilder<Scenario> private static var openingHeaderDisputes: [Scenario] {
    leftOpen(
      "header-folded", .may("4.1"), "Folds the value of an unrelated header over two lines.",
      response: .head(switching, upgrade, connection, "X-Folded: one,", "  two", accept))
    leftOpen(
      "header-folded-connection", .may("4.1"), "Folds the value of Connection over two lines.",
      response: .head(switching, upgrade, "Connection: keep-alive,", "\tUpgrade", accept))
    leftOpen(
      "header-space-before-colon", .may("4.1"), "Writes a space before the colon of Upgrade.",
      response: .head(switching, "Upgrade : websocket", connection, accept))
    leftOpen(
      "header-without-colon", .may("4.1"), "Sends a header line without a colon.",
      response: .head(switching, upgrade, connection, "this is no header", accept))
    leftOpen(
      "header-without-name", .may("4.1"), "Sends a header line that begins with its colon.",
      response: .head(switching, upgrade, connection, ": nameless", accept))
    leftOpen(
      "header-nul", .may("4.1"), "Sends a header whose value has a NUL byte.",
      response: .raw(.bytes(headBytes("X-Nul: a", [0x00, 0x62]))))
    leftOpen(
      "line-ends-bare-lf", .may("4.1"), "Ends the lines of the head with LF alone.",
      response: .head(switching, upgrade, connection, accept, lineEnd: "\n"))
    leftOpen(
      "empty-line-first", .may("4.1"), "Sends an empty line before the status line.",
      response: .head("", switching, upgrade, connection, accept))
    refused(
      "line-ends-bare-cr", "4.1", "Ends the lines of the head with CR alone, so that it never ends.",
      response: .head(switching, upgrade, connection, accept, lineEnd: "\r"))
  }

  /// A lawful head with one more line, which ends in bytes that a Swift string cannot hold.
  private static func headBytes(_ line: String, _ tail: [UInt8]) -> [UInt8] {
    let lines = [switching, upgrade, connection, accept, line].joined(separator: "\r\n")
    return Array(lines.utf8) + tail + Array("\r\n\r\n".utf8)
  }

  /// Heads longer than usual. No limit is in the RFC; what a client cannot hold it must refuse.
  @ListBuilder<Scenario> static var openingHeadSize: [Scenario] {
    accepted(
      "head-cookie-1000", .quality("4.1"), "Sends a header of 1000 bytes, as a session cookie may be.",
      deliveries: .notBytewise,
      response: .edited(.add(name: "Set-Cookie", value: "session=" + String(repeating: "c", count: 992))))
    accepted(
      "head-30-headers", .quality("4.1"), "Sends thirty headers besides the three.", deliveries: .notBytewise,
      response: .accept(edits: (1...30).map { .add(name: "X-Header-\($0)", value: "value \($0)") }))
    leftOpen(
      "head-line-8192", .quality("4.1"), "Sends one header of 8192 bytes.",
      "Takes the connection, or refuses it for the size of the head.", deliveries: .notBytewise,
      response: .edited(.add(name: "X-Long", value: String(repeating: "l", count: 8192))))
    leftOpen(
      "head-64-headers", .quality("4.1"), "Sends sixty-four headers, some 12 KiB in all.",
      "Takes the connection, or refuses it for the size of the head.", deliveries: .notBytewise,
      response: .accept(
        edits: (1...64).map {
          .add(name: "X-Header-\($0)", value: String(repeating: "value \($0) ", count: 20))
        }))
    refused(
      "head-endless", .quality("4.1"), "Sends 24 KiB of a header line that never ends.",
      "Gives up instead of filling its memory.", deliveries: .unpaused,
      response: .raw(.text("\(switching)\r\nX-Endless: " + String(repeating: "e", count: 24 << 10))))
  }

  /// Responses that end before they are complete.
  @ListBuilder<Scenario> static var openingCutShort: [Scenario] {
    let whole = [switching, upgrade, connection, accept].joined(separator: "\r\n")
    let cuts = [
      ("at-once", "before the first byte of its response", ""),
      ("in-status-line", "inside the status line", "HTTP/1.1 101 Swi"),
      ("after-status-line", "behind the status line", "\(switching)\r\n"),
      ("in-header", "inside a header", "\(switching)\r\n\(upgrade)\r\nConn"),
      ("after-headers", "behind the last header", "\(whole)\r\n"),
      ("before-last-lf", "one byte before the end of the head", "\(whole)\r\n\r"),
    ]
    for (slug, place, head) in cuts {
      refused("end-\(slug)", "4.1", "Ends the stream \(place).", response: .raw(.text(head)))
    }
    for (slug, place, head) in cuts where slug == "at-once" || slug == "in-header" {
      reset("reset-\(slug)", "Resets the connection \(place).", head)
    }
    refused(
      "frame-in-place-of-head", "4.1", "Sends a frame at once, without any response.",
      response: .raw([0x81, 0x05, 0x68, 0x65, 0x6C, 0x6C, 0x6F]))
    refused(
      "other-protocol", "4.1", "Speaks another protocol, as a mail server would.",
      response: .raw("220 mail.example.com ESMTP ready\r\n"))
  }

  private static func reset(_ slug: String, _ description: String, _ head: String) -> Scenario {
    var scenario = refused(slug, "4.1", description, response: .raw(.text(head)))
    scenario.server.connections[0].steps = [.respond(.raw(.text(head))), .resetTCP]
    return scenario
  }
}
