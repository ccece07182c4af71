import Scenarios
import Steps
import Traces
import WebSocketProtocol

/// One connection of one attempt, prepared for the rules.
public struct RuleContext: Sendable {
  /// The case.
  public let `case`: Case
  /// The attempt.
  public let attempt: AttemptTrace
  /// The connection's name.
  public let name: String
  /// The connection's trace; nil where it never reached the server.
  public let trace: ConnectionTrace?
  /// Its bytes as heads and frames.
  public let decoded: DecodedConnection
  /// What the server's answer to the opening handshake means.
  public let opening: OpeningModel
  /// What was agreed on, where permessage-deflate is in use.
  let deflate: DeflateAgreement?
  /// What the server's frames mean.
  public let server: ServerStreamModel
  /// The limits of the rules about resources.
  let limits: ResourceLimits
  let client: ClientStreamModel
  let application: ApplicationView
  /// All connections of the attempt, this one included.
  let siblings: [DecodedConnection]
  /// The place of this connection among them; nil where it never reached the server.
  let siblingIndex: Int?
  /// The first message of the application's that was cut or altered on its way out.
  private(set) var damagedSend: DamagedSend?
  /// How what the application got compares with what the server sent.
  private(set) var delivered = Delivered.equal

  /// The contexts of all connections of an attempt: those of the script, then any others in the trace.
  public static func all(
    case: Case, attempt: AttemptTrace, limits: ResourceLimits = ResourceLimits()
  ) -> [RuleContext] {
    let decoded = attempt.connections.map(DecodedConnection.init)
    var names = `case`.scenario.server.connections.map(\.name)
    for connection in attempt.connections where !names.contains(connection.name) {
      names.append(connection.name)
    }
    return names.map { name in
      let index = attempt.connections.firstIndex { $0.name == name }
      return RuleContext(
        case: `case`, attempt: attempt, name: name, trace: index.map { attempt.connections[$0] },
        decoded: index.map { decoded[$0] } ?? DecodedConnection(ConnectionTrace(name: name, token: "")),
        siblings: decoded, siblingIndex: index, limits: limits)
    }
  }

  private init(
    case: Case, attempt: AttemptTrace, name: String, trace: ConnectionTrace?, decoded: DecodedConnection,
    siblings: [DecodedConnection], siblingIndex: Int?, limits: ResourceLimits
  ) {
    self.limits = limits
    self.case = `case`
    self.attempt = attempt
    self.name = name
    self.trace = trace
    self.decoded = decoded
    self.siblings = siblings
    self.siblingIndex = siblingIndex
    opening = OpeningModel(decoded, serverByteCount: trace?.serverStream.totalCount ?? 0)
    deflate = DeflateNegotiation(decoded).agreement
    server = ServerStreamModel(decoded.server, deflate: deflate)
    client = ClientStreamModel(decoded, deflate: deflate)
    application = ApplicationView(name: name, script: `case`.scenario.client, trace: attempt.client)
    // Found once, as they compare digests of all messages.
    damagedSend = findDamagedSend()
    delivered = compareDelivered()
  }

  // MARK: what the rules ask again and again

  var scenario: Scenario { `case`.scenario }
  var expected: Expected { `case`.scenario.expected }

  /// Whether the host had to interrupt the client.
  var isHung: Bool {
    if case .hung = attempt.client.ending { true } else { false }
  }

  /// Whether the opening handshake is to be refused, and why.
  var refusal: (reason: String, section: String)? {
    if case .refused(let reason, let section) = opening { return (reason, section) }
    if expected.opening == .refused, !offersUnbidden {
      let what =
        scenario.description.hasSuffix(".") ? scenario.description.dropLast() : scenario.description[...]
      return ("the client has to refuse this opening (\(what))", scenario.rfc)
    }
    return nil
  }

  /// Whether the client offers permessage-deflate though the application has not asked for it, as it may: an answer that scenarios
  /// take for unasked may then be one that was asked for.
  private var offersUnbidden: Bool {
    application.connectStep?.compression == false
      && decoded.request?.extensions.contains { $0.name == DeflateTerms.extensionName } == true
  }

  /// Whether both sides took the connection as established, so that the rules about frames apply.
  var isEstablished: Bool {
    guard refusal == nil, decoded.response != nil else { return false }
    return application.isConnected
  }

  /// Why the client did not come to a server that its URL names by the loopback of this computer, where that is the network's
  /// doing: the board is another computer, or has no IPv6. Who takes the URL for wrong throws something else.
  var unreachableLoopback: String? {
    guard decoded.request == nil, let step = application.connectStep, step.namesLoopback,
      let failure = application.connectFailure, Self.networkFailures.contains(failure.type)
    else { return nil }
    return
      "The URL names this computer's loopback, which the client cannot reach: \(Words.exception(failure))."
  }

  /// The types of the exceptions by which systems tell that an address cannot be reached.
  private static let networkFailures: Set = [
    "OSError", "gaierror", "ConnectionRefusedError", "TimeoutError", "PosixError",
  ]

  /// The client's end of stream by its own doing; nil where it never came or only after the deadline.
  var clientEnd: StreamEnd? {
    guard let end = decoded.clientEnd else { return nil }
    return decoded.deadlineIndex.map { end.eventIndex < $0 } ?? true ? end : nil
  }

