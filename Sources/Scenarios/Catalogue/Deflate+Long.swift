import Steps

/// What Autobahn's chapters 12 and 13 consist of: series of a thousand messages, and compressed messages of 64 and 128 KiB in one
/// piece and in fragments.
extension Catalogue {
  /// A thousand messages of each content; each size that Autobahn has up to 4 KiB is there with two contents.
  @ListBuilder<Scenario> static var deflateThousands: [Scenario] {
    let sizes = [16, 64, 256, 1024, 4096]
    for (number, content) in deflateContentKinds.enumerated() {
      for size in [sizes[number], sizes[(number + 2) % sizes.count]] {
        deflating(
          "\(content.slug)-\(thousand)-of-\(size)", "RFC 7692 7.2.2",
          "Exchanges \(thousand) compressed messages of \(size) bytes or a few more of \(content.words).",
          "Inflates all of them and echoes them: nothing is used up.", deliveries: .wholeOnly
        ) {
          exchangeThousand(of: content, size: size)
        }.long
      }
    }
  }

  /// Neighbours differ in length and, where they are random, in every byte.
  @ListBuilder<ServerStep> private static func exchangeThousand(
    of content: DeflateContent, size: Int
  ) -> [ServerStep] {
    for number in 0..<thousand { exchange(content.payload(size + number % 10), as: content.kind) }
  }

  /// Compressed messages of 64 and 128 KiB. Those that run without being asked for are few: each costs a board seconds.
  @ListBuilder<Scenario> static var deflateLarge: [Scenario] {
    for content in deflateContentKinds {
      for size in [64 << 10, 128 << 10] {
        deflating(
          "\(content.slug)-\(size)", "RFC 7692 7.2.2",
          "Sends a compressed message of \(size) bytes of \(content.words).",
          "Hands out the inflated message and echoes it.", expected: Expected(messageLimit: 65536),
          deliveries: .wholeOnly
        ) {
          exchange(content.payload(size), as: content.kind)
        }.tagged("large")
      }
      for (size, piece) in largeFragments {
        deflating(
          "\(content.slug)-\(size)-by-\(piece)", "RFC 7692 6.1",
          "Sends a compressed message of \(size) bytes of \(content.words) in fragments of \(piece) bytes.",
          "Puts the fragments together before or while it inflates them, and echoes the message.",
          expected: Expected(messageLimit: 65536), deliveries: .wholeOnly
        ) {
          exchange(content.payload(size), as: content.kind, fragments: .size(piece))
        }.long
      }
    }
  }

  /// Sizes and the fragments that Autobahn cuts them into.
  private static let largeFragments = [
    (64 << 10, 256), (128 << 10, 256), (128 << 10, 1 << 10), (128 << 10, 4 << 10), (128 << 10, 32 << 10),
  ]

  /// What Autobahn's chapter 13 varies: the server's context and window.
  private static let agreements: [(slug: String, words: String, answer: DeflateAnswer)] = [
    ("context", "a context", DeflateAnswer()),
    ("no-context", "no context", DeflateAnswer(serverNoContextTakeover: true)),
    ("context-9", "a context and a window of 9 bits", DeflateAnswer(serverMaxWindowBits: 9)),
    ("context-15", "a context and a window of 15 bits", DeflateAnswer(serverMaxWindowBits: 15)),
    (
      "no-context-9", "no context and a window of 9 bits",
      DeflateAnswer(serverNoContextTakeover: true, serverMaxWindowBits: 9)
    ),
    (
      "no-context-15", "no context and a window of 15 bits",
      DeflateAnswer(serverNoContextTakeover: true, serverMaxWindowBits: 15)
    ),
    (
      "no-contexts", "no context in either direction",
      DeflateAnswer(serverNoContextTakeover: true, clientNoContextTakeover: true)
    ),
  ]

  /// Under each agreement a thousand messages, and a large one in one piece and in fragments.
  @ListBuilder<Scenario> static var deflateLongAgreements: [Scenario] {
    for (slug, words, answer) in agreements {
      deflating(
        "\(slug)-\(thousand)-of-256", "RFC 7692 7.1.1",
        "Exchanges \(thousand) compressed messages of 256 bytes or a few more; agreed on: \(words).",
        "Inflates all of them and echoes them.", answer: answer, deliveries: .wholeOnly
      ) {
        exchangeThousand(of: deflateContentKinds[0], size: 256)
      }.long
      for piece in [128 << 10, 1 << 10] {
        deflating(
          "\(slug)-131072\(piece > 1 << 10 ? "" : "-by-\(piece)")", "RFC 7692 7.1.2",
          "Sends 131072 bytes of JSON-like text twice, in pieces of at most \(piece) bytes; agreed on: \(words).",
          "Inflates both messages and echoes them.", answer: answer,
          expected: Expected(messageLimit: 65536), deliveries: .wholeOnly
        ) {
          for _ in 0..<2 {
            exchange(
              deflateContentKinds[0].payload(128 << 10), fragments: piece > 1 << 10 ? .count(1) : .size(piece)
            )
          }
        }.long
      }
    }
  }
}

extension Scenario {
  /// The same, large and left out where nobody asks for it.
  fileprivate var long: Scenario { tagged("large", Scenario.longTag) }

  /// The same with further tags.
  fileprivate func tagged(_ more: String...) -> Scenario {
    var scenario = self
    scenario.tags += more
    return scenario
  }
}
