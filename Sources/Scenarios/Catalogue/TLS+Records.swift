import Steps
import WebSocketProtocol

/// Records have no relation to frames: however TLS cuts the bytes, the same frames come.
extension Catalogue {
  @ListBuilder<Scenario> static var tlsRecords: [Scenario] {
    secured(
      "messages", "5.4", "Sends messages of several lengths.", tag: "records", deliveries: .every,
      steps: [0, 1, 125, 126, 1000].flatMap { echo(.random(count: $0, kind: .ascii)) })
    secured(
      "records-of-1-byte", "5.4", "Puts every byte into a record of its own.", tag: "records",
      by: ServerTLS(recordSize: 1), steps: manyKinds(60))
    secured(
      "records-of-1-byte-tls-1-2", "5.4", "Puts every byte into a record of its own, in TLS 1.2.",
      tag: "records", by: ServerTLS(versions: [.v1_2], recordSize: 1), steps: manyKinds(60))
    secured(
      "records-of-1-byte-utf8", "5.4", "Sends text whose code points come byte by byte, each in a record.",
      tag: "records", by: ServerTLS(recordSize: 1), steps: echo(.random(count: 100, kind: .utf8)))
    secured(
      "records-of-2-bytes", "5.4", "Puts two bytes into each record.", tag: "records",
      by: ServerTLS(recordSize: 2), steps: manyKinds(200))
    secured(
      "records-of-100-bytes", "5.4", "Puts at most 100 bytes into a record.", tag: "records",
      by: ServerTLS(recordSize: 100), steps: manyKinds(1000))
    secured(
      "records-cut-at-every-byte", "5.4",
      "Sends every byte of TLS in a write of its own, handshake included.",
      tag: "records", by: ServerTLS(writeSize: 1), steps: manyKinds(60))
    secured(
      "records-cut-at-100-bytes", "5.4", "Sends TLS in writes of 100 bytes, handshake included.",
      tag: "records", by: ServerTLS(writeSize: 100), steps: manyKinds(1000))
    secured(
      "record-of-16-kib", .quality("5.4"), "Fills a record of 16 KiB with a message.", tag: "records",
      steps: echo(.random(count: ServerTLS.largestRecord - 4, kind: .binary), as: .binary))
    secured(
      "records-of-16-kib", .quality("5.4"), "Sends a message that takes three records of 16 KiB.",
      "Echoes it, though what it may send in one record may be less.", tag: "records", deliveries: .unpaused,
      steps: echo(.random(count: 40_000, kind: .binary), as: .binary))
    secured(
      "text-of-16-kib", .quality("5.4"), "Sends a text of 16 KiB in UTF-8.", tag: "records",
      steps: echo(.random(count: ServerTLS.largestRecord, kind: .utf8)))
    secured(
      "frames-in-one-record", "5.4", "Puts a Ping, two messages and a fragment into one record.",
      tag: "records", deliveries: [.whole, .coalesced], steps: framesInOneRecord)
    secured(
      "fragments", "5.4", "Sends a message in fragments, a Ping between them.", tag: "records",
      deliveries: .every,
      steps: [
        .begin(.text, "one "), .ping("between"), .more("two "), .last("three"), .expectPong("between"),
        .expectText("one two three"),
      ])
    secured(
      "head-and-message-in-one-record", "4.1",
      "Sends a message in the record that answers the opening handshake.",
      tag: "records", deliveries: [.whole, .coalesced],
      steps: [.respond(.append([0x81, 0x05, 0x68, 0x65, 0x6C, 0x6C, 0x6F])), .expectText("hello")])
    renegotiation
  }

  /// Data and control frames, with so many bytes in the longest.
  private static func manyKinds(_ count: Int) -> [ServerStep] {
    echo(.random(count: count, kind: .ascii)) + [.ping("still there?"), .expectPong("still there?")]
      + echo(.random(count: count, kind: .binary), as: .binary)
  }

  /// Written as bytes, so that they are one write: a Ping, two texts, the first fragment of a third; then its end.
  private static let framesInOneRecord: [ServerStep] = [
    .sendBytes(
      .bytes(
        [0x89, 0x02, 0x70, 0x31] + [0x81, 0x03, 0x6F, 0x6E, 0x65] + [0x81, 0x03, 0x74, 0x77, 0x6F]
          + [0x01, 0x02, 0x74, 0x68])),
    .expectPong("p1"), .expectText("one"), .expectText("two"), .last("ree"), .expectText("three"),
  ]

  /// A client may take it, ignore it or end the connection; what it must not do is hang.
  private static var renegotiation: Scenario {
    var scenario = secured(
      "renegotiation", .quality("4.1"),
      "Asks for another handshake in the midst of the connection, in TLS 1.2.",
      "Refuses, ends the connection, or shakes hands again, and does not hang.", tag: "records",
      by: ServerTLS(versions: [.v1_2]), ending: .endOfStream,
      steps: echo("hello") + [.renegotiateTLS, .pause(milliseconds: 50)])
    scenario.dispute =
      "RFC 5246 section 7.4.1.1 lets a client ignore the request or refuse it by an alert, after which the server may end the connection; RFC 6455 says nothing of it. All are allowed, and so is another handshake."
    scenario.tags.append("disputed")
    return scenario
  }
}