  /// Whether the server reset the connection: then anything under way may be lost.
  var serverReset: Bool { decoded.serverEnd?.kind == .reset }

  /// The place in the events from which on the client's own acts end its duties: its Close or its end of stream, seen by the server.
  var clientStopIndex: Int { min(client.close?.eventIndex ?? .max, clientEnd?.eventIndex ?? .max) }

  /// The place in the events of the first thing of the server's after which a client need not answer or send any more: a
  /// violation, its Close, its end of stream.
  var serverStopIndex: Int {
    min(
      server.violation?.eventIndex ?? .max,
      min(server.close?.eventIndex ?? .max, decoded.serverEnd?.eventIndex ?? .max))
  }

  /// Whether the server ended its side of TCP before the client did, not because it had given up waiting: what the client was sending
  /// then may end anywhere.
  var serverEndedFirst: Bool {
    guard let end = decoded.serverEnd, decoded.deadlineIndex.map({ end.eventIndex < $0 }) ?? true else {
      return false
    }
    return end.eventIndex < clientEnd?.eventIndex ?? .max
  }

  /// Whether the client gave up the connection at a message that it does not take: with 1009, as it may at a limit of its own (section
  /// 10.4), or with 1003 at a kind of data (section 7.4.1).
  var clientHitLimit: Bool {
    ownFailureCode == 1009 || ownFailureCode == 1003 && server.messages.count > application.messages.count
  }

  /// The code of the client's Close where it says that the client has failed the connection: none that the application asked for, and not
  /// that of a Close of the server's that it answers.
  var ownFailureCode: UInt16? {
    guard let close = client.close, close.isKnown, let code = close.content.code,
      Self.failureCodes.contains(code), !application.closeRequests.contains(where: { $0.code == code })
    else { return nil }
    // With a reason of its own it is none that it sends back.
    if let other = server.close, other.code == code, other.eventIndex < close.eventIndex,
      close.content.reason.isEmpty || close.content.reason == other.reason
    {
      return nil
    }
    return code
  }

  /// The codes by which an endpoint says that it cannot go on (section 7.4.1).
  private static let failureCodes: Set<UInt16> = [1002, 1003, 1007, 1008, 1009, 1010, 1011]

  /// The violation of the server's, where the client could see it: not sent after the client's own end.
  var visibleViolation: ServerViolation? {
    guard let violation = server.violation, violation.eventIndex < clientEnd?.eventIndex ?? .max else {
      return nil
    }
    return violation
  }

  /// The server's Close, where it was sent before the client ended its stream.
  var visibleClose: ServerStreamModel.Close? {
    guard let close = server.close, close.eventIndex < clientEnd?.eventIndex ?? .max else { return nil }
    return close
  }

  /// Whether what the server sent from that offset of its stream on may lie unread: the application took the connection and asked for no
  /// more messages than came before, and no RFC says that a client reads unasked.
  func mayLieUnread(from streamOffset: Int) -> Bool {
    guard isEstablished, !application.closes else { return false }
    if application.isCancelled { return true }
    guard let limit = application.receiveLimit else { return false }
    return server.messages.prefix { $0.endOffset <= streamOffset }.count >= limit
  }

  /// Whether the server sent, or announced, a larger message than every client should take: one that refuses it gives up lawfully
  /// (section 10.4).
  var announcesTooMuch: Bool {
    expected.messageLimit.map { server.longestAnnounced > UInt64(max(0, $0)) } ?? false
  }

  /// The place in the events of the chunk that carried a byte of the server's stream.
  func chunkIndex(of streamOffset: Int) -> Int? {
    var total = 0
    for (index, event) in (trace?.events ?? []).enumerated() {
      guard case .sent(let count) = event.kind else { continue }
      total += max(0, count)
      if total > streamOffset { return index }
    }
    return nil
  }

  /// Whether nothing that the server sent breaks a rule, its last bytes included.
  var serverIsLawful: Bool { server.violation == nil && !isViolatedByItsLastBytes }

  /// Whether the server's last bytes are not a whole header, and yet break a rule.
  var isViolatedByItsLastBytes: Bool {
    guard let tail = decoded.server.tail, tail.header == nil, let first = tail.head.first else {
      return false
    }
    let second = tail.head.dropFirst().first ?? 0
    let header = FrameHeader(
      isFinal: first & 0x80 != 0, reservedBits: first >> 4, opcode: Opcode(rawValue: first & 15),
      payloadLength: UInt64(second & 0x7F), maskingKey: second & 0x80 != 0 ? MaskingKey(0, 0, 0, 0) : nil)
    let isInMessage = server.unfinished != nil
    return ServerViolation.inHeader(header, at: 0, isInMessage: isInMessage, deflates: deflate != nil) != nil
  }

  /// Whether the application itself stopped using the connection, by a step of its script or by the script's end, so that its
  /// closing needs no other cause.
  var applicationMayClose: Bool {
    application.hasCloseStep || application.mayStopReceiving || application.receiveLimit != nil
      || application.failures.contains { !$0.isInReceivingStep } || !application.unsupported.isEmpty
  }
}
