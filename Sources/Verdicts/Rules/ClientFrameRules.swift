import Scenarios
import Traces
import WebSocketProtocol

/// How each frame of the client's must look (RFC 6455 sections 5.1 to 5.5).
extension Rule {
  static let clientFrames: [Rule] = [
    perFrame("client-frame-masked", rfc: "5.1", "Every frame of a client is masked.") { frame, _ in
      frame.header.isMasked ? nil : "is not masked"
    },
    Rule(
      "masking-key-unpredictable", .frames, rfc: "5.3", .must,
      "Each frame has a fresh, unpredictable masking key."
    ) {
      $0.maskingKeyFindings
    },
    Rule(
      "client-reserved-bits", .frames, rfc: "5.2", .must,
      "Reserved bits are zero where no extension gives them a meaning."
    ) {
      $0.reservedBitFindings
    },
    perFrame("client-opcode", rfc: "5.2", "Only opcodes that the RFC defines are sent.") { frame, _ in
      frame.opcode.isReserved ? "has a reserved opcode" : nil
    },
    perFrame("client-control-frame", rfc: "5.5", "Control frames are final and hold at most 125 bytes.") {
      frame, _ in
      guard frame.opcode.isControl else { return nil }
      if !frame.isFinal { return "is a control frame and not final" }
      return frame.payloadLength > 125 ? "is a control frame of more than 125 bytes" : nil
    },
    perFrame("client-length-minimal", rfc: "5.2", "The payload length is written in its shortest form.") {
      frame, _ in
      frame.header.isMinimal && !frame.header.hasTopBit ? nil : "writes its length in more bytes than needed"
    },
    perFrame(
      "client-fragments", rfc: "5.4", "Fragments follow each other, with control frames only between them."
    ) {
      frame, isInMessage in
      if frame.opcode == .continuation, !isInMessage { return "continues no message" }
      let starts = frame.opcode == .text || frame.opcode == .binary
      return starts && isInMessage ? "begins a message inside an unfinished one" : nil
    },
    Rule("client-text-utf8", .frames, rfc: "5.6", .must, "Text messages are UTF-8.") { $0.textFindings },
    Rule(
      "client-close-payload", .frames, rfc: "5.5.1", .must,
      "A Close holds nothing, or an allowed code and UTF-8."
    ) {
      $0.closePayloadFindings
    },
    Rule("client-frame-complete", .frames, rfc: "5.2", .must, "A frame that was begun is sent to its end.") {
      $0.incompleteFrameFindings
    },
    Rule("client-data-after-close", .frames, rfc: "5.5.1", .must, "No data frame follows the client's Close.")
    {
      $0.afterCloseFindings
    },
    Rule("client-second-close", .frames, rfc: "", .quality, "A client sends one Close.") {
      $0.secondCloseFindings
    },
    Rule(
      "client-frame-in-one-write", .frames, rfc: "", .quality, "A small frame leaves in one write."
    ) {
      $0.scatteredFrameFindings
    },
  ]

  /// A rule about single frames, reported once for all frames that break it.
  private static func perFrame(
    _ id: String, rfc: String, _ title: String,
    defect: @escaping @Sendable (DecodedFrame, _ isInMessage: Bool) -> String?
  ) -> Rule {
    Rule(id, .frames, rfc: rfc, .must, title) { context in
      var isInMessage = false
      var found: (frame: DecodedFrame, text: String)?
      var count = 0
      for frame in context.readableClientFrames {
        if let text = defect(frame, isInMessage) {
          count += 1
          if found == nil { found = (frame, text) }
        }
        if !frame.opcode.isControl { isInMessage = !frame.isFinal }
      }
      guard let found else { return [] }
      let more = count > 1 ? " and \(count - 1) more" : ""
      let sentence = "The client's \(Words.frame(found.frame))\(more) \(found.text). \(title)"
      return [Finding(at: found.frame.streamOffset, sentence)]
    }
  }
}

extension RuleContext {
  /// The client's frames as far as its stream can be read as frames: not behind a message that lost bytes on the way, because
  /// what follows it is payload taken for headers.
  var readableClientFrames: ArraySlice<DecodedFrame> {
    guard decoded.response != nil, refusal == nil else { return [] }
    let garbled = damagedSend?.offset ?? .max
    return client.frames.prefix { $0.streamOffset < garbled }
  }

  /// So many small frames are asked for, as chance may cut a few anywhere.
  private static let fewestSmallFrames = 10

