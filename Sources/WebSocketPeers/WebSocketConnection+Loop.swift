import PosixIO
import Synchronization
import WebSocketProtocol

/// What a connection does on its loop: readiness, reading, writing, closing.
extension WebSocketConnection: EndOfTurnHandler {
  func isReady(_ readiness: Readiness) {
    loop.preconditionOnLoop()
    if !readiness.isDisjoint(with: [.readable, .peerEnded, .error, .hungUp]) {
      isReadable = true
      if !readiness.isDisjoint(with: [.peerEnded, .error, .hungUp]) { endIsReported = true }
      // After the last message nobody asks any more, but the end of TCP has to be seen.
      if isOver { readToEnd() }
    }
    if readiness.contains(.writable), output.count > outputStart || stream.holdsUnsent { flush() }
    wakeWaiters()
  }

  /// The one write for everything that was sent in this turn.
  public func turnEnds() {
    isDirty = false
    flush()
    if isOver { readToEnd() }
  }

  func receiveOnLoop(_ deadline: Deadline) async throws -> Message? {
    loop.preconditionOnLoop()
    while true {
      if let message = messages.popFirst() { return message }
      if isOver { return nil }
      if !held.isEmpty {
        if let message = process() { return message }
      } else if isReadable {
        if let message = readOnce() { return message }
      } else if isDirty {
        // What was answered leaves before the wait is set up, which takes as long as a tenth of an exchange.
        isDirty = false
        flush()
      } else {
        try await wait(.receive, deadline)
      }
    }
  }

  /// Puts a message among the bytes to be sent, and lets go of it.
  func append(_ message: consuming Message) throws {
    switch consume message {
    case .text(var text):
      try text.withUTF8 { try append(.text, UnsafeRawBufferPointer($0), isFinal: true) }
    case .binary(let bytes): try append(.binary, bytes, isFinal: true)
    }
  }

  /// Puts a frame among the bytes to be sent.
  func append(_ opcode: Opcode, _ payload: [UInt8], isFinal: Bool) throws(InvalidOperation) {
    try payload.withUnsafeBufferPointer { (bytes) throws(InvalidOperation) in
      try append(opcode, UnsafeRawBufferPointer(bytes), isFinal: isFinal)
    }
  }

  private func append(
    _ opcode: Opcode, _ payload: UnsafeRawBufferPointer, isFinal: Bool
  ) throws(InvalidOperation) {
    loop.preconditionOnLoop()
    guard !isClosed else { throw .notOpen }
    try machine.send(opcode, payload, isFinal: isFinal, &output)
    markDirty()
  }

  /// Waits until so much of what was appended is sent that more may be.
  func makeRoom() async throws {
    guard output.count - outputStart > configuration.sendHighWaterMark else { return }
    flush()
    let deadline = Deadline.after(configuration.sendTimeout)
    while output.count - outputStart > configuration.sendHighWaterMark {
      guard !isClosed else { throw InvalidOperation.notOpen }
      try await wait(.send, deadline)
    }
  }

  func pingOnLoop(_ payload: [UInt8], _ deadline: Deadline) async throws -> Duration {
    loop.preconditionOnLoop()
    guard !isClosed else { throw InvalidOperation.notOpen }
    try payload.withUnsafeBufferPointer { (bytes) throws(InvalidOperation) in
      try machine.ping(UnsafeRawBufferPointer(bytes), &output)
    }
    let start = MonotonicInstant.now()
    pongs[payload] = nil
    flush()
    while true {
      if let instant = pongs.removeValue(forKey: payload) { return instant - start }
      guard !isOver else { throw InvalidOperation.notOpen }
      if !held.isEmpty {
        process(ahead: true)
      } else if isReadable, messages.count < Self.mostQueuedMessages {
        readOnce(ahead: true)
        wakeWaiters()
      } else {
        try await wait(.receive, deadline)
      }
    }
  }

  func closeOnLoop(_ payload: ClosePayload) async throws -> Bool {
    loop.preconditionOnLoop()
    if machine.state == .open {
      try machine.close(payload, &output)
      shared.withLock { $0.isOpen = false }
      closeTimer?.set(.after(configuration.closeTimeout))
    }
    discardsMessages = true
    messages = MessageQueue()
    flush()
    while !isClosed {
      // The timer ends this wait: it closes TCP.
      if !held.isEmpty {
        process()
      } else if isReadable {
        readOnce()
      } else {
        try await wait(.close, .never)
      }
    }
    return closeStatus?.wasClean ?? false
  }

  // MARK: - Reading

  /// Reads once, when nothing is held of the read before, or nobody wants it any more; what ``process(ahead:)`` makes of it.
  @discardableResult
  private func readOnce(ahead: Bool = false) -> Message? {
    switch stream.receive(into: memory) {
    case .moved(let count):
      // A short read took all there was; what comes later is reported anew.
      if count < memory.count, !endIsReported, !stream.hasMore { isReadable = false }
      held = 0..<count
      return process(ahead: ahead)
    case .wouldBlock: if !stream.hasMore { isReadable = false }
    case .end, .failed: finish()
    }
    return nil
  }

