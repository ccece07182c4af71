import Steps

/// Handshakes that come to nothing (section 4.1, item 5): the client fails the connection, and sends no request.
extension Catalogue {
  @ListBuilder<Scenario> static var tlsHandshakes: [Scenario] {
    let alerts: [(slug: String, number: UInt8)] = [
      ("handshake-failure", 40), ("protocol-version", 70), ("internal-error", 80), ("unrecognized-name", 112),
      ("close-notify", 0),
    ]
    for (slug, number) in alerts {
      broken("alert-\(slug)", "Answers the client's first message with the alert \(slug).", .alert(number))
    }
    broken(
      "answer-in-clear", "Answers the client's first message with a refusal in clear.",
      .instead("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
    broken(
      "answer-garbage", "Answers the client's first message with bytes that are no TLS.",
      .instead(.bytes([0x16, 0x03, 0x03, 0xFF, 0xFF] + [UInt8](repeating: 0x55, count: 60))))
    broken(
      "answer-own-text", "Answers the client's first message with a WebSocket frame in clear.",
      .instead([0x81, 0x05, 0x68, 0x65, 0x6C, 0x6C, 0x6F]))
    let places = [(0, "at once"), (3, "inside its first record's header"), (100, "inside its first record")]
    for (count, place) in places {
      broken(
        "stalled-after-\(count)", "Falls silent \(place), and ends the stream later.",
        .stalled(afterBytes: count))
      broken("ended-after-\(count)", "Ends the stream \(place).", .ended(afterBytes: count))
    }
  }

  private static func broken(_ slug: String, _ description: String, _ fault: ServerTLS.Fault) -> Scenario {
    unsecured(
      slug, "4.1", description, tag: "handshake", by: ServerTLS(versions: [.v1_2], fault: fault),
      greets: false)
  }
}
