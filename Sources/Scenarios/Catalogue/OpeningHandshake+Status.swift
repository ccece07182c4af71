import Steps
import WebSocketProtocol

extension Catalogue {
  /// Any status but 101 means that there is no WebSocket connection (RFC 6455 section 4.1).
  @ListBuilder<Scenario> static var openingStatus: [Scenario] {
    let statuses: [(code: Int, phrase: String, header: String?)] = [
      (199, "Miscellaneous", nil), (200, "OK", nil), (201, "Created", "Location: /elsewhere"),
      (204, "No Content", nil), (300, "Multiple Choices", nil),
      (301, "Moved Permanently", "Location: ws://127.0.0.1:9/"),
      (302, "Found", "Location: https://127.0.0.1:9/"),
      (303, "See Other", "Location: http://127.0.0.1:9/"), (304, "Not Modified", "ETag: \"1\""),
      (307, "Temporary Redirect", "Location: /elsewhere"),
      (308, "Permanent Redirect", "Location: //127.0.0.1:9/"),
      (400, "Bad Request", nil),
      (401, "Unauthorized", "WWW-Authenticate: Basic realm=\"board\""), (403, "Forbidden", nil),
      (404, "Not Found", nil),
      (407, "Proxy Authentication Required", "Proxy-Authenticate: Basic realm=\"proxy\""),
      (408, "Request Timeout", nil), (426, "Upgrade Required", "Sec-WebSocket-Version: 8, 7"),
      (429, "Too Many Requests", "Retry-After: 1"), (500, "Internal Server Error", nil),
      (503, "Service Unavailable", "Retry-After: 1"), (600, "Beyond", nil),
    ]
    for status in statuses {
      let fields = [status.header, "Content-Type: text/plain", "Content-Length: 6"].compactMap { $0 }
      let head = (["HTTP/1.1 \(status.code) \(status.phrase)"] + fields).joined(separator: "\r\n")
      let content = status.code == 204 || status.code == 304 ? "" : "sorry\n"
      refused(
        "status-\(status.code)", "4.1", "Answers with status \(status.code) and no upgrade.",
        response: .raw(.text("\(head)\r\n\r\n\(content)")))
    }
    refused(
      "status-200-with-upgrade", "4.1", "Answers with status 200 and otherwise all that a 101 has.",
      response: .edited(.statusLine("HTTP/1.1 200 OK")))
    refused(
      "status-404-with-content", "4.1", "Answers with status 404 and 2000 bytes of content.",
      deliveries: .notBytewise,
      response: .head(
        "HTTP/1.1 404 Not Found", "Content-Length: 2000",
        after: String(repeating: "<p>There is nothing here.", count: 80)))
    refused(
      "status-426-with-upgrade", "4.1", "Answers with status 426 and otherwise all that a 101 has.",
      response: .edited(.statusLine("HTTP/1.1 426 Upgrade Required")))
    refused(
      "status-302-without-location", "4.1", "Answers with status 302 and no Location.",
      response: .head("HTTP/1.1 302 Found", "Content-Length: 0"))
    refused(
      "status-302-to-itself", "4.1", "Answers with status 302 and a Location that leads to the same place.",
      "Fails the connection, at the latest when it has followed a few times.",
      response: .head("HTTP/1.1 302 Found", "Location: ?", "Content-Length: 0"))
    openingRefusedContent
    openingInterim
  }

  /// What comes with a refusal is nothing that a client has to read.
  @ListBuilder<Scenario> private static var openingRefusedContent: [Scenario] {
    refused(
      "status-502-chunked", "4.1", "Answers with status 502 and an unfinished content in chunks.",
      response: .head(
        "HTTP/1.1 502 Bad Gateway", "Transfer-Encoding: chunked", "Connection: close",
        after: "5\r\nsorry\r\n5\r\nso"))
    refused(
      "status-403-with-frames", "4.1", "Answers with status 403, and goes on with a text frame.",
      "Fails the connection and does not hand out the frame.",
      response: .raw(
        .bytes(Array("HTTP/1.1 403 Forbidden\r\n\r\n".utf8) + Frame(.text, Array("hello".utf8)).encoded())))
    refused(
      "status-403-content-16384", "4.1", "Answers with status 403 and 16 KiB of content of no stated length.",
      "Fails the connection without filling its memory.", deliveries: .unpaused,
      response: .head("HTTP/1.1 403 Forbidden", after: String(repeating: "No. ", count: 4096)))
  }

