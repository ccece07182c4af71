import Steps
import WebSocketProtocol

/// What a server must not do with compressed messages.
extension Catalogue {
  /// Streams that cannot be inflated. RFC 7692 names no close code for them: 1007 calls them bad data, 1002 a broken protocol.
  @ListBuilder<Scenario> static var deflateCorrupt: [Scenario] {
    let expectation = "Fails the connection with 1007 or 1002 and hands out nothing of the message."
    for (slug, words, stream) in corruptStreams {
      // That a message must not end inside of a block is nowhere said in so many words.
      let isTruncated = slug.hasPrefix("truncated")
      misdeflating(
        "corrupt-\(slug)", isTruncated ? .quality("RFC 7692 7.2.2") : "RFC 7692 7.2.2",
        "Sends a compressed binary message with \(words).", expectation,
        codes: [1007, 1002]
      ) {
        ServerStep.compressed(.binary, .bytes(stream))
      }
    }
    misdeflating(
      "corrupt-text", .quality("RFC 7692 7.2.2"),
      "Sends compressed text that breaks off behind its first letters.", expectation,
      codes: [1007, 1002]
    ) {
      ServerStep.compressed(.text, [0xF2, 0x48, 0xCD])
    }
    misdeflating(
      "corrupt-no-bytes", .may("RFC 7692 7.2.3.6"), "Sends a compressed message without any bytes.",
      "Fails the connection, or hands out an empty message.", codes: [1007, 1002]
    ) {
      ServerStep.compressed(.text, .empty)
    }.disputed(
      """
      Section 7.2.3.6 of RFC 7692 has an empty message sent as the byte 00; no bytes at all are no DEFLATE stream, so that a client may \
      fail the connection. Where the four bytes of section 7.2.2 are added, zlib finds nothing wrong yet, so that a client may as \
      well take it for an empty message.
      """)
    misdeflating(
      "corrupt-after-good", "RFC 7692 7.2.2",
      "Sends a compressed message that cannot be inflated after a good one.",
      "Echoes the first message and fails the connection at the second with 1007 or 1002.",
      codes: [1007, 1002]
    ) {
      exchange("a good one")
      ServerStep.compressed(.text, [0x07])
    }
    misdeflating(
      "corrupt-second-fragment", "RFC 7692 7.2.2",
      "Sends three compressed fragments, the second of which is corrupt.",
      expectation, codes: [1007, 1002]
    ) {
      ServerStep.compressed(.binary, [0x00, 1, 0, 0xFE, 0xFF, 0x61], isFinal: false)
      ServerStep.more([0x07])
      ServerStep.last([0x00])
    }
    misdeflating(
      "corrupt-ping-between", "RFC 7692 7.2.2",
      "Sends a Ping between two fragments that cannot be inflated together.",
      expectation, codes: [1007, 1002]
    ) {
      ServerStep.compressed(.binary, [0x00, 5, 0, 0xFA], isFinal: false)
      ServerStep.ping("in between")
      ServerStep.last([0xFE, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00])
    }
    misdeflating(
      "corrupt-earlier-context", "RFC 7692 7.1.1.1",
      "Refers to bytes farther back than all that the connection has carried.", expectation,
      codes: [1007, 1002]
    ) {
      exchange("short")
      ServerStep.compressed(.binary, [0x4A, 0x04, 0x5E, 0x00, 0x00, 0x00])
    }
  }

