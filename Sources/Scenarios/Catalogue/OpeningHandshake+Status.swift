import Steps

extension Catalogue {
  /// Any status but 101 means that there is no WebSocket connection (RFC 6455 section 4.1).
  @ListBuilder<Scenario> static var openingStatus: [Scenario] {
    let statuses: [(code: Int, phrase: String, header: String?)] = [
      (200, "OK", nil), (204, "No Content", nil), (301, "Moved Permanently", "Location: ws://127.0.0.1:9/"),
      (307, "Temporary Redirect", "Location: /elsewhere"), (400, "Bad Request", nil),
      (401, "Unauthorized", "WWW-Authenticate: Basic realm=\"board\""), (403, "Forbidden", nil),
      (404, "Not Found", nil), (426, "Upgrade Required", "Sec-WebSocket-Version: 8, 7"),
      (429, "Too Many Requests", "Retry-After: 1"), (500, "Internal Server Error", nil),
      (503, "Service Unavailable", "Retry-After: 1"),
    ]
    for status in statuses {
      let fields = [status.header, "Content-Type: text/plain", "Content-Length: 6"].compactMap { $0 }
      let head = (["HTTP/1.1 \(status.code) \(status.phrase)"] + fields).joined(separator: "\r\n")
      let content = status.code == 204 ? "" : "sorry\n"
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
    openingInterim
  }

  /// Answers before the answer, and content where there can be none.
  @ListBuilder<Scenario> private static var openingInterim: [Scenario] {
    let rest = [switching, upgrade, connection, accept, "", ""].joined(separator: "\r\n")
    leftOpen(
      "status-100-first", .may("4.1"), "Answers with a status 100 before the 101.",
      response: .head("HTTP/1.1 100 Continue", after: rest))
    leftOpen(
      "status-103-first", .may("4.1"), "Answers with a status 103 and a Link header before the 101.",
      response: .head("HTTP/1.1 103 Early Hints", "Link: </style.css>; rel=preload", after: rest))
    openingContent
    leftOpen(
      "content-length-0", .may("4.1"), "Answers with a 101 that has \"Content-Length: 0\".",
      response: .edited(.add(name: "Content-Length", value: "0")))
    leftOpen(
      "transfer-encoding", .may("4.1"), "Answers with a 101 that has \"Transfer-Encoding: chunked\".",
      response: .edited(.add(name: "Transfer-Encoding", value: "chunked")))
  }

  /// A 101 has no content: what follows the head are frames, and "hello" is none.
  private static var openingContent: Scenario {
    var scenario = leftOpen(
      "content-after-101", "4.1", "Answers with a 101 that claims five bytes of content, and sends them.",
      "Refuses the response, or reads the content as a frame and fails the connection with 1002.",
      response: .edited(.add(name: "Content-Length", value: "5"), .append("hello")))
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
    let unlawful = [
      ("four-digits", "HTTP/1.1 1010 Switching Protocols"), ("two-digits", "HTTP/1.1 10 Switching Protocols"),
      ("other-protocol", "ICY 101 Switching Protocols"), ("no-status", "HTTP/1.1 Switching Protocols"),
    ]
    for (slug, line) in unlawful {
      refused(
        "status-line-\(slug)", "4.1", "Answers with the status line \"\(line)\".",
        response: .edited(.statusLine(line)))
    }
    let disputed = [
      ("http-1-0", "HTTP/1.0 101 Switching Protocols"), ("lower-case", "http/1.1 101 Switching Protocols"),
      ("no-phrase", "HTTP/1.1 101"), ("two-spaces", "HTTP/1.1  101 Switching Protocols"),
    ]
    for (slug, line) in disputed {
      leftOpen(
        "status-line-\(slug)", .may("4.1"), "Answers with the status line \"\(line)\".",
        response: .edited(.statusLine(line)))
    }
  }
}
