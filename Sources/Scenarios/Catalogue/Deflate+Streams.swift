import Steps
import WebSocketProtocol

/// What DEFLATE streams may look like, and how they are cut into frames.
extension Catalogue {
  /// Every kind of block, and blocks that hold nothing (RFC 7692 section 7.2.3).
  @ListBuilder<Scenario> static var deflateBlocks: [Scenario] {
    let forms: [(MessageSpec.Blocks, String, String)] = [
      (.stored, "7.2.3.3", "in stored blocks"),
      (.fixed, "7.2.3.1", "in a block with the fixed Huffman codes"),
      (.several, "7.2.3.5", "in several blocks with empty stored ones between"),
      (.emptyFirst, "7.2.3.5", "behind an empty block with the fixed Huffman codes"),
      (.last, "7.2.3.4", "in a block that has BFINAL set, and an empty one"),
    ]
    for (blocks, section, words) in forms {
      for (slug, size) in [("short", 40), ("long", 5000)] {
        deflating(
          "blocks-\(blocks.slug)-\(slug)", Rule("RFC 7692 \(section)", .must),
          "Sends a \(slug) text message \(words).", "Inflates the message and echoes it.",
          deliveries: size > 1024 ? .notBytewise : .every
        ) {
          exchange(.random(count: size, kind: .words), blocks: blocks)
        }
      }
    }
    for (slug, section, words, stream) in handMade {
      deflating(
        "stream-\(slug)", Rule("RFC 7692 \(section)", .must), "Sends the text Hello \(words).",
        "Inflates the message and echoes it."
      ) {
        exchange("Hello", deflated: .bytes(stream))
      }
    }
    for (slug, words, stream) in emptyStreams {
      deflating(
        "empty-\(slug)", "RFC 7692 7.2.3.6", "Sends an empty text message as \(words).",
        "Hands out an empty message and echoes it."
      ) {
        exchange(.empty, deflated: .bytes(stream))
      }
    }
    deflating(
      "blocks-in-turn", "RFC 7692 7.2.2", "Sends one message after the other with each kind of block.",
      "Inflates each message and echoes it."
    ) {
      for (number, blocks) in MessageSpec.Blocks.allCases.enumerated() {
        exchange(.random(count: 100 + number, kind: .words), blocks: blocks)
      }
    }
  }

  private static let handMade: [(String, String, String, [UInt8])] = [
    ("one-block", "7.2.3.1", "in one block with fixed codes", [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]),
    (
      "stored", "7.2.3.3", "in one stored block",
      [0x00, 5, 0, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00]
    ),
    (
      "bfinal", "7.2.3.4", "in a final block with fixed codes",
      [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]
    ),
    (
      "two-blocks", "7.2.3.5", "in two blocks and an empty one between",
      [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00]
    ),
    (
      "empty-blocks-behind", "7.2.3.5", "in one block, with three empty stored ones behind it",
      [
        0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0xFF, 0xFF,
        0,
      ]
    ),
    (
      "stored-bytes", "7.2.3.3", "in five stored blocks of one byte",
      Array("Hello".utf8).flatMap { [0x00, 1, 0, 0xFE, 0xFF, $0] } + [0x00]
    ),
  ]

  private static let emptyStreams: [(String, String, [UInt8])] = [
    ("byte-00", "the byte 00 and nothing else", [0x00]),
    ("fixed", "an empty block with fixed codes", [0x02, 0x00]),
    ("two-stored", "two empty stored blocks", [0x00, 0x00, 0x00, 0xFF, 0xFF, 0x00]),
    ("bfinal", "an empty block with BFINAL set, and an empty one", [0x03, 0x00, 0x00]),
  ]

  /// Where a compressed message is cut has nothing to do with its blocks or its characters (RFC 7692 section 6.1).
  @ListBuilder<Scenario> static var deflateFragments: [Scenario] {
    deflating(
      "fragments-of-1", "RFC 7692 6.1", "Sends a compressed message one byte a fragment.",
      "Puts the fragments together and echoes the message.", deliveries: .unpausedAndBytewise
    ) {
      exchange("one byte a fragment", fragments: .size(1))
    }
    deflating(
      "fragments-64", "RFC 7692 6.1", "Sends a compressed binary message of 4096 bytes in 64 fragments.",
      "Puts the fragments together and echoes the message.", deliveries: .unpaused
    ) {
      exchange(.random(count: 4096, kind: .binary), as: .binary, fragments: .count(64))
    }
    let empty: [(String, String, [Int])] = [
      ("first", "an empty first fragment", [0]), ("middle", "empty fragments in the middle", [3, 0, 0]),
      ("last", "an empty last fragment", [1 << 16]),
      ("all-but-one", "empty fragments around it", [0, 0, 1 << 16, 0]),
    ]
    for (slug, words, sizes) in empty {
      deflating(
        "fragments-empty-\(slug)", "RFC 7692 6.1", "Sends a compressed message with \(words).",
        "Puts the fragments together and echoes the message."
      ) {
        exchange("some fragments are empty", fragments: .sizes(sizes))
      }
    }
    deflating(
      "fragment-of-empty", "RFC 7692 7.2.3.6", "Sends an empty compressed message in three fragments.",
      "Hands out an empty message and echoes it."
    ) {
      exchange(.empty, fragments: .count(3))
    }
    for (slug, blocks) in [("normal", MessageSpec.Blocks.normal), ("stored", .stored), ("several", .several)]
    {
      deflating(
        "ping-between-\(slug)", "RFC 7692 6.1",
        "Sends a Ping between all fragments of a compressed message (blocks: \(slug)).",
        "Answers the Pings and echoes the message."
      ) {
        exchange(
          .random(count: 300, kind: .words), blocks: blocks, fragments: .count(4), pingBetween: "in between")
      }
    }
    deflating(
      "ping-looks-compressed", "RFC 7692 6.1",
      "Sends Pings with a DEFLATE stream as payload between fragments.",
      "Answers with the same bytes, since no control frame is ever compressed."
    ) {
      exchange("fragmented", fragments: .count(3), pingBetween: DeflateStream.hello)
    }
    deflating(
      "fragmented-plain-between", "RFC 7692 6.2",
      "Sends a fragmented uncompressed message between two fragmented compressed ones.",
      "Takes each message for what its first frame says, and echoes all three."
    ) {
      exchange("compressed before", fragments: .count(3))
      ServerStep.message("not compressed", isCompressed: false, fragments: .count(3))
      ServerStep.expectText("not compressed")
      exchange("compressed after", fragments: .count(3))
    }
  }

