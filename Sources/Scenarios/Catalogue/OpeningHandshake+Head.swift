import Steps
import WebSocketProtocol

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
      "header-obs-text", .quality("4.1"), "Sends a header whose value has bytes above 127 that are no UTF-8.",
      "Passes over the bytes and takes the connection as established.",
      response: .raw(.bytes(headBytes("X-Name: caf", [0xE9, 0xFF, 0x80]))))
    openingHeaderNames
    openingHeaderDisputes
    openingHeaderSmuggling
  }

  /// Names that look like others.
  @ListBuilder<Scenario> private static var openingHeaderNames: [Scenario] {
    accepted(
      "header-names-canonical", "4.1", "Writes Sec-Websocket-Accept, as some libraries write all names.",
      "Compares names without regard to case and takes the connection as established.",
      response: .edited(.rename(name: "Sec-WebSocket-Accept", to: "Sec-Websocket-Accept")))
    accepted(
      "header-names-similar", "4.1",
      "Sends headers whose names begin or end like the three, with other values.",
      "Tells them apart and takes the connection as established.",
      response: .head(
        switching, "Upgrade-Insecure-Requests: 1", "X-Upgrade: h2c", upgrade, "Connection-Id: close",
        "Proxy-Connection: close", connection, "Sec-WebSocket-Accept-Hash: none", accept))
    accepted(
      "header-utf8", .quality("4.1"), "Sends a header whose value has letters beyond ASCII, as UTF-8.",
      "Passes over the bytes and takes the connection as established.",
      response: .edited(.add(name: "X-Name", value: "café 東京")))
  }

  /// Lines that a lax parser takes for headers, though they are none or parts of others: the three are not all there.
  @ListBuilder<Scenario> private static var openingHeaderSmuggling: [Scenario] {
    refused(
      "header-folded-away", "4.1",
      "Sends \"Upgrade: websocket\" only as the continuation of another header's line.",
      response: .head(switching, connection, "X-Folded: one", " \(upgrade)", accept))
    refused(
      "header-behind-bare-cr", "4.1",
      "Sends \"Upgrade: websocket\" only behind a CR in another header's value.",
      response: .head(switching, connection, "X-Cut: one\r\(upgrade)", accept))
    refused(
      "header-behind-nul", "4.1", "Sends \"Upgrade: websocket\" only behind a NUL in another header's value.",
      response: .head(switching, connection, "X-Cut: one\u{0}\(upgrade)", accept))
    refused(
      "header-in-content", "4.1",
      "Sends \"Upgrade: websocket\" only behind the empty line that ends the head.",
      response: .head(switching, connection, accept, after: "\(upgrade)\r\n\r\n"))
    refused(
      "header-first-line-only", "4.1", "Sends the three headers without a status line.",
      response: .head(upgrade, connection, accept))
    refused(
      "head-empty", "4.1", "Sends an empty line and nothing else for a head.", response: .raw("\r\n\r\n"))
  }

  /// What the standards call wrong without saying what a client does about it.
  @ListBuilder<Scenario> private static var openingHeaderDisputes: [Scenario] {
    let line =
      "The line breaks the grammar of RFC 7230 section 3.2, and section 4.1 of RFC 6455 does not say what a client does about it: passing over the line and refusing the head are both allowed."
    let fold =
      "RFC 7230 section 3.2.4 forbids servers to fold lines, and has recipients other than proxies either refuse them or read the fold as blanks."
    let end =
      "RFC 7230 section 3.5 lets a recipient take such a line end or empty line for what was meant, and does not ask it to: taking and refusing are both allowed."
    leftOpen(
      "header-folded", .may("4.1"), "Folds the value of an unrelated header over two lines.",
      because: fold, response: .head(switching, upgrade, connection, "X-Folded: one,", "  two", accept))
    leftOpen(
      "header-folded-connection", .may("4.1"), "Folds the value of Connection over two lines.",
      because: fold, response: .head(switching, upgrade, "Connection: keep-alive,", "\tUpgrade", accept))
    leftOpen(
      "header-space-before-colon", .may("4.1"), "Writes a space before the colon of Upgrade.",
      because: line, response: .head(switching, "Upgrade : websocket", connection, accept))
    leftOpen(
      "header-without-colon", .may("4.1"), "Sends a header line without a colon.",
      because: line, response: .head(switching, upgrade, connection, "this is no header", accept))
    leftOpen(
      "header-without-name", .may("4.1"), "Sends a header line that begins with its colon.",
      because: line, response: .head(switching, upgrade, connection, ": nameless", accept))
    leftOpen(
      "header-nul", .may("4.1"), "Sends a header whose value has a NUL byte.",
      because: line, response: .raw(.bytes(headBytes("X-Nul: a", [0x00, 0x62]))))
    leftOpen(
      "line-ends-bare-lf", .may("4.1"), "Ends the lines of the head with LF alone.",
      because: end, response: .head(switching, upgrade, connection, accept, lineEnd: "\n"))
    leftOpen(
      "empty-line-first", .may("4.1"), "Sends an empty line before the status line.",
      because: end, response: .head("", switching, upgrade, connection, accept))
    leftOpen(
      "header-folded-accept", .may("4.1"), "Folds the line of Sec-WebSocket-Accept before its value.",
      because: fold, response: .head(switching, upgrade, connection, "Sec-WebSocket-Accept:", " {accept}"))
    leftOpen(
      "header-space-in-name", .may("4.1"), "Sends a header whose name has a blank in it.", because: line,
      response: .head(switching, upgrade, connection, "X Name: value", accept))
    leftOpen(
      "header-delete-character", .may("4.1"), "Sends a header whose value has a DEL character.",
      because: line,
      response: .head(switching, upgrade, connection, "X-Name: a\u{7F}b", accept))
    leftOpen(
      "line-end-bare-lf-once", .may("4.1"), "Ends one line of the head with LF alone, the others with CR LF.",
      because: end, response: .head(switching, "\(upgrade)\n\(connection)", accept))
    leftOpen(
      "last-line-end-bare-lf", .may("4.1"),
      "Ends the lines with CR LF, and the empty line that ends the head with LF.",
      because: end,
      response: .raw(.text([switching, upgrade, connection, accept, "\n"].joined(separator: "\r\n"))))
    refused(
      "line-ends-bare-cr", "4.1", "Ends the lines of the head with CR alone, so that it never ends.",
      response: .head(switching, upgrade, connection, accept, lineEnd: "\r"))
  }

  /// The value that makes the lawful head and one more header, named X, that many bytes long. Sec-WebSocket-Accept has 28.
  private static func headFiller(upTo size: Int) -> String {
    let head = [switching, upgrade, connection, "Sec-WebSocket-Accept: ", "X: ", "", ""].joined(
      separator: "\r\n")
    return String(repeating: "x", count: size - head.utf8.count - 28)
  }

  /// A lawful head with one more line, which ends in bytes that a Swift string cannot hold.
  private static func headBytes(_ line: String, _ tail: [UInt8]) -> [UInt8] {
    let lines = [switching, upgrade, connection, accept, line].joined(separator: "\r\n")
    return Array(lines.utf8) + tail + Array("\r\n\r\n".utf8)
  }

  /// Heads longer than usual. No limit is in the RFC; what a client cannot hold it must refuse.
  @ListBuilder<Scenario> static var openingHeadSize: [Scenario] {
    let size =
      "No RFC bounds a head; RFC 7230 section 3.2.5 leaves the limit to the recipient. A client may take the head, or refuse it for its size."
    accepted(
      "head-cookie-1000", .quality("4.1"), "Sends a header of 1000 bytes, as a session cookie may be.",
      deliveries: .notBytewise,
      response: .edited(.add(name: "Set-Cookie", value: "session=" + String(repeating: "c", count: 992))))
    accepted(
      "head-30-headers", .quality("4.1"), "Sends thirty headers besides the three.", deliveries: .notBytewise,
      response: .accept(edits: (1...30).map { .add(name: "X-Header-\($0)", value: "value \($0)") }))
    leftOpen(
      "head-line-8192", .quality("4.1"), "Sends one header of 8192 bytes.",
      "Takes the connection, or refuses it for the size of the head.", because: size,
      deliveries: .notBytewise,
      response: .edited(.add(name: "X-Long", value: String(repeating: "l", count: 8192))))
    leftOpen(
      "head-64-headers", .quality("4.1"), "Sends sixty-four headers, some 12 KiB in all.",
      "Takes the connection, or refuses it for the size of the head.", because: size,
      deliveries: .notBytewise,
      response: .accept(
        edits: (1...64).map {
          .add(name: "X-Header-\($0)", value: String(repeating: "value \($0) ", count: 20))
        }))
    for size in [256, 512, 1024] {
      lawful(
        "head-exactly-\(size)", "4.1",
        "Sends a head of exactly \(size) bytes, with a text frame in the same write.",
        "Finds the end of the head where its buffer ends, and delivers the message.", deliveries: .wholeOnly
      ) {
        ServerStep.respond(
          .add(name: "X", value: headFiller(upTo: size)), .append(.bytes(glued(.text, "at once"))))
        ServerStep.expectText("at once")
      }
    }
    accepted(
      "head-4000", .quality("4.1"), "Sends a head of 4000 bytes in four headers.", deliveries: .notBytewise,
      response: .accept(
        edits: (1...4).map { .add(name: "Set-Cookie", value: "c\($0)=" + String(repeating: "c", count: 940)) }
      ))
    refused(
      "head-endless-lines", .quality("4.1"), "Sends 24 KiB of short headers, of which none is the last.",
      "Gives up instead of filling its memory.", deliveries: .unpaused,
      response: .raw(.text("\(switching)\r\n" + String(repeating: "X-Endless: again\r\n", count: 1366))))
    refused(
      "head-endless-status-line", .quality("4.1"), "Sends 24 KiB of a status line that never ends.",
      "Gives up instead of filling its memory.", deliveries: .unpaused,
      response: .raw(.text("\(switching) " + String(repeating: "e", count: 24 << 10))))
    refused(
      "head-endless", .quality("4.1"), "Sends 24 KiB of a header line that never ends.",
      "Gives up instead of filling its memory.", deliveries: .unpaused,
      response: .raw(.text("\(switching)\r\nX-Endless: " + String(repeating: "e", count: 24 << 10))))
  }
}