  /// Answers before the answer, and content where there can be none.
  @ListBuilder<Scenario> private static var openingInterim: [Scenario] {
    let rest = [switching, upgrade, connection, accept, "", ""].joined(separator: "\r\n")
    let interim =
      "RFC 7231 section 6.2 has clients pass over interim responses, while section 4.1 fails the connection for any status but 101 or leaves it to HTTP: waiting for the 101 and refusing are both allowed."
    refused(
      "status-100-alone", "4.1", "Answers with a status 100, and ends the stream.",
      response: .head("HTTP/1.1 100 Continue"))
    leftOpen(
      "status-100-first", .may("4.1"), "Answers with a status 100 before the 101.", because: interim,
      isProbed: false,
      response: .head("HTTP/1.1 100 Continue", after: rest))
    leftOpen(
      "status-103-first", .may("4.1"), "Answers with a status 103 and a Link header before the 101.",
      because: interim, isProbed: false,
      response: .head("HTTP/1.1 103 Early Hints", "Link: </style.css>; rel=preload", after: rest))
    openingContent
    let noContent =
      "A 101 has no content, and RFC 7230 section 3.3.2 forbids a server to send the header with it; section 3.3.3 tells a recipient to pass over it, and section 4.1 does not list it among the reasons to fail. Refusing is allowed as well, but reading content is not."
    leftOpen(
      "content-length-0", .may("4.1"), "Answers with a 101 that has \"Content-Length: 0\".",
      because: noContent,
      response: .edited(.add(name: "Content-Length", value: "0")))
    leftOpen(
      "content-length-5", .may("4.1"),
      "Answers with a 101 that claims five bytes of content, and sends a frame.",
      "Refuses the response, or reads what follows the head as a frame.", because: noContent,
      response: .edited(.add(name: "Content-Length", value: "5")))
    leftOpen(
      "transfer-encoding", .may("4.1"), "Answers with a 101 that has \"Transfer-Encoding: chunked\".",
      "Refuses the response, or reads what follows the head as a frame.", because: noContent,
      response: .edited(.add(name: "Transfer-Encoding", value: "chunked")))
  }

  /// A 101 has no content: what follows the head are frames, and "hello" is none.
  private static var openingContent: Scenario {
    var scenario = leftOpen(
      "content-after-101", "4.1", "Answers with a 101 that claims five bytes of content, and sends them.",
      "Refuses the response, or reads the content as a frame and fails the connection with 1002.",
      because:
        "A 101 has no content (RFC 7230 section 3.3.3), so that the five bytes are a frame, and no lawful one; a client may also refuse a head that contradicts itself.",
      isProbed: false, response: .edited(.add(name: "Content-Length", value: "5"), .append("hello")))
    scenario.expected.failure = true
    return scenario
  }

  /// The forms of the first line.
  @ListBuilder<Scenario> static var openingStatusLine: [Scenario] {
    let phrases = [
      ("empty", ""), ("ok", "OK"), ("long", String(repeating: "switching ", count: 30) + "protocols"),
    ]
    for (slug, phrase) in phrases {
      accepted(
        "reason-phrase-\(slug)", "4.1", "Answers with a 101 whose reason phrase is \(slug).",
        "Does not look at the phrase and takes the connection as established.",
        response: .edited(.statusLine("HTTP/1.1 101 \(phrase)")))
    }
    accepted(
      "reason-phrase-obs-text", .quality("4.1"),
      "Answers with a 101 whose reason phrase has bytes above 127.",
      "Does not look at the phrase and takes the connection as established.",
      response: .raw(
        .bytes(
          Array("HTTP/1.1 101 Zug".utf8) + [0xE9, 0xFF]
            + Array(["", upgrade, connection, accept, "", ""].joined(separator: "\r\n").utf8))))
    let unlawful = [
      ("four-digits", "HTTP/1.1 1010 Switching Protocols"), ("two-digits", "HTTP/1.1 10 Switching Protocols"),
      ("other-protocol", "ICY 101 Switching Protocols"), ("no-status", "HTTP/1.1 Switching Protocols"),
      ("letters", "HTTP/1.1 ABC Switching Protocols"), ("letter-o", "HTTP/1.1 1O1 Switching Protocols"),
      ("plus", "HTTP/1.1 +101 Switching Protocols"),
      ("letter-behind", "HTTP/1.1 101x Switching Protocols"),
      ("fraction", "HTTP/1.1 101.0 Switching Protocols"),
      ("wide-digits", "HTTP/1.1 \u{FF11}\u{FF10}\u{FF11} Switching Protocols"),
      ("no-version", "101 Switching Protocols"), ("no-number", "HTTP 101 Switching Protocols"),
      ("phrase-101", "HTTP/1.1 404 101 Switching Protocols"),
    ]
    for (slug, line) in unlawful {
      refused(
        "status-line-\(slug)", "4.1", "Answers with the status line \"\(line)\".",
        response: .edited(.statusLine(line)))
    }
    openingStatusLineDisputes
  }

  @ListBuilder<Scenario> private static var openingStatusLineDisputes: [Scenario] {
    let version =
      "Section 4.2.2 has servers answer with a status line of HTTP/1.1, and section 4.1 tells a client to look at the status only: taking and refusing another version are both allowed."
    let form =
      "The line breaks the grammar of RFC 7230 section 3.1.2, whose section 3.5 lets recipients read it leniently; section 4.1 of RFC 6455 asks for nothing but the status 101. Taking and refusing are both allowed."
    let disputed = [
      ("http-1-0", "HTTP/1.0 101 Switching Protocols", version),
      ("http-1-2", "HTTP/1.2 101 Switching Protocols", version),
      ("http-2", "HTTP/2 101 Switching Protocols", version),
      ("lower-case", "http/1.1 101 Switching Protocols", form), ("no-phrase", "HTTP/1.1 101", form),
      ("leading-zero", "HTTP/1.1 0101 Switching Protocols", form),
      ("two-spaces", "HTTP/1.1  101 Switching Protocols", form),
      ("tabs", "HTTP/1.1\t101\tSwitching Protocols", form),
      ("blank-first", " HTTP/1.1 101 Switching Protocols", form),
    ]
    for (slug, line, dispute) in disputed {
      leftOpen(
        "status-line-\(slug)", .may("4.1"),
        "Answers with the status line \"\(line.replacing("\t", with: "\\t"))\".", because: dispute,
        response: .edited(.statusLine(line)))
    }
  }
}