  /// Looks at what is held of the last read, up to the next message, which is returned, or with `ahead` at all of it; then the messages
  /// are kept.
  ///
  /// What lies behind a message is looked at when somebody asks for more: a breach there fails the connection, and must not keep
  /// the application from answering what came lawfully before it.
  @discardableResult
  private func process(ahead: Bool = false) -> Message? {
    var input = ReceivedBytes(UnsafeMutableRawBufferPointer(rebasing: memory[held]))
    let end = held.upperBound
    held = end..<end
    var first: Message?
    while let event = machine.next(&input, &output) {
      switch event {
      case .message(let opcode, let payload) where !discardsMessages:
        let message = Message(opcode, payload)
        if ahead { messages.append(message) } else { first = message }
      case .message, .ping: break
      case .pong(let payload): if pongs.count < 64 { pongs[[UInt8](payload)] = .now() }
      case .close: noMoreMessages(nil)
      case .violation(let violation): noMoreMessages(violation)
      }
      if first != nil, input.remaining > 0 {
        held = end - input.remaining..<end
        break
      }
    }
    if output.count > outputStart {
      markDirty()
    } else if first == nil, messages.count == 0 {
      // Nothing will carry an acknowledgement soon; a peer with Nagle's algorithm on may wait for one.
      stream.socket.acknowledgeNow()
    }
    return first
  }

  private func noMoreMessages(_ violation: ProtocolViolation?) {
    isOver = true
    shared.withLock { shared in
      shared.isOpen = false
      shared.violation = violation
    }
    closeTimer?.set(.after(configuration.closeTimeout))
    markDirty()
  }

  private func readToEnd() {
    while isReadable, !isClosed { readOnce() }
  }

  // MARK: - Writing

  func markDirty() {
    guard !isDirty else { return }
    isDirty = true
    loop.atEndOfTurn(self)
  }

  func flush() {
    guard !isClosed, stream.flush() else { return }
    while output.count > outputStart {
      switch stream.send(UnsafeRawBufferPointer(rebasing: output.bytes[outputStart...])) {
      case .moved(let count): outputStart += count
      case .wouldBlock, .end: return
      case .failed:
        // The next read tells how it ended.
        outputStart = output.count
        isReadable = true
        wakeWaiters()
      }
    }
    output.removeAll()
    outputStart = 0
    if machine.directive == .halfCloseAndDrain { stream.endSending() }
    // Who waits for a message has none yet.
    wakeWaiters { $0 == .send }
  }

  // MARK: - The end

  /// TCP has ended, or is ended here because the peer took too long.
  func finish() {
    loop.preconditionOnLoop()
    guard !isClosed else { return }
    isClosed = true
    isOver = true
    let status = machine.receiveEndOfStream()
    let failure = stream.tlsFailure
    shared.withLock { shared in
      shared.isOpen = false
      shared.status = status
      shared.tlsFailure = failure
    }
    closeTimer?.cancel()
    if let registration { loop.deregister(registration, closesNext: true) }
    registration = nil
    stream.close()
    wakeWaiters()
  }

  // MARK: - Waiting

  enum WaitPurpose {
    case receive
    case send
    case close
  }

  /// Waits until something has happened, the deadline has passed or the task is cancelled.
  private func wait(_ purpose: WaitPurpose, _ deadline: Deadline) async throws {
    nextWaiter &+= 1
    let id = nextWaiter
    try await withTaskCancellationHandler {
      // Unchecked, as every message may wait: a waiter is resumed by whoever takes it out of the list, and by nobody else.
      try await withUnsafeThrowingContinuation { continuation in
        addWaiter(id, purpose, deadline, continuation)
      }
    } onCancel: {
      // Runs on the loop after the waiter was added: this job goes on until it waits.
      loop.submit { self.wake(id, throwing: CancellationError()) }
    }
  }

  private func addWaiter(
    _ id: UInt64, _ purpose: WaitPurpose, _ deadline: Deadline,
    _ continuation: UnsafeContinuation<Void, any Error>
  ) {
    var timer: LoopTimer?
    if deadline != .never {
      timer = LoopTimer(on: loop) { [weak self] in
        let operation: SystemOperation = purpose == .send ? .send : .receive
        self?.wake(id, throwing: PosixError(operation, "the peer", .timedOut))
      }
      timer?.set(deadline)
    }
    waiters.append(
      Waiter(id: id, purpose: purpose, continuation: continuation, timer: timer))
  }

  private func wake(_ id: UInt64, throwing error: any Error) {
    guard let index = waiters.firstIndex(where: { $0.id == id }) else { return }
    let waiter = waiters.remove(at: index)
    waiter.timer?.cancel()
    waiter.continuation.resume(throwing: error)
  }

  /// Wakes those who wait for such a purpose, by default all, in the order in which they came. They look again in a job of their own.
  func wakeWaiters(for isMeant: (WaitPurpose) -> Bool = { _ in true }) {
    var index = 0
    while index < waiters.count {
      guard isMeant(waiters[index].purpose) else {
        index += 1
        continue
      }
      let waiter = waiters.remove(at: index)
      waiter.timer?.cancel()
      waiter.continuation.resume()
    }
  }
}
