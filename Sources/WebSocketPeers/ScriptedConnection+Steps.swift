import PosixIO
import Steps
import Traces
import WebSocketProtocol

/// The script: each function returns whether the connection may go on at once.
extension ScriptedConnection {
  /// What a look at the current step found.
  private enum Progress {
    case done
    case waiting
    case missed(String)
  }

  /// A request came that is in order. Without a step that answers it, it gets the lawful 101.
  func beginScript() {
    let answers = script.steps.contains { if case .respond = $0 { true } else { false } }
    if !answers, !isOpen { respond(.accept()) }
  }

  func playStep() -> Bool {
    guard stepIndex < script.steps.count else {
      releaseHeld()
      phase = .ending
      return true
    }
    let step = script.steps[stepIndex]
    if !step.isSending { releaseHeld() }
    guard queue.isEmpty else { return false }
    if stepState == .notBegun {
      let now = MonotonicInstant.now()
      scriptBegan = scriptBegan ?? now
      tap.note(.stepStarted(index: stepIndex), at: now)
      stepState = .begun
      begin(step)
      pump()
    }
    guard phase == .steps else { return true }
    switch look(at: step) {
    case .waiting: return false
    case .done:
      stepIndex += 1
      stepState = .notBegun
    case .missed(let reason):
      tap.note(.expectationMissed(index: stepIndex, reason: reason), at: .now())
      stepIndex = script.steps.count
      phase = .ending
    }
    return true
  }

  private func begin(_ step: ServerStep) {
    switch step {
    case .respond(let response): respond(response)
    case .sendFrame(let frame): send(frame)
    case .sendMessage(let message): send(message)
    case .sendBytes(let payload):
      rawBytesSent = true
      send(payload.bytes ?? [], .raw)
    case .pause(let milliseconds):
      ownPauses += .milliseconds(milliseconds)
      stepTimer?.set(.after(.milliseconds(milliseconds)))
    case .waitUntil(let milliseconds): wait(untilMilliseconds: milliseconds)
    case .stopReading: readingStopped = true
    case .resumeReading: readingStopped = false
    case .halfClose: endSending()
    case .closeTCP: drain()
    case .resetTCP: reset()
    case .truncateTLS: endSending(notifying: false)
    case .cutTLS(let count): stream.setManner(cut(after: count))
    case .renegotiateTLS:
      stepState = stream.renegotiate() ? .finished : .broken(reason: "TLS lets the server ask for none here")
    case .barrier(let barrier): if attempt?.arrive(name, at: barrier) ?? true { stepState = .finished }
    case .expectFrame, .expectMessage, .expectClose, .expectEnd: break
    }
  }

  private func wait(untilMilliseconds milliseconds: Int) {
    let now = MonotonicInstant.now()
    let due = (scriptBegan ?? now) + .milliseconds(milliseconds)
    guard due > now else {
      stepState = .finished
      return
    }
    ownPauses += due - now
    stepTimer?.set(.at(due))
  }

  /// The manner of the attempt, with this end.
  private func cut(after count: Int) -> TLSManner {
    var manner = attempt?.tls?.manner ?? TLSManner()
    manner.fault = .endAfter(bytes: count)
    return manner
  }

  private func look(at step: ServerStep) -> Progress {
    switch step {
    case .respond, .sendFrame, .sendMessage, .sendBytes: return queue.isEmpty ? .done : .waiting
    case .stopReading, .resumeReading, .halfClose, .closeTCP, .resetTCP, .truncateTLS, .cutTLS: return .done
    case .pause, .waitUntil, .barrier, .renegotiateTLS:
      if case .broken(let reason) = stepState { return .missed(reason) }
      return stepState == .finished ? .done : .waiting
    case .expectFrame(let expectation): return lookForFrame(expectation)
    case .expectMessage(let kind, let payload): return lookForMessage(kind, payload)
    case .expectClose: return lookForClose()
    case .expectEnd:
      while nextFrame() != nil {}
      return clientEnded ? .done : .waiting
    }
  }

  private func lookForFrame(_ expectation: FrameExpectation) -> Progress {
    while let entry = nextFrame(answersPing: { !expectation.matches($0) }) {
      if expectation.matches(entry.frame) { return .done }
      let opcode = entry.frame.header.opcode
      if !opcode.isControl || opcode == .close { return .missed("instead came \(entry.frame.summary)") }
    }
    return clientEnded ? .missed("the stream ended") : .waiting
  }

  private func lookForMessage(_ kind: ServerStep.MessageKind?, _ payload: Payload?) -> Progress {
    while let entry = nextFrame() {
      if entry.frame.header.opcode == .close { return .missed("instead came \(entry.frame.summary)") }
      if entry.isCorrupt { return .missed("the client's compressed message cannot be inflated") }
      guard let message = entry.message else { continue }
      if let kind, kind != message.kind { return .missed("instead came a \(message.kind) message") }
      if let payload, !payload.equals(message.payload) {
        return .missed("the message of \(message.payload.count) bytes has another payload")
      }
      return .done
    }
    return clientEnded ? .missed("the stream ended") : .waiting
  }

  private func lookForClose() -> Progress {
    while receivedClose == nil, nextFrame() != nil {}
    if receivedClose != nil { return .done }
    return clientEnded ? .missed("the stream ended without a Close frame") : .waiting
  }

