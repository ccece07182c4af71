import Logging
import PosixIO
import Traces
import WebSocketProtocol

/// What a connection needs until it is open, apart from it, so that an idle one takes less memory.
private final class Opening {
  var handshake: ServerHandshake

  init(_ limits: Limits) { handshake = ServerHandshake(limits: limits) }
}

/// One connection of the echo server: readiness, system calls, protocol machine and reply in one call, on the loop.
///
/// States: handshaking → open → draining → closed; handshaking and open may go to draining or closed at any time.
final class EchoConnection: ReadinessHandler, PatientHandler {
  private enum Phase {
    /// Waits for the rest of the request.
    case handshaking
    /// Echoes.
    case open
    /// Our Close is out, our direction is ended; reads and drops until the client's end of stream.
    case draining
    case closed
  }

  /// The place in the server's list.
  var index = 0
  // The server keeps itself alive until its last connection has gone.
  private unowned(unsafe) let server: EchoServer
  private unowned(unsafe) let loop: EventLoop
  // Unchecked, for what every message touches: all of it belongs to the loop's thread, which each entry (`isReady`,
  // `shutDown`, the timer) checks, and nothing that is called while one of these is being changed comes back here.
  @exclusivity(unchecked) private var stream: ByteStream
  @exclusivity(unchecked) private var phase = Phase.handshaking
  @exclusivity(unchecked) private var machine: ConnectionMachine
  @exclusivity(unchecked) private var share = ReadShare()
  @exclusivity(unchecked) private var unsent = UnsentBytes()
  @exclusivity(unchecked) private var interest = Readiness.readable
  /// When the client last sent something on the open connection: the timer is not moved with each message, it looks here.
  @exclusivity(unchecked) private var lastInput: MonotonicInstant
  /// Whether TCP is to be half-closed once all is sent.
  @exclusivity(unchecked) private var drainsAfterFlush = false
  /// What was reported since it lets others go first; nil while it does not.
  @exclusivity(unchecked) private var waiting: Readiness?
  private var failureIsTold = false
  private var opening: Opening?
  private var registration: Registration?
  private var timer: LoopTimer?
  private let tap: FrameTap?
  /// Whether the kernel stamps what is received and sent.
  private var hasStamps = false

  init(_ stream: consuming ByteStream, _ peer: SocketAddress, in server: EchoServer) throws(PosixError) {
    self.server = server
    loop = server.loop
    lastInput = loop.now
    machine = .server(limits: server.configuration.limits)
    opening = Opening(server.configuration.limits)
    tap =
      server.configuration.captureLimit > 0
      ? FrameTap(captureLimit: server.configuration.captureLimit) : nil
    self.stream = stream
    if server.configuration.stampsSending, tap != nil {
      hasStamps = self.stream.socket.enableAllKernelInstants() == .receivedAndSent
    }
    registration = try loop.register(self.stream.descriptor, .readable, self)
    timer = LoopTimer(on: loop) { [unowned(unsafe) self] in timeout() }
    timer?.set(.after(server.configuration.handshakeTimeout, from: loop.now))
    tap?.note(.opened(peer: peer.description), at: loop.now)
  }

  /// At once, unless that will take long.
  func isReady(_ readiness: Readiness) {
    loop.preconditionOnLoop()
    if let waiting {
      self.waiting = waiting.union(readiness)
      // From here on each turn would report it again, and the more wait the longer each turn would take.
      ask(for: [])
    } else if share.takesLong {
      letOthersFirst(readiness)
    } else {
      transfer(readiness)
    }
  }

  func turnHasCome() {
    guard let readiness = waiting else { return }
    waiting = nil
    transfer(readiness)
    if interest.isEmpty, phase != .closed { ask(for: wanted) }
  }

  private func letOthersFirst(_ readiness: Readiness) {
    waiting = readiness
    loop.letOthersFirst(self)
  }

