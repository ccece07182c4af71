import Steps
import WebSocketProtocol

/// Lawful agreements, in all their combinations.
extension Catalogue {
  /// What shows a window of that many bits: texts that repeat themselves at all distances; a text that comes back when it lies as far
  /// behind as zlib refers to within the window, in the same message and, where the context is kept, in the next one; and one that
  /// comes back when it lies beyond the window. Who inflates a message in one piece needs no window within it, only for the next.
  @ListBuilder<ServerStep> private static func windowMessages(bits: Int) -> [ServerStep] {
    let within = max(headLength, 1 << bits - leastLookahead)
    exchange(.random(count: 700, kind: .words))
    exchange(.repeated(unit: (0..<251).map { UInt8($0) }, count: 12), as: .binary)
    exchange(.bytes(letters(within) + letters(within).prefix(headLength)))
    for distance in bits < 15 ? [within, 1 << bits + 100] : [within] {
      exchange(.bytes(letters(distance)))
      exchange(.bytes(Array(letters(distance).prefix(headLength))))
    }
  }

  /// So many bytes of its window zlib keeps free for what comes next, and refers to nothing in them (its MIN_LOOKAHEAD).
  private static let leastLookahead = 262
  /// How much of a text comes back.
  private static let headLength = 200

  /// So many letters without a pattern, others for each number.
  private static func letters(_ count: Int) -> [UInt8] {
    var generator = SplitMix64(seed: UInt64(count))
    return (0..<count).map { _ in 0x40 | UInt8(truncatingIfNeeded: generator.next()) & 0x1F }
  }

  /// The server's window and context (RFC 7692 sections 7.1.1.1 and 7.1.2.1).
  @ListBuilder<Scenario> static var deflateServerWindows: [Scenario] {
    for bits in DeflateAnswer.windowBits {
      for keepsContext in [true, false] {
        deflating(
          "server-window-\(bits)-\(keepsContext ? "context" : "no-context")", "RFC 7692 7.1.2.1",
          "Compresses with a window of at most \(bits) bits, \(keepsContext ? "with" : "without") context where the offer lets it.",
          "Inflates all messages and echoes them.",
          answer: DeflateAnswer(serverNoContextTakeover: !keepsContext, serverMaxWindowBits: bits),
          deliveries: .notBytewise
        ) {
          windowMessages(bits: bits)
        }
      }
    }
  }

  /// The client's window and context (RFC 7692 sections 7.1.1.2 and 7.1.2.2).
  @ListBuilder<Scenario> static var deflateClientWindows: [Scenario] {
    for bits in DeflateAnswer.windowBits {
      for keepsContext in [true, false] {
        deflating(
          "client-window-\(bits)-\(keepsContext ? "context" : "no-context")",
          bits == 8 ? .may("RFC 7692 7.1.2.2") : "RFC 7692 7.1.2.2",
          "Asks for a client's window of \(bits) bits where it is offered, \(keepsContext ? "with" : "without") context.",
          "Compresses its echoes within that, or not at all.",
          answer: DeflateAnswer(clientNoContextTakeover: !keepsContext, clientMaxWindowBits: bits),
          expected: bits == 8 ? Expected(opening: .either) : Expected(), deliveries: .notBytewise
        ) {
          windowMessages(bits: bits)
        }.disputed(Dispute.smallestWindow, if: bits == 8)
      }
    }
  }

  /// Both directions at once, and what a context is good for (RFC 7692 section 7.2.3.2).
  @ListBuilder<Scenario> static var deflateContexts: [Scenario] {
    for server in [true, false] {
      for client in [true, false] {
        for size in [16, 1024, 16384] {
          deflating(
            "contexts-\(server ? "kept" : "dropped")-\(client ? "kept" : "dropped")-\(size)",
            "RFC 7692 7.1.1",
            "Exchanges \(size) bytes thrice; context of server: \(server ? "kept" : "dropped"), of client: \(client ? "kept" : "dropped").",
            "Inflates the same message each time, and echoes it.",
            answer: DeflateAnswer(serverNoContextTakeover: !server, clientNoContextTakeover: !client),
            deliveries: .unpaused
          ) {
            for _ in 0..<3 { exchange(.random(count: size, kind: .words)) }
          }
        }
      }
    }
    for bits in [9, 15] {
      deflating(
        "both-windows-\(bits)", "RFC 7692 7.1.2",
        "Asks for windows of \(bits) bits in both directions, without contexts.",
        "Inflates all messages and echoes them.",
        answer: DeflateAnswer(
          serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: bits,
          clientMaxWindowBits: bits), deliveries: .notBytewise
      ) {
        windowMessages(bits: bits)
      }
    }
    deflating(
      "context-across-plain", "RFC 7692 7.2.1",
      "Sends the same text compressed, uncompressed, and compressed again.",
      "Leaves what was not compressed out of its window, and echoes all three."
    ) {
      exchange("the same text, again and again")
      ServerStep.message("the same text, again and again", isCompressed: false)
      ServerStep.expectText("the same text, again and again")
      exchange("the same text, again and again")
    }
    deflating(
      "context-across-kinds", "RFC 7692 7.2.3.2", "Sends the same bytes as text, then as a binary message.",
      "Keeps one window for all messages, and echoes both."
    ) {
      exchange(.random(count: 400, kind: .words))
      exchange(.random(count: 400, kind: .words), as: .binary)
    }
    deflating(
      "context-across-fragments", "RFC 7692 7.2.3.2",
      "Sends the same text in one, two and seven compressed fragments.",
      "Keeps one window for all frames, and echoes all three."
    ) {
      for count in [1, 2, 7] { exchange(.random(count: 400, kind: .words), fragments: .count(count)) }
    }
    deflating(
      "context-across-empty", "RFC 7692 7.2.3.2",
      "Sends a text, an empty message and the text again, compressed.",
      "Keeps its window over the empty message, and echoes all three."
    ) {
      exchange(.random(count: 400, kind: .words))
      exchange(.empty)
      exchange(.random(count: 400, kind: .words))
    }
    deflating(
      "context-not-used", "RFC 7692 7.2.1",
      "Agrees on a context and refers to none: each message stands for itself.",
      "Inflates all messages and echoes them."
    ) {
      for _ in 0..<3 {
        ServerStep.message(.random(count: 400, kind: .words), usesContext: false)
        ServerStep.expectText(.random(count: 400, kind: .words))
      }
    }
    deflating(
      "context-twenty", "RFC 7692 7.2.3.2",
      "Sends the same kilobyte twenty times, each referring to the one before.",
      "Inflates all messages and echoes them.", deliveries: .unpaused
    ) {
      for _ in 0..<20 { exchange(.random(count: 1024, kind: .words)) }
    }
    deflating(
      "context-beyond-window", "RFC 7692 7.2.3.2",
      "Sends 20000 bytes, as many others, and the first twice again: when they lie beyond a window of 32 KiB, and when they do not.",
      "Forgets what lies beyond the window and nothing else: inflates all messages and echoes them.",
      deliveries: .unpaused
    ) {
      for count in [20000, 20001, 20000, 20000] {
        exchange(.random(count: count, kind: .binary), as: .binary)
      }
    }
    deflating(
      "client-context", "RFC 7692 7.1.1.2",
      "Has a client send the same text three times that may keep its context.",
      "Sends it thrice, each time so that it can be inflated.", client: .repeating
    ) {
      for _ in 0..<3 { ServerStep.expectText(.random(count: 900, kind: .words)) }
    }
    deflating(
      "client-no-context", "RFC 7692 7.1.1.2",
      "Has a client send the same text three times that may not keep its context.",
      "Compresses each for itself, or not at all.", answer: DeflateAnswer(clientNoContextTakeover: true),
      client: .repeating
    ) {
      for _ in 0..<3 { ServerStep.expectText(.random(count: 900, kind: .words)) }
    }
  }