  private static let corruptStreams: [(String, String, [UInt8])] = [
    ("block-type", "a block of the type that DEFLATE lacks", [0x07]),
    (
      "stored-length", "a stored block whose length and complement differ",
      [0, 5, 0, 5, 0, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0]
    ),
    ("distance-beyond-start", "a distance that reaches beyond its begin", [0x4A, 0x04, 0x42, 0x00, 0x00]),
    ("distance-code-30", "the distance code 30, which has no meaning", [0x4A, 0x04, 0x3E, 0x00, 0x00]),
    ("distance-code-31", "the distance code 31, which has no meaning", [0x4A, 0x04, 0x7E, 0x00, 0x00]),
    ("length-code-286", "the length code 286, which has no meaning", [0x4A, 0x1C, 0x03, 0x00, 0x00]),
    ("length-code-287", "the length code 287, which has no meaning", [0x4A, 0x1C, 0x07, 0x00, 0x00]),
    (
      "code-oversubscribed", "more code lengths of one bit than fit",
      [0x04, 0xE0, 0x93, 0x24, 0x49, 0x92, 0x24, 0x49, 0x92, 0, 0, 0, 0, 0, 0]
    ),
    (
      "code-repeats-nothing", "a code length that repeats the one before the first",
      [0x04, 0xE0, 0x03, 0x04, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0]
    ),
    (
      "code-too-many", "more length and distance codes than there are",
      [0xFC, 0xFF, 0x01, 0x04, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0]
    ),
    ("truncated-in-symbols", "a block that breaks off in its symbols", [0xF2, 0x48, 0xCD]),
    (
      "truncated-before-end", "a block that lacks the last bits of its end",
      [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07]
    ),
    ("truncated-in-stored", "a stored block that breaks off", [0x00, 5, 0, 0xFA, 0xFF, 0x48, 0x65]),
    ("truncated-by-four", "a stored block that lacks its last four bytes", [0x00, 5, 0, 0xFA, 0xFF, 0x48]),
    ("truncated-in-length", "a stored block that breaks off in its length", [0x00, 5]),
    ("truncated-in-codes", "a block that breaks off in its Huffman codes", [0x04, 0xC0, 0x81, 0x08]),
    (
      "garbage-behind", "bytes behind the last block that begin none",
      [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0xDE, 0xAD, 0xBE, 0xEF]
    ),
    (
      "zlib-header", "a zlib header and checksum around the stream",
      [0x78, 0x9C, 0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x05, 0x8C, 0x01, 0xF5]
    ),
    (
      "gzip-header", "a gzip header before the stream",
      [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 0x03, 0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
    ),
  ]

  /// RSV1 marks the first frame of a compressed data message, where that was agreed on, and nothing else (RFC 7692 section 6).
  @ListBuilder<Scenario> static var deflateReservedBits: [Scenario] {
    for (name, opcode) in [("Ping", Opcode.ping), ("Pong", .pong)] {
      misdeflating(
        "rsv1-\(name.lowercased())", "RFC 7692 6",
        "Sends a \(name) frame with RSV1 set, compression being in use."
      ) {
        ServerStep.compressed(opcode, DeflateStream.hello)
      }
    }
    misdeflating(
      "rsv1-close", "RFC 7692 6", "Sends a Close frame with RSV1 set, compression being in use.",
      isProbed: false
    ) {
      ServerStep.frame(.close, [0x03, 0xE8], reservedBits: 4)
    }
    misdeflating(
      "rsv1-ping-between", "RFC 7692 6",
      "Sends a Ping with RSV1 set between two fragments of a compressed message."
    ) {
      ServerStep.compressed(.text, [0xF2, 0x48, 0xCD], isFinal: false)
      ServerStep.compressed(.ping, "in between")
      ServerStep.last([0xC9, 0xC9, 0x07, 0x00])
    }
    misdeflating(
      "rsv1-continuation-plain", "RFC 7692 6",
      "Sends a continuation frame of an uncompressed message with RSV1 set.",
      "Fails the connection with 1002 and does not hand out the message."
    ) {
      ServerStep.begin(.text, "frag")
      ServerStep.compressed(.continuation, "ments")
    }
    let continuations = [
      ("compressed", "of a compressed message", true),
      ("middle", "in the middle of a compressed message", false),
    ]
    for (slug, words, isLast) in continuations {
      misdeflating(
        "rsv1-continuation-\(slug)", "RFC 7692 6", "Sends a continuation frame \(words) with RSV1 set.",
        "Fails the connection with 1002 and does not hand out the message."
      ) {
        ServerStep.compressed(.text, [0xF2, 0x48, 0xCD], isFinal: false)
        ServerStep.compressed(.continuation, [0xC9, 0xC9, 0x07, 0x00], isFinal: isLast)
        if !isLast { ServerStep.last([0x00]) }
      }
    }
    for bits in [UInt8(1), 2, 3, 5, 6, 7] {
      misdeflating(
        "rsv-\(bits)-text", "5.2",
        "Sends a text frame whose reserved bits read \(bits), compression being in use."
      ) {
        ServerStep.frame(.text, DeflateStream.hello, reservedBits: bits)
      }
    }
    misdeflating(
      "rsv-2-continuation", "5.2", "Sends a continuation of a compressed message whose reserved bits read 2."
    ) {
      ServerStep.compressed(.text, [0xF2, 0x48, 0xCD], isFinal: false)
      ServerStep.frame(.continuation, [0xC9, 0xC9, 0x07, 0x00], reservedBits: 2)
    }
    misdeflating(
      "rsv1-reserved-opcode", "5.2", "Sends a frame with opcode 3 and RSV1 set, compression being in use."
    ) {
      ServerStep.compressed(Opcode(rawValue: 3), DeflateStream.hello)
    }
    misdeflating("rsv1-masked", "5.1", "Sends a masked compressed frame.") {
      ServerStep.frame(.text, DeflateStream.hello, reservedBits: 4, maskingKey: 0x37FA_213D)
    }
    misdeflating(
      "message-inside-message", "5.4", "Begins a compressed message inside a fragmented compressed one."
    ) {
      ServerStep.compressed(.text, [0xF2, 0x48, 0xCD], isFinal: false)
      ServerStep.compressed(.text, DeflateStream.hello)
    }
    misdeflating(
      "continuation-of-nothing", "5.4",
      "Sends a continuation frame with a DEFLATE stream and no message to continue."
    ) {
      ServerStep.last(DeflateStream.hello)
    }
    unlawful(
      "rsv1-not-offered", "5.2", "Sends a compressed message to a client that did not offer compression.",
      "Fails the connection with 1002 and does not hand out the message.", tags: ["deflate"]
    ) {
      ServerStep.compressed(.text, DeflateStream.hello)
    }
    unlawful(
      "rsv1-declined", "5.2",
      "Declines the offer of compression and sends a compressed message all the same.",
      "Fails the connection with 1002 and does not hand out the message.", tags: ["deflate"],
      client: .compressing
    ) {
      ServerStep.compressed(.text, DeflateStream.hello)
    }
  }
}