  /// Writes what is left, and reads once: epoll reports a level, so what remains is reported in the next turn, after other connections
  /// had theirs. What TLS holds it does not report.
  @inline(__always)
  private func transfer(_ readiness: Readiness) {
    if readiness.contains(.writable) { flushUnsent() }
    // Where stamps are told, an error is mostly one of these, and nothing to be read.
    let reading: Readiness = hasStamps ? [.readable, .hungUp] : [.readable, .error, .hungUp]
    if phase != .closed, !readiness.isDisjoint(with: reading) || stream.holdsInput {
      read(readiness)
      if stream.holdsInput, mayRead { letOthersFirst([]) }
      if stream.holdsUnsent { updateInterest() }
    }
    // An exchange leaves two: the acknowledgement of the echo before, and that this one has left.
    takeTransmissions(expecting: readiness == .error ? nil : 2)
  }

  /// At the end of a wake-up that may have sent something: otherwise what the kernel has to tell of that would be a wake-up of its own.
  private func takeTransmissions(expecting expected: Int? = nil) {
    guard hasStamps, phase != .closed, let tap else { return }
    stream.socket.takeTransmissions(expecting: expected) { tap.transmitted($0) }
  }

  private var mayRead: Bool {
    phase != .closed && unsent.count <= server.configuration.sendHighWaterMark
  }

  @inline(__always)
  private func read(_ readiness: Readiness) {
    let buffers = server.buffers
    if tap == nil, !stream.isSecure, phase == .open, let room = machine.payloadRoom() {
      return read(into: room, readiness, buffers)
    }
    var kernel: MonotonicInstant?
    let memory = UnsafeMutableRawBufferPointer(rebasing: buffers.input[..<share.bytes])
    let transfer =
      hasStamps ? stream.receive(into: memory, kernelInstant: &kernel) : stream.receive(into: memory)
    if case .moved(let count) = transfer {
      take(UnsafeMutableRawBufferPointer(rebasing: buffers.input[..<count]), kernel, buffers)
    } else {
      takeEnding(transfer, readiness)
    }
  }

  /// Reads what is missing of a large message to where it is put together, and what follows to where all else goes.
  private func read(
    into room: UnsafeMutableRawBufferPointer, _ readiness: Readiness, _ buffers: LoopBuffers
  ) {
    let behind = UnsafeMutableRawBufferPointer(rebasing: buffers.input[..<share.bytes])
    let transfer = stream.socket.receive(into: room, then: behind)
    guard case .moved(let count) = transfer else { return takeEnding(transfer, readiness) }
    let inPlace = min(count, room.count)
    let rest = UnsafeMutableRawBufferPointer(rebasing: buffers.input[..<(count - inPlace)])
    echo(ReceivedBytes(rest, inPlace: inPlace), buffers)
  }

  private func takeEnding(_ transfer: Transfer, _ readiness: Readiness) {
    switch transfer {
    case .moved: break
    case .end:
      if let failure = stream.tlsFailure { tellTLS(failure) }
      tap?.note(.receivedEnd, at: loop.now)
      close()
    case .wouldBlock:
      if readiness.contains(.error) { stream.socket.discardErrorQueue() }
    case .failed(.protocolError) where stream.isSecure: failTLS()
    case .failed:
      tap?.note(.receivedReset, at: loop.now)
      close()
    }
  }

  @inline(__always)
  private func take(
    _ bytes: UnsafeMutableRawBufferPointer, _ kernel: MonotonicInstant?, _ buffers: LoopBuffers
  ) {
    if let tap { tap.received(UnsafeRawBufferPointer(bytes), at: loop.now, kernel: kernel) }
    switch phase {
    case .open: echo(ReceivedBytes(bytes), buffers)
    case .handshaking: shakeHands(bytes, buffers)
    case .draining, .closed: break
    }
  }