  /// Takes the next frame. A Ping that no step asked for gets its Pong (RFC 6455 section 5.5.2), unless a Close or
  /// bytes that may be a part of a frame were sent: a Pong there would break the stream.
  private func nextFrame(answersPing: (ClientFrame) -> Bool = { _ in true }) -> ClientInbox.Entry? {
    guard let entry = inbox.next() else { return nil }
    let header = entry.frame.header
    if header.opcode == .close, receivedClose == nil { receivedClose = entry.frame.payload }
    let isLawful = header.isFinal && header.payloadLength <= 125
    if header.opcode == .ping, isLawful, isOpen, !closeSent, !rawBytesSent, !sentEnd, answersPing(entry.frame)
    {
      queue.append(Frame(.pong, entry.frame.payload).encoded(), .frame, .whole)
    }
    return entry
  }

  // MARK: - Sending

  func respond(_ response: OpeningResponse) {
    guard let request else { return }
    let bytes = response.bytes(for: request)
    isOpen = OpeningResponse.opens(bytes)
    deflate = response.agreement(with: request).map(ScriptedDeflate.init)
    inbox.deflate = deflate
    tap.responseHeadLength = bytes.isEmpty ? nil : OpeningResponse.headLength(of: bytes)
    send(bytes, .head)
  }

  private func send(_ spec: FrameSpec) {
    let frame = spec.frame
    if spec.opcode == .close { closeSent = true }
    if let length = spec.declaredLength, length != UInt64(frame.payload.count) { rawBytesSent = true }
    send(frame.encoded(), .frame)
  }

  private func send(_ message: MessageSpec) {
    let stream = message.isCompressed ? deflate?.stream(of: message) : nil
    let bytes = stream ?? message.payload.bytes ?? []
    let pieces = message.fragments.ranges(of: bytes.count)
    for (index, piece) in pieces.enumerated() {
      if index > 0, let ping = message.pingBetween?.bytes { send(Frame(.ping, ping).encoded(), .frame) }
      let opcode: Opcode = index > 0 ? .continuation : message.kind == .text ? .text : .binary
      let frame = Frame(
        opcode, Array(bytes[piece]), isFinal: index == pieces.count - 1,
        reservedBits: stream != nil && index == 0 ? 4 : 0)
      send(frame.encoded(), .frame)
    }
  }

  private func send(_ bytes: [UInt8], _ content: ChunkPlan.Content) {
    let delivery = attempt?.delivery ?? .whole
    guard delivery == .coalesced, phase == .steps else {
      return queue.append(bytes, content, delivery)
    }
    held += bytes
  }

  private func releaseHeld() {
    guard !held.isEmpty else { return }
    queue.append(held, .raw, .whole)
    held = []
    pump()
  }

  // MARK: - The ending

  func playEnding() -> Bool {
    // A script may leave reading stopped; the end of the stream has to be seen all the same.
    readingStopped = false
    guard queue.isEmpty else { return false }
    guard isOpen, !clientEnded, script.ending != .endOfStream, !sentEnd else {
      drain()
      return true
    }
    while receivedClose == nil, nextFrame() != nil {}
    if receivedClose != nil || script.ending == .closingHandshake, !closeSent {
      closeSent = true
      send(Frame(.close, closePayload).encoded(), .frame)
      return true
    }
    guard receivedClose != nil else { return false }
    drain()
    return true
  }

  /// Our Close: 1000, or the code of the client's where it came first (RFC 6455 section 5.5.1).
  private var closePayload: [UInt8] {
    guard let received = receivedClose else { return [0x03, 0xE8] }
    guard let answer = try? received.withUnsafeBytes({ try ClosePayload.parse($0) }) else {
      // What the client sent is no lawful Close; 1002 says so.
      return [0x03, 0xEA]
    }
    return answer.code.map { [UInt8($0.rawValue >> 8), UInt8(truncatingIfNeeded: $0.rawValue)] } ?? []
  }

  // MARK: - Barriers

  func barrierOpened(_ barrier: String) {
    guard isWaiting(at: barrier) else { return }
    stepState = .finished
    // Not at once: the connection that opened the barrier is in the midst of its own step.
    stepTimer?.set(.at(loop.now))
  }

  func barrierBroken(_ barrier: String, by other: String) {
    guard isWaiting(at: barrier) else { return }
    stepState = .broken(reason: "connection \(other) ended before it reached the barrier \(barrier)")
    advance()
  }

  private func isWaiting(at barrier: String) -> Bool {
    guard phase == .steps, stepIndex < script.steps.count, stepState == .begun else { return false }
    return script.steps[stepIndex] == .barrier(barrier)
  }
}

extension ServerStep {
  /// Whether the step only sends, so that ``Delivery/coalesced`` may join it with the next.
  fileprivate var isSending: Bool {
    switch self {
    case .respond, .sendFrame, .sendMessage, .sendBytes: true
    default: false
    }
  }
}

extension FrameExpectation {
  fileprivate func matches(_ frame: ClientFrame) -> Bool {
    (opcode.map { $0 == frame.header.opcode.rawValue } ?? true)
      && (isFinal.map { $0 == frame.header.isFinal } ?? true)
      && (payload.map { $0.equals(frame.payload) } ?? true)
  }
}

extension ClientFrame {
  fileprivate var summary: String {
    if header.opcode == .close, payload.count >= 2 {
      return "a Close frame with code \(Int(payload[0]) << 8 | Int(payload[1]))"
    }
    return "a \(header.opcode) frame of \(header.payloadLength) bytes"
  }
}
