import Steps
import WebSocketProtocol

/// Whole messages of all kinds and sizes, one after the other.
extension Catalogue {
  /// What messages consist of.
  struct DeflateContent: Sendable {
    let slug: String
    let words: String
    let kind: ServerStep.MessageKind
    let payload: @Sendable (Int) -> Payload
  }

  /// From what compresses well to what does not at all, and what compresses best.
  static let deflateContentKinds = [
    DeflateContent(slug: "json", words: "JSON-like text", kind: .text) { .random(count: $0, kind: .words) },
    DeflateContent(slug: "text", words: "random text", kind: .text) { .random(count: $0, kind: .utf8) },
    DeflateContent(slug: "binary", words: "random binary data", kind: .binary) {
      .random(count: $0, kind: .binary)
    },
    DeflateContent(slug: "zeros", words: "zeros", kind: .binary) { .repeated(unit: [0], count: $0) },
    DeflateContent(slug: "letters", words: "the same letter", kind: .text) {
      .repeated(unit: [0x61], count: $0)
    },
  ]

  /// Each kind of content in each size, whole and in fragments.
  @ListBuilder<Scenario> static var deflateContents: [Scenario] {
    for content in deflateContentKinds {
      for size in [16, 64, 256, 1024, 4096, 8192, 16384, 32768] {
        deflating(
          "\(content.slug)-\(size)", "RFC 7692 7.2.2",
          "Sends a compressed message of \(size) bytes of \(content.words).",
          "Hands out the inflated message and echoes it.", deliveries: size > 1024 ? .notBytewise : .every
        ) {
          exchange(content.payload(size), as: content.kind)
        }
      }
      for (size, count) in [(1024, 4), (8192, 32), (32768, 16)] {
        deflating(
          "\(content.slug)-\(size)-in-\(count)", "RFC 7692 6.1",
          "Sends a compressed message of \(size) bytes of \(content.words) in \(count) fragments.",
          "Puts the fragments together before or while it inflates them, and echoes the message.",
          deliveries: size > 1024 ? .unpaused : .every
        ) {
          exchange(content.payload(size), as: content.kind, fragments: .count(count))
        }
      }
    }
    for kind in ServerStep.MessageKind.allCases {
      deflating(
        "empty-\(kind)", "RFC 7692 7.2.3.6", "Sends an empty \(kind) message, compressed to the byte 00.",
        "Hands out an empty message and echoes it."
      ) {
        exchange(.empty, as: kind)
      }
    }
    deflating(
      "compressed-before", "RFC 7692 7.2.2", "Sends a binary message whose content is compressed already.",
      "Inflates it once, and echoes the compressed content."
    ) {
      exchange(.bytes(compressedBefore), as: .binary)
    }
  }

  private static let compressedBefore = DeflateStream.normal(
    (0..<2000).flatMap { [UInt8(truncatingIfNeeded: $0 * $0), UInt8(truncatingIfNeeded: $0 >> 4)] })