  private func echo(_ received: ReceivedBytes, _ buffers: LoopBuffers) {
    var input = received
    var messages = 0
    var hasReplied = false
    let (framesBefore, inflatedBefore) = (machine.frameCount, machine.inflatedCount)
    while let event = machine.next(&input, &buffers.output) {
      switch event {
      case .message(let opcode, let payload):
        messages &+= 1
        // After our own Close nothing may be sent: such a message is dropped.
        try? machine.send(opcode, UnsafeRawBufferPointer(payload), &buffers.output)
        if buffers.output.lent != nil {
          send(buffers, messages)
          messages = 0
          hasReplied = true
        }
      case .ping, .pong: break
      case .close, .violation:
        drainsAfterFlush = true
        // For what is still to be sent before; moved while the client takes of it.
        timer?.set(closeLimit)
      }
    }
    share.note(
      bytes: received.remaining + received.inPlace, frames: machine.frameCount - framesBefore,
      inflated: machine.inflatedCount - inflatedBefore)
    lastInput = loop.now
    if buffers.output.count > 0 {
      send(buffers, messages)
    } else if !hasReplied {
      // No reply carries an acknowledgement, and a client with Nagle's algorithm on holds the rest of its frame
      // back until one comes.
      stream.socket.acknowledgeNow()
    }
    if drainsAfterFlush { drainIfFlushed() }
  }