  /// The same answer in other words: white space, order, quotes (RFC 6455 section 9.1).
  @ListBuilder<Scenario> static var deflateSpellings: [Scenario] {
    let spellings: [(String, String, String)] = [
      (
        "no-blanks", "without blanks",
        "permessage-deflate;server_no_context_takeover;server_max_window_bits=10"
      ),
      (
        "blanks", "with many blanks",
        "permessage-deflate  ;  server_no_context_takeover ;   server_max_window_bits=10"
      ),
      (
        "order", "in the other order",
        "permessage-deflate; server_max_window_bits=10; server_no_context_takeover"
      ),
      (
        "quoted", "with its number in quotes",
        #"permessage-deflate; server_no_context_takeover; server_max_window_bits="10""#
      ),
      (
        "client-no-context", "together with client_no_context_takeover",
        "permessage-deflate; client_no_context_takeover; server_no_context_takeover; server_max_window_bits=10"
      ),
    ]
    for (slug, words, value) in spellings {
      answered("spelled-\(slug)", "9.1", "Accepts the offer with a window of 10 bits, \(words).", value) {
        DeflateAnswer(
          serverNoContextTakeover: true, clientNoContextTakeover: value.contains("client_no"),
          serverMaxWindowBits: 10)
      }
    }
    lawful(
      "spelled-name-in-lower-case", "4.1", "Accepts the offer in a header whose name is in lower case.",
      "Takes the connection as established and inflates what comes.", tags: ["deflate"], client: .compressing
    ) {
      ServerStep.respond(
        .deflate(DeflateAnswer()), .rename(name: "Sec-WebSocket-Extensions", to: "sec-websocket-extensions"))
      exchange("hello, compressed")
    }
  }

  /// A client that offers compression must do without as well (RFC 7692 section 5).
  @ListBuilder<Scenario> static var deflateUnused: [Scenario] {
    lawful(
      "declined", "RFC 7692 5.1", "Accepts the connection without compression.",
      "Takes the connection as established and compresses nothing.", tags: ["deflate"], client: .compressing
    ) {
      ServerStep.respond()
      echo("plain")
      echo(.random(count: 2000, kind: .words))
    }
    lawful(
      "declined-client-sends", "RFC 7692 5.1", "Declines compression to a client that sends by itself.",
      "Sends its message without RSV1.", tags: ["deflate"],
      client: .compressing(.send(kind: .text, payload: .random(count: 2000, kind: .words)), .echo())
    ) {
      ServerStep.respond()
      ServerStep.expectText(.random(count: 2000, kind: .words))
    }
    lawful(
      "declined-empty-header", "RFC 7692 5.1",
      "Declines compression with an empty Sec-WebSocket-Extensions header.",
      "Takes the connection as established, or refuses the odd header; compresses nothing.",
      tags: ["deflate"],
      client: .compressing, expected: Expected(opening: .either)
    ) {
      ServerStep.respond(.set(name: "Sec-WebSocket-Extensions", value: ""))
    }.disputed(Dispute.emptyExtensions)
    refused(
      "not-offered", "9.1", "Accepts permessage-deflate, which the client did not offer.",
      response: .edited(.set(name: "Sec-WebSocket-Extensions", value: "permessage-deflate")))
  }
}

extension ClientScript {
  /// Offers permessage-deflate and sends the same text three times, which shows whether a context is kept.
  fileprivate static let repeating = compressing(.sameText, .sameText, .sameText, .echo())
}

extension ClientStep {
  fileprivate static let sameText = ClientStep.send(kind: .text, payload: .random(count: 900, kind: .words))
}