  /// Many messages on one connection, and what else goes on there.
  @ListBuilder<Scenario> static var deflateConversations: [Scenario] {
    for content in deflateContentKinds.prefix(3) {
      for size in [16, 128, 1024] {
        deflating(
          "twenty-\(content.slug)-\(size)", "RFC 7692 7.2.2",
          "Exchanges twenty compressed messages of \(size) bytes or more of \(content.words).",
          "Echoes each of them.", deliveries: .unpaused
        ) {
          for number in 0..<20 { exchange(content.payload(size + number), as: content.kind) }
        }
      }
    }
    deflating(
      "thirty-at-once", "RFC 7692 7.2.2", "Sends thirty compressed messages without waiting for the echoes.",
      "Echoes all of them in order.", deliveries: .unpaused
    ) {
      for number in 0..<30 { ServerStep.message(.random(count: 40 + number, kind: .words)) }
      for number in 0..<30 { ServerStep.expectText(.random(count: 40 + number, kind: .words)) }
    }
    deflating(
      "plain-between", "RFC 7692 6.2", "Sends an uncompressed message between two compressed ones.",
      "Takes each message for what its first frame says, and echoes all three."
    ) {
      exchange("compressed before")
      ServerStep.message("not compressed", isCompressed: false)
      ServerStep.expectText("not compressed")
      exchange("compressed after")
    }
    deflating(
      "plain-only", "RFC 7692 6.2", "Agrees on compression and sends three messages without it.",
      "Echoes them: a server need not compress."
    ) {
      for word in ["one", "two", "three"] {
        ServerStep.message(.text(word), isCompressed: false)
        ServerStep.expectText(.text(word))
      }
    }
    deflating(
      "plain-looks-compressed", "RFC 7692 6.2",
      "Sends an uncompressed binary message whose bytes are a DEFLATE stream.",
      "Echoes the bytes as they are, since RSV1 is not set."
    ) {
      ServerStep.message(DeflateStream.hello, as: .binary, isCompressed: false)
      ServerStep.expectBinary(DeflateStream.hello)
    }
    deflating(
      "kinds-alternate", "RFC 7692 7.2.2", "Sends compressed text and binary messages in turn.",
      "Delivers each with its type, and echoes it."
    ) {
      for number in 0..<3 {
        exchange(.random(count: 200 + number, kind: .words))
        exchange(.random(count: 200 + number, kind: .binary), as: .binary)
      }
    }
    deflating(
      "pings-between-messages", "RFC 7692 6.1", "Sends a Ping before, between and after compressed messages.",
      "Answers the Pings, which are never compressed, and echoes the messages."
    ) {
      ServerStep.ping("before")
      exchange(.random(count: 300, kind: .words))
      ServerStep.ping("between")
      exchange(.random(count: 301, kind: .words))
      ServerStep.ping("after")
      ServerStep.expectPong("after")
    }
    deflating(
      "close-after", "RFC 7692 6.1", "Sends a compressed message and a Close right behind it.",
      "Hands out the message and answers the Close, which is not compressed.",
      client: .compressing(.receive())
    ) {
      ServerStep.message(.random(count: 500, kind: .words))
      ServerStep.close(1000, "done")
      ServerStep.expectClose
    }
    deflating(
      "client-closes", "RFC 7692 6.1", "Sends a compressed message to a client that closes after it.",
      "Hands out the message, and closes with an uncompressed Close.",
      client: .compressing(.receive(count: 1), .close())
    ) {
      ServerStep.message(.random(count: 500, kind: .words))
      ServerStep.expectClose
    }
    deflating(
      "ends-in-message", "7.1.5", "Ends the stream after the first of two fragments of a compressed message.",
      "Hands out nothing of the message and tells the application that the connection is over.",
      client: .compressing(.receive())
    ) {
      ServerStep.message("a whole message")
      ServerStep.frame(.text, [0xF2, 0x48, 0xCD], isFinal: false, reservedBits: 4)
      ServerStep.halfClose
    }
    for (slug, size) in [("short", 20), ("long", 6000)] {
      deflating(
        "client-sends-\(slug)", "RFC 7692 7.2.1",
        "Accepts the offer of a client that sends a text message of \(size) bytes by itself.",
        "Compresses the message or sends it as it is, and marks it accordingly.",
        client: .compressing(.send(kind: .text, payload: .random(count: size, kind: .words)), .echo())
      ) {
        ServerStep.expectText(.random(count: size, kind: .words))
      }
    }
    deflating(
      "client-sends-empty", "RFC 7692 7.2.3.6",
      "Accepts the offer of a client that sends an empty binary message.",
      "Sends it as the byte 00 with RSV1 set, or without compression.",
      client: .compressing(.send(kind: .binary, payload: .empty), .echo())
    ) {
      ServerStep.expectBinary(.empty)
    }
  }

}