  private func shakeHands(_ bytes: UnsafeMutableRawBufferPointer, _ buffers: LoopBuffers) {
    guard let progress = opening?.handshake.receive(UnsafeRawBufferPointer(bytes)) else { return }
    switch progress {
    case .incomplete: stream.socket.acknowledgeNow()
    case .request(let request, let consumed):
      let deflate = server.configuration.compression?.agreement(with: request)
      guard let response = try? ServerHandshake.accept(request, deflate: deflate?.parameters) else {
        return close()
      }
      if let deflate { machine = .server(limits: server.configuration.limits, deflate: deflate) }
      if let tap, let details = stream.tlsDetails { tap.note(.secured(details.facts), at: loop.now) }
      tap?.requestHeadLength = request.head.rawBytes.count
      tap?.responseHeadLength = response.count
      opening = nil
      phase = .open
      lastInput = loop.now
      timer?.set(idleLimit)
      buffers.output.append(response)
      let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[consumed...])
      echo(ReceivedBytes(rest), buffers)
    case .rejected(let rejection):
      server.configuration.logger.debug("request refused", metadata: ["reason": "\(rejection)"])
      tap?.note(.requestRefused(reason: rejection.description), at: loop.now)
      buffers.output.append(ServerHandshake.refuse(rejection))
      drainsAfterFlush = true
      send(buffers, 0)
      drainIfFlushed()
    }
  }

  /// The one write of a wake-up, or of a large message.
  @inline(__always)
  private func send(_ buffers: LoopBuffers, _ messages: Int) {
    let bytes = buffers.output.bytes
    let lent = buffers.output.lent ?? UnsafeRawBufferPointer(start: nil, count: 0)
    if unsent.isEmpty {
      sendNow(bytes, lent)
    } else {
      unsent.append(bytes)
      unsent.append(lent)
    }
    if let recorder = server.configuration.recorder, messages > 0 {
      let spent = MonotonicInstant.now().nanoseconds - loop.now.nanoseconds
      recorder.echoed(messages: messages, bytes: bytes.count + lent.count, nanoseconds: spent)
    }
    buffers.output.removeAll()
    if !unsent.isEmpty || stream.holdsUnsent { updateInterest() }
  }

  @inline(__always)
  private func sendNow(_ bytes: UnsafeRawBufferPointer, _ lent: UnsafeRawBufferPointer) {
    // Behind a Close nothing is sent, and its end follows at once: `drainIfFlushed`.
    let transfer =
      lent.isEmpty ? stream.send(bytes, endFollows: drainsAfterFlush) : stream.send(bytes, lent)
    guard case .moved(let count) = transfer else {
      guard transfer == .wouldBlock else { return }
      unsent.append(bytes)
      unsent.append(lent)
      return
    }
    let inBytes = min(count, bytes.count)
    if let tap {
      record(UnsafeRawBufferPointer(rebasing: bytes[..<inBytes]), in: tap)
      if count > inBytes { record(UnsafeRawBufferPointer(rebasing: lent[..<(count - inBytes)]), in: tap) }
    }
    guard count < bytes.count + lent.count else { return }
    unsent.append(UnsafeRawBufferPointer(rebasing: bytes[inBytes...]))
    unsent.append(UnsafeRawBufferPointer(rebasing: lent[(count - inBytes)...]))
  }

  /// Notes bytes that the kernel has taken.
  private func record(_ bytes: UnsafeRawBufferPointer, in tap: FrameTap) {
    let end = hasStamps ? stream.tlsByteCount ?? (tap.sentByteCount + bytes.count) : nil
    tap.sent(bytes, at: loop.now, stampedEnd: end)
  }

  private func flushUnsent() {
    guard stream.flush() else { return }
    while !unsent.isEmpty {
      let transfer = unsent.withBytes { bytes in
        let transfer = stream.send(bytes)
        if case .moved(let count) = transfer {
          if let tap { record(UnsafeRawBufferPointer(rebasing: bytes[..<count]), in: tap) }
        }
        return transfer
      }
      switch transfer {
      case .moved(let count):
        unsent.removeFirst(count)
        if drainsAfterFlush { timer?.set(closeLimit) }
      case .wouldBlock, .end: return updateInterest()
      case .failed:
        // The reason is read, and told, by the next receive.
        unsent = UnsentBytes()
      }
    }
    updateInterest()
    if drainsAfterFlush { drainIfFlushed() }
  }

  /// Not while it lets others go first and is not to be reported.
  private func updateInterest() {
    if !interest.isEmpty { ask(for: wanted) }
  }

  /// What is to be reported; never nothing.
  private var wanted: Readiness {
    var wanted: Readiness = []
    if !unsent.isEmpty || stream.holdsUnsent { wanted.insert(.writable) }
    if unsent.count <= server.configuration.sendHighWaterMark { wanted.insert(.readable) }
    return wanted
  }

  private func ask(for readiness: Readiness) {
    guard readiness != interest, let registration else { return }
    interest = readiness
    loop.change(registration, to: readiness)
  }

  private func drainIfFlushed() {
    guard unsent.isEmpty, !stream.holdsUnsent, phase != .closed, phase != .draining else { return }
    phase = .draining
    stream.endSending()
    tap?.note(.sentEnd, at: loop.now)
    timer?.set(closeLimit)
  }

  /// TLS is over: an alert has told the client why, and is not to be overtaken by a reset.
  private func failTLS() {
    if let failure = stream.tlsFailure { tellTLS(failure) }
    unsent = UnsentBytes()
    drainsAfterFlush = true
    drainIfFlushed()
  }

  private func tellTLS(_ failure: TLSError) {
    guard !failureIsTold else { return }
    failureIsTold = true
    server.configuration.logger.debug("TLS failed", metadata: ["reason": "\(failure)"])
    tap?.note(.tlsFailed(failure), at: loop.now)
  }

  private func timeout() {
    switch phase {
    case .closed, .draining: close()
    case .handshaking:
      drainsAfterFlush = true
      drainIfFlushed()
    case .open:
      if drainsAfterFlush || machine.state != .open {
        // The client neither reads nor answers our Close.
        unsent = UnsentBytes()
        drainsAfterFlush = true
        drainIfFlushed()
      } else if idleLimit.hasPassed(at: loop.now) {
        shutDown()
      } else {
        timer?.set(idleLimit)
      }
    }
  }

  private var closeLimit: Deadline { .after(server.configuration.closeTimeout, from: loop.now) }

  private var idleLimit: Deadline {
    server.configuration.idleTimeout.map { .after($0, from: lastInput) } ?? .never
  }

  /// Starts the closing handshake with 1001.
  func shutDown() {
    loop.preconditionOnLoop()
    guard phase == .open else {
      drainsAfterFlush = true
      return drainIfFlushed()
    }
    let buffers = server.buffers
    if let goingAway = try? ClosePayload(.goingAway) { try? machine.close(goingAway, &buffers.output) }
    if buffers.output.count > 0 { send(buffers, 0) }
    timer?.set(closeLimit)
  }

  private func close() {
    guard phase != .closed else { return }
    takeTransmissions()
    phase = .closed
    waiting = nil
    timer?.cancel()
    if let registration { loop.deregister(registration, closesNext: true) }
    stream.close()
    if let tap {
      tap.note(.closed, at: loop.now)
      server.configuration.onTrace?(tap.trace(name: "echo", token: ""))
    }
    server.remove(self)
  }
}