  /// A client that writes header and payload by themselves: Nagle's algorithm holds the second write until the first is
  /// acknowledged, so that they come in two chunks again and again.
  fileprivate var scatteredFrameFindings: [Finding] {
    let small = readableClientFrames.filter { (1...125).contains($0.payloadLength) }
    guard small.count >= Self.fewestSmallFrames else { return [] }
    let ends = clientChunkEnds
    let scattered = small.filter { frame in
      (frame.streamOffset + 1...frame.payloadOffset).contains { ends.contains($0) }
    }
    guard scattered.count * 4 > small.count * 3 else { return [] }
    return [
      Finding(
        at: scattered.first?.streamOffset,
        "The header came before its payload in \(scattered.count) of the client's \(small.count) small frames: it writes them in "
          + "pieces, and each frame costs a round trip where Nagle's algorithm is on.")
    ]
  }

  /// Where the chunks end in which the client's stream came.
  private var clientChunkEnds: Set<Int> {
    var end = 0
    var ends: Set<Int> = []
    for event in trace?.events ?? [] {
      guard case .received(let count) = event.kind else { continue }
      end += count
      ends.insert(end)
    }
    return ends
  }

  fileprivate var maskingKeyFindings: [Finding] {
    // Over all connections, as a client that starts with the same key on each is as predictable; told on the first only.
    guard siblingIndex == 0 else { return [] }
    let keys = ClientKeys(of: siblings)
    // A client has one way to draw keys: to search for it in the scenarios about keys is enough.
    let generator = scenario.rfc == "5.3" ? keys.maskingGenerator : nil
    guard let defect = keys.maskingDefect(spending: ClientKeys.casePortion) ?? generator else { return [] }
    let first = client.frames.first { $0.header.isMasked && $0.payloadLength > 0 }
    return [Finding(at: first?.streamOffset, "The client's \(defect) Each must be fresh and unpredictable.")]
  }

  fileprivate var textFindings: [Finding] {
    guard client.isComplete, !readableClientFrames.isEmpty else { return [] }
    let end = readableClientFrames.last?.endOffset ?? 0
    // What the server itself sent as text and got back was wrongly delivered, which is told; sending it is the consequence.
    let fromServer = Set(decoded.server.messages.filter(\.isText).map(\.payload))
    return client.wholeMessages.filter {
      $0.isText && $0.endOffset <= end && !fromServer.contains($0.payload) && !UTF8Check.isValid($0.payload)
    }
    .prefix(1).map {
      Finding(
        at: $0.streamOffset,
        "The client sent a \(Words.message($0)), which is not UTF-8. Text messages must be.")
    }
  }

  fileprivate var closePayloadFindings: [Finding] {
    readableClientFrames.filter { $0.opcode == .close && !$0.isCut }.compactMap { frame in
      let what: String
      var requirement: Requirement?
      switch CloseContent(frame.payload).defect {
      case nil, .tooLong?: return nil  // Its length is another rule's business.
      case .halfCode?: what = "with half a code"
      case .code(let code)?:
        what = "with code \(code), \(CloseContent.objection(toSending: code))"
        requirement = CloseContent.requirement(againstSending: code)
      case .reason?: what = "with a reason that is not UTF-8 (\(Words.hex(frame.payload)))"
      }
      return Finding(at: frame.streamOffset, "The client sent a Close \(what).", requirement: requirement)
    }
  }

  fileprivate var incompleteFrameFindings: [Finding] {
    // A reset, as of a client that closes while bytes wait for it, destroys what was under way.
    guard let tail = client.tail, isEstablished, damagedSend == nil, !serverReset, !isHung,
      decoded.deadlineIndex == nil, clientEnd?.kind == .finished
    else { return [] }
    // Who fails the connection may stop in the middle of what it sends, and who sees the server's stream end without a Close must
    // end TCP too (section 7.2.1).
    guard visibleViolation == nil, !serverEndedFirst else { return [] }
    return [
      Finding(
        at: tail.streamOffset,
        "The client's stream ends inside a frame (\(Words.hex(tail.head)), \(Words.bytes(tail.count)) of it came)."
      )
    ]
  }

  fileprivate var afterCloseFindings: [Finding] {
    guard let close = client.close else { return [] }
    let late = readableClientFrames.filter { $0.streamOffset > close.streamOffset && !$0.opcode.isControl }
    guard let first = late.first else { return [] }
    let more = late.count > 1 ? " and \(late.count - 1) more" : ""
    return [
      Finding(at: first.streamOffset, "The client sent a \(Words.frame(first))\(more) after its Close.")
    ]
  }

  fileprivate var secondCloseFindings: [Finding] {
    let closes = readableClientFrames.filter { $0.opcode == .close }
    guard closes.count > 1 else { return [] }
    return [
      Finding(at: closes[1].streamOffset, "The client sent \(closes.count) Close frames. One is enough.")
    ]
  }
}
