import Scenarios
import Steps
import Traces
import WebSocketProtocol

/// Testifies for a client that says nothing of itself, such as an echo loop on another computer: what its bytes prove.
///
/// It gives the benefit of the doubt. A message that was not sent back counts as delivered, since the server's later acts may have
/// kept the echo from being sent; that an echo was due is judged by `Judge.judge(case:wire:reference:)` itself.
struct WireWitness {
  private let context: RuleContext

  /// - Parameter context: the only connection, of an attempt whose client side has no events.
  init(_ context: RuleContext) { self.context = context }

  /// The messages that came back, up to the end of the server's patience.
  var echoes: [DecodedMessage] { context.client.wholeMessages }

  /// What the client side would have reported.
  var trace: ClientTrace {
    var events: [ClientEvent.Kind] = []
    if isConnected { events.append(.connected(subprotocol: chosenSubprotocol)) }
    if isConnected { events += exchange }
    if lacksCompression { events.append(.unsupported(step: OptionalFeature.compression.rawValue)) }
    // Whoever ends its stream knows that the connection is over; nothing else is known of its application.
    if context.decoded.clientEnd != nil || events.isEmpty {
      events.append(.ended(closeCode: nil, reason: nil, wasClean: nil))
    }
    return ClientTrace(
      events: events.enumerated().map { index, kind in
        ClientEvent(
          microseconds: index, task: "main", step: index == 0 ? 0 : 1, connection: context.name, kind: kind)
      })
  }

  /// Whether the client took the connection as established. To a lawful answer a client that says nothing is taken for connected,
  /// unless it ended TCP before the server did anything.
  private var isConnected: Bool {
    guard context.decoded.request != nil, context.decoded.response != nil else { return false }
    if context.client.frames.contains(where: { $0.opcode != .close }) || context.client.tail != nil {
      return true
    }
    switch context.opening {
    case .accepted where context.refusal == nil:
      guard context.client.close == nil, let end = context.clientEnd else { return true }
      // Whatever the server sent, and what the scenario expects, may be why: then other rules tell.
      if context.expected.failure == true { return true }
      // Where it may refuse the answer, nothing shows that it did not: the server's first frame may have come before its end.
      if context.expected.opening == .either { return false }
      let first = context.decoded.server.frames.first?.eventIndex ?? context.decoded.server.tail?.eventIndex
      return min(first ?? .max, context.serverStopIndex) < end.eventIndex
    case .accepted, .undecided, .refused, .unanswered: return false
    }
  }

  /// Whether the client was to ask for permessage-deflate and did not, as it need not.
  private var lacksCompression: Bool {
    guard context.application.connectStep?.compression == true else { return false }
    let offers = context.decoded.request?.list("Sec-WebSocket-Extensions") ?? []
    return !offers.contains { $0.hasPrefix("permessage-deflate") }
  }

  private var chosenSubprotocol: String? {
    context.decoded.response?.values("Sec-WebSocket-Protocol").first
  }

  /// Messages and echoes in the order of an echo loop.
  private var exchange: [ClientEvent.Kind] {
    let sent = context.server.messages.map(MessageDigest.init(of:))
    let echoed = echoes.map(MessageDigest.init(of:))
    // Who gave up at a limit of its own was given no more than it sent back.
    let delivered = context.clientHitLimit ? min(echoed.count, sent.count) : sent.count
    var events: [ClientEvent.Kind] = []
    for index in 0..<max(delivered, echoed.count) {
      // What comes back beyond what was lawfully sent shows that it had been delivered.
      if index < delivered {
        events.append(.message(sent[index]))
      } else if index < echoed.count {
        events.append(.message(echoed[index]))
      }
      if index < echoed.count { events.append(.sent(echoed[index])) }
    }
    return events
  }
}

extension MessageDigest {
  /// Of a message that the capture has cut only length and beginning are known; nothing compares more of it.
  fileprivate init(of message: DecodedMessage) {
    self.init(isText: message.isText, payload: message.payload)
    length = message.length
  }
}

// MARK: the echo itself

extension WireWitness {
  static let alteredID = "echo-as-sent"
  static let missingID = "echo-missing"

  /// How the echo loop was not kept: told apart from the rules of the RFC, because nobody can see on the wire whether receiving or
  /// sending went wrong.
  var violations: [Violation] {
    guard context.isEstablished, context.server.isComplete, context.client.isComplete else { return [] }
    let sent = context.server.messages
    for (index, echo) in echoes.enumerated() where index < sent.count {
      let message = sent[index]
      if echo.isText == message.isText, echo.payload == message.payload { continue }
      return [
        violation(
          Self.alteredID, at: echo.streamOffset,
          "The client sent back a \(Words.message(echo)) where the server had sent a \(Words.message(message))."
        )
      ]
    }
    guard echoes.count < sent.count, waitedInVain else { return [] }
    return [
      violation(
        Self.missingID, at: nil,
        "The client did not send back the \(Words.message(sent[echoes.count])), and the server waited for it in vain."
      )
    ]
  }

  /// Whether the server's patience ended while it waited for a message.
  private var waitedInVain: Bool {
    let steps = context.scenario.server.connections.first { $0.name == context.name }?.steps ?? []
    return (context.trace?.events ?? []).contains { event in
      guard let step = event.kind.impatientStep, steps.indices.contains(step) else { return false }
      if case .expectMessage = steps[step] { return true }
      return false
    }
  }

  private func violation(_ rule: String, at offset: Int?, _ sentence: String) -> Violation {
    Violation(
      rule: rule, rfc: "6.2", requirement: .must, connection: context.name, streamOffset: offset,
      sentence: sentence)
  }
}

extension ConnectionTrace {
  /// The connection of a client that was told another URL than the scenario's: all that it asks for names its attempt.
  var namedByTarget: ConnectionTrace {
    let head = DecodedConnection(self).request
    let words = head?.startLine.split(separator: " ", omittingEmptySubsequences: false) ?? []
    guard words.count == 3 else { return self }
    let resource = AbsoluteTarget(words[1])?.resource ?? words[1]
    guard resource.hasPrefix("/") else { return self }
    var copy = self
    copy.token = String(resource.dropFirst())
    return copy
  }
}