  /// Text is checked as it is after inflating (RFC 6455 section 8.1).
  @ListBuilder<Scenario> static var deflateText: [Scenario] {
    for size in 1...3 {
      deflating(
        "code-points-in-fragments-of-\(size)", "8.1",
        "Sends text of one- to four-byte characters, stored, in fragments of \(size) bytes.",
        "Checks the whole text and echoes it.", deliveries: .unpausedAndBytewise
      ) {
        exchange("aé€😀", blocks: .stored, fragments: .size(size))
      }
    }
    deflating(
      "text-split-in-blocks", "8.1", "Sends text whose characters are split between DEFLATE blocks.",
      "Checks the whole text and echoes it."
    ) {
      exchange(.repeated(unit: Array("€😀".utf8), count: 11), blocks: .several)
    }
    deflating(
      "binary-is-not-checked", "5.6", "Sends a compressed binary message that is no UTF-8.",
      "Echoes the same bytes."
    ) {
      exchange([0xC0, 0x80, 0xED, 0xA0, 0x80, 0xFF, 0xFE], as: .binary)
    }
    for (slug, words, bytes) in illFormed {
      misdeflating(
        "invalid-\(slug)", "8.1", "Sends compressed text with \(words).",
        "Fails the connection with 1007 and does not hand out the message.", codes: [1007]
      ) {
        ServerStep.compressed(.text, .bytes(DeflateStream.normal(bytes)))
      }
    }
    misdeflating(
      "invalid-in-second-fragment", "8.1", "Sends compressed text whose second fragment is not UTF-8.",
      "Fails the connection with 1007 and does not hand out the message.", codes: [1007]
    ) {
      ServerStep.compressed(.text, [0x00, 1, 0, 0xFE, 0xFF, 0x61], isFinal: false)
      ServerStep.last([0x00, 1, 0, 0xFE, 0xFF, 0xFF, 0x00])
    }
    misdeflating(
      "invalid-across-fragments", "8.1", "Sends the two halves of a surrogate in two compressed fragments.",
      "Fails the connection with 1007 and does not hand out the message.", codes: [1007]
    ) {
      ServerStep.compressed(.text, [0x00, 1, 0, 0xFE, 0xFF, 0xED], isFinal: false)
      ServerStep.last([0x00, 2, 0, 0xFD, 0xFF, 0xA0, 0x80, 0x00])
    }
  }

  private static let illFormed: [(String, String, [UInt8])] = [
    ("lone-byte", "the byte FF", Array("ok ".utf8) + [0xFF] + Array(" not ok".utf8)),
    ("surrogate", "the surrogate U+D800", Array("ok ".utf8) + [0xED, 0xA0, 0x80]),
    ("overlong", "a slash in two bytes", [0xC0, 0xAF]), ("above-last", "U+110000", [0xF4, 0x90, 0x80, 0x80]),
    ("truncated", "a character that is cut off at the end", Array("ok ".utf8) + [0xE2, 0x82]),
    ("after-4000", "a wrong byte behind 4000 good ones", Array(repeating: 0x61, count: 4000) + [0xFF]),
  ]

  /// Few bytes that become many (RFC 7692 section 8).
  @ListBuilder<Scenario> static var deflateBombs: [Scenario] {
    deflating(
      "bomb-64-kib", .quality("RFC 7692 8"), "Sends 64 KiB of zeros, which take some eighty bytes.",
      "Echoes them, or closes with 1009 where that is too much for it.", client: .compressing(.receive()),
      expected: Expected(messageLimit: 65535), deliveries: .notBytewise
    ) {
      ServerStep.message(.repeated(unit: [0], count: 65536), as: .binary)
    }
    for (slug, kind) in [("binary", ServerStep.MessageKind.binary), ("text", .text)] {
      deflating(
        "bomb-4-mib-\(slug)", .quality("RFC 7692 8"),
        "Sends a \(slug) message of 4 MiB in some four thousand bytes.",
        "Closes with 1009 at its limit, or hands it out; does not run out of memory.",
        client: .compressing(.receive()), expected: Expected(messageLimit: 65536), deliveries: .unpaused
      ) {
        ServerStep.message(.repeated(unit: [0x30], count: 4 << 20), as: kind)
      }
    }
    deflating(
      "bomb-in-fragments", .quality("RFC 7692 8"), "Sends 4 MiB of one letter in forty compressed fragments.",
      "Closes with 1009 at its limit, or hands it out; does not run out of memory.",
      client: .compressing(.receive()), expected: Expected(messageLimit: 65536), deliveries: .unpaused
    ) {
      ServerStep.message(.repeated(unit: [0x7A], count: 4 << 20), fragments: .count(40))
    }
  }
}

extension MessageSpec.Blocks {
  /// The name as a part of an id.
  fileprivate var slug: String { self == .emptyFirst ? "empty-first" : rawValue }
}
