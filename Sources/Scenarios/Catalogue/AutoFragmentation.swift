import Steps

extension Catalogue {
  /// Messages as servers send them that cut every message at a size of their own (RFC 6455 section 5.4): the cuts fall where they
  /// will, also inside code points, and the last fragment may be full, short or empty.
  @ListBuilder<Scenario> static var autoFragmentation: [Scenario] {
    for (slug, what, total, size) in automaticCuts {
      for kind in ServerStep.MessageKind.allCases {
        let bytes = content(kind, count: total)
        lawful(
          "\(kind)-\(slug)", "5.4",
          "Sends a \(kind) message of \(total) bytes in fragments of \(size) bytes each\(what).",
          "Echoes it as one message.", tags: total > 30000 ? ["large"] : [],
          deliveries: total > 2000 ? .unpaused : total / size < 4 ? .every : .unpausedAndBytewise
        ) {
          fragments(of: bytes, kind, size: size)
          ServerStep.expectMessage(kind: kind, payload: .bytes(bytes))
        }
      }
    }
    lawful(
      "empty-tail", "5.4",
      "Sends a text message of 512 bytes, cut at every 256 bytes, and an empty last fragment.",
      "Echoes it as one message."
    ) {
      let half = Payload.repeated(unit: Array("a".utf8), count: 256)
      ServerStep.begin(.text, half)
      ServerStep.more(half)
      ServerStep.last()
      ServerStep.expectText(.repeated(unit: Array("a".utf8), count: 512))
    }
    lawful(
      "below-and-above", "5.4",
      "Sends messages of 99, 100, 101 and 0 bytes, each cut at every 100 bytes, without waiting.",
      "Echoes four messages: only one of them came in fragments.", deliveries: .unpausedAndBytewise
    ) {
      for count in [99, 100, 101, 0] {
        count == 0 ? [ServerStep.text("")] : fragments(of: content(.text, count: count), .text, size: 100)
      }
      for count in [99, 100, 101, 0] { ServerStep.expectText(.bytes(content(.text, count: count))) }
    }
  }

  private static let automaticCuts: [(slug: String, what: String, total: Int, size: Int)] = [
    ("by-1", "", 60, 1), ("by-7", ", the last one shorter", 200, 7),
    ("by-100", ", the last one shorter", 250, 100), ("by-125", ", the longest short length", 2000, 125),
    ("by-126", ", the shortest 16-bit length", 2000, 126),
    ("by-1000", ", the last one as well", 8000, 1000), ("by-1300", "", 32768, 1300),
    ("by-4095", ", one less than a page", 16384, 4095),
    ("65536-by-1300", ", as Autobahn has it", 65536, 1300),
  ]

  /// Exactly `count` bytes; text has sequences of all lengths, and letters where the last one would not fit. Its unit has 11 bytes,
  /// which no size of a fragment is a multiple of, so that one cut after the other falls to another place in it, mostly inside of a
  /// code point.
  private static func content(_ kind: ServerStep.MessageKind, count: Int) -> [UInt8] {
    let unit = Array("aéz€😀".utf8)
    guard kind == .text else { return (0..<count).map { UInt8($0 % 251) } }
    let whole = Array(repeating: unit, count: count / unit.count).flatMap { $0 }
    return whole + Array(repeating: UInt8(ascii: "z"), count: count - whole.count)
  }
}
