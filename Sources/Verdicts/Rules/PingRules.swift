import Scenarios
import Steps
import Traces
import WebSocketProtocol

/// Ping and Pong (RFC 6455 sections 5.5.2 and 5.5.3).
extension Rule {
  static let pings: [Rule] = [
    Rule(
      "pong-for-every-ping", .pings, rfc: "5.5.2", .must,
      "A Ping is answered; of several, the latest is enough."
    ) {
      $0.missingPongFindings
    },
    Rule(
      "pong-payload", .pings, rfc: "5.5.3", .must, "A Pong carries the payload of the Ping that it answers."
    ) {
      $0.pongPayloadFindings
    },
    Rule("pong-not-answered", .pings, rfc: "5.5.3", .quality, "An unsolicited Pong is not answered.") {
      $0.answeredPongFindings
    },
  ]
}

extension RuleContext {
  /// The last Ping that the client had to answer, if its answer is missing. To answer only the latest of several is lawful
  /// (section 5.5.3), so an earlier one is never missed.
  private var unansweredPing: DecodedFrame? {
    guard isEstablished, client.isComplete, !serverReset, damagedSend == nil else { return nil }
    // What is behind a message that was too large for it, a client does not look at.
    guard !clientHitLimit else { return nil }
    let due = server.pings.last { isDue($0) && !mayLieUnread(from: $0.streamOffset) }
    guard let last = due, !last.isCut else { return nil }
    let from = server.pings.firstIndex { $0.streamOffset == last.streamOffset } ?? 0
    // An answer to a later Ping, even one that need not be answered, answers this one too.
    let answers = Set(server.pings[from...].map(\.payload))
    // One that came before answers an earlier Ping of the same payload.
    let isAnswered = client.pongs.contains { $0.eventIndex > last.eventIndex && answers.contains($0.payload) }
    return isAnswered ? nil : last
  }

  /// Whether a Ping must have been answered, whatever the timing: nothing that releases the client follows it, or the client has
  /// shown that it had read on, or the server waited for the answer in vain.
  private func isDue(_ ping: DecodedFrame) -> Bool {
    guard ping.eventIndex < clientStopIndex else { return false }
    // What the server did after the client's end of stream released nobody.
    let released = serverStopIndex < clientEnd?.eventIndex ?? .max ? serverStopIndex : .max
    if released == .max { return client.close == nil && (isHung || !isClosedByApplication) }
    return hasReadBeyond(ping, before: released) || waitedInVain(after: ping, before: released)
  }

  private var isClosedByApplication: Bool { clientEnd != nil && applicationMayClose }

  /// An echo of a message that ends behind the Ping came before the server did what releases the client.
  private func hasReadBeyond(_ ping: DecodedFrame, before released: Int) -> Bool {
    guard application.isEcho else { return false }
    let split = server.messages.firstIndex { $0.endOffset > ping.streamOffset } ?? server.messages.count
    // Only a content that nothing else explains tells which message the client had read.
    var others = Set(server.messages[..<split].map(\.payload))
    others.formUnion(application.sends.compactMap(\.payload))
    let later = Set(server.messages[split...].map(\.payload)).subtracting(others)
    return client.wholeMessages.contains { $0.eventIndex < released && later.contains($0.payload) }
  }

  /// The server waited for a Pong until something else came, or until its patience ended while the board was running.
  private func waitedInVain(after ping: DecodedFrame, before released: Int) -> Bool {
    let script = scenario.server.connections.first { $0.name == name }
    // What a server waited for that is not the rig's nobody knows: only that it left the client time.
    if script?.steps.isEmpty ?? true { return leftTime(after: ping, before: released) }
    return (trace?.events ?? []).enumerated().contains { index, event in
      guard index > ping.eventIndex, index < released, let step = stepMissed(in: event.kind, at: index),
        let script, script.steps.indices.contains(step), case .expectFrame(let wanted) = script.steps[step]
      else { return false }
      return wanted.opcode == Opcode.pong.rawValue
    }
  }

  private func leftTime(after ping: DecodedFrame, before released: Int) -> Bool {
    guard attempt.client.showsRunning, let events = trace?.events, events.indices.contains(released) else {
      return false
    }
    let pause = events[released].instantNanoseconds &- events[ping.eventIndex].instantNanoseconds
    return pause >= Self.ampleNanoseconds
  }

  /// Time in which every client that runs can answer a Ping.
  private static let ampleNanoseconds: UInt64 = 500_000_000

  /// A message that came instead may be the echo of an earlier one, with the Pong on its way behind it; a Close that the application
  /// wanted may have crossed the Ping.
  private func stepMissed(in kind: WireEvent.Kind, at index: Int) -> Int? {
    if case .expectationMissed(let step, _) = kind {
      let instead = client.frames.last { $0.eventIndex <= index }
      guard let opcode = instead?.opcode else { return step }
      return opcode.isControl && !(opcode == .close && application.hasCloseStep) ? step : nil
    }
    return attempt.client.showsRunning ? kind.impatientStep : nil
  }

  /// A Pong that answers nothing that the server asked, though a Ping went without its answer: an answer gone wrong. Otherwise a
  /// client may send Pongs as it likes (section 5.5.3).
  private var strangePong: DecodedFrame? {
    let asked = Set(server.pings.map(\.payload))
    let unasked = Set(server.pongs.map(\.payload))
    return client.pongs.first { !asked.contains($0.payload) && !unasked.contains($0.payload) }
  }

  fileprivate var missingPongFindings: [Finding] {
    guard let ping = unansweredPing, strangePong == nil else { return [] }
    let sentence =
      "The Ping of \(Words.bytes(ping.payloadLength)) \(Words.quoted(ping.payload)) at offset"
      + " \(ping.streamOffset) of the server's stream was not answered by a Pong."
    return [Finding(sentence)]
  }

  fileprivate var pongPayloadFindings: [Finding] {
    guard let ping = unansweredPing, let pong = strangePong else { return [] }
    let sentence =
      "The Ping \(Words.quoted(ping.payload)) was answered by a Pong \(Words.quoted(pong.payload));"
      + " the payload must be the same."
    return [Finding(at: pong.streamOffset, sentence)]
  }

  fileprivate var answeredPongFindings: [Finding] {
    guard isEstablished else { return [] }
    let asked = Set(server.pings.map(\.payload))
    // A client may send Pongs of its own: an empty one answers nothing, nor one that came first.
    let answer = client.pongs.first { pong in
      !pong.payload.isEmpty && !asked.contains(pong.payload)
        && server.pongs.contains { $0.payload == pong.payload && $0.eventIndex < pong.eventIndex }
    }
    guard let answer else { return [] }
    return [
      Finding(
        at: answer.streamOffset, "The client answered an unsolicited Pong with a \(Words.frame(answer)).")
    ]
  }
}
