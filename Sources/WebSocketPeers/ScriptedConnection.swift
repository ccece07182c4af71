import PosixIO
import Steps
import Traces
import WebSocketProtocol

/// One connection of the scripted server: reads, writes and timers on the loop, around the script that
/// `ScriptedConnection+Steps.swift` plays.
///
/// States: head → steps → ending → draining → closed; a stray goes from head to draining, a reset to closed.
final class ScriptedConnection: ReadinessHandler {
  enum Phase {
    /// Waits for the request head.
    case head
    /// Plays the script.
    case steps
    /// The script is over; does what its ending says.
    case ending
    /// Our direction is ended; reads until the client's end of stream.
    case draining
    case closed
  }

  let loop: EventLoop
  let tap: FrameTap
  var phase = Phase.head
  var script = ConnectionScript(name: "", steps: [])
  var stepIndex = 0
  /// Where the current step stands, for those that begin and then wait.
  var stepState = StepState.notBegun
  var inbox = ClientInbox()
  /// permessage-deflate, where the response agreed on it.
  var deflate: ScriptedDeflate?
  var queue = SendQueue()
  /// Bytes of sending steps that ``Delivery/coalesced`` holds back until a waiting step comes.
  var held: [UInt8] = []
  /// Whether the response lets the client take the connection as open, so that frames make sense.
  var isOpen = false
  var closeSent = false
  var receivedClose: [UInt8]?
  var rawBytesSent = false
  var clientEnded = false
  var readingStopped = false
  var sentEnd = false
  var stepTimer: LoopTimer?
  /// When the script's first step began: what its times are counted from.
  var scriptBegan: MonotonicInstant?
  /// The pauses that the script and its delivery have asked for so far.
  var ownPauses = Duration.zero
  private(set) var request: ServerHandshake.Request?
  private(set) weak var attempt: ScriptedAttempt?

  let server: ScriptedServer
  let peer: SocketAddress
  var stream: ByteStream
  private let acknowledgesAtOnce: Bool
  /// Whether the kernel tells when bytes that are sent leave.
  private var stampsSending = false
  private var registration: Registration?
  private var interest = Readiness.readable
  private var handshake: ServerHandshake
  var sendTimer: LoopTimer?
  /// Whether the next chunk waits for its pause to end.
  var isPacing: Bool { sendTimer?.isSet == true }
  private var headTimer: LoopTimer?
  var waitsForWritable = false
  private var isAdvancing = false
  private var isStray = false
  private var secureIsTold = false
  private var failureIsTold = false
  /// What came of the request head of a connection that waits for an attempt of its own.
  private var parked: Parked?

  private enum Parked {
    /// With what came behind it.
    case request([UInt8])
    case rejected(HandshakeRejection)
  }

  enum StepState: Equatable { case notBegun, begun, finished, broken(reason: String) }

  /// Writes in one turn before other connections get theirs.
  static let writesPerTurn = 256
  /// Payload bytes that no step has looked at, beyond which nothing more is read.
  static let mostHeldBytes = 4 << 20

  init(_ stream: consuming ByteStream, _ peer: SocketAddress, in server: ScriptedServer) throws(PosixError) {
    self.server = server
    self.peer = peer
    loop = server.loop
    tap = FrameTap(captureLimit: server.configuration.captureLimit)
    handshake = ServerHandshake(limits: server.configuration.limits)
    self.stream = stream
    acknowledgesAtOnce = server.acknowledgesAtOnce
    if !acknowledgesAtOnce { self.stream.leaveAcknowledgements() }
    // Where the kernel refuses, the trace shows it by having no kernel instants.
    if server.configuration.stampsSending {
      let told = self.stream.socket.enableAllKernelInstants()
      server.note(told)
      stampsSending = told == .receivedAndSent
      (tap.tcpRoundTrip, tap.clientWindow) = self.stream.socket.peerState()
    } else {
      _ = self.stream.socket.enableKernelInstants()
    }
    registration = try loop.register(self.stream.descriptor, .readable, self)
    sendTimer = LoopTimer(on: loop) { [unowned self] in sendPauseEnded() }
    stepTimer = LoopTimer(on: loop) { [unowned self] in stepPauseEnded() }
    headTimer = LoopTimer(on: loop) { [unowned self] in headTimedOut() }
    headTimer?.set(.after(server.configuration.headTimeout, from: loop.now))
    tap.note(.opened(peer: peer.description), at: loop.now)
  }

  /// When something of a TLS handshake came last: no byte of the application's, but a sign of life.
  private(set) var lastHandshakeInstant: MonotonicInstant?
  /// Whether the TLS handshake goes on.
  var isShakingHands: Bool { stream.isSecure && !secureIsTold && !failureIsTold && !isClosed }
  /// Whether TLS is spoken.
  var isSecure: Bool { stream.isSecure }
  /// Whether TLS has not come about, so that the client may try again.
  var lacksHandshake: Bool { stream.isSecure && !secureIsTold }

  var name: String { script.name }
  var isClosed: Bool { phase == .closed }

  func trace() -> ConnectionTrace { tap.trace(name: script.name, token: attempt?.token ?? "") }

  /// Given a script by the attempt that its token, or its port, named.
  func play(_ script: ConnectionScript, in attempt: ScriptedAttempt) {
    self.script = script
    self.attempt = attempt
    headTimer?.cancel()
  }

  /// Another connection has got the script: what becomes of this one is nobody's matter any more.
  func letGo() {
    attempt = nil
    isStray = true
  }

  /// Lets the kernel read ahead, on a connection whose listener bounded it.
  func enlargeReceiveBuffer() { stream.socket.limitBuffers(receive: ScriptedServer.readReceiveBuffer) }

  /// Goes on with the request head, if that was complete before somebody claimed the connection.
  func resumeAfterClaim() {
    guard let parked else { return }
    self.parked = nil
    switch parked {
    case .request(let rest): rest.withUnsafeBytes { begin($0) }
    case .rejected(let rejection): fail(rejection)
    }
  }

  func isReady(_ readiness: Readiness) {
    loop.preconditionOnLoop()
    if readiness.contains(.error) { takeTransmissions() }
    if readiness.contains(.writable) {
      waitsForWritable = false
      stream.flush()
      pump()
      advance()
    }
    if phase != .closed, !readiness.isDisjoint(with: [.readable, .error, .hungUp]) {
      if !clientEnded {
        repeat { read(readiness) } while stream.holdsInput && !clientEnded && phase != .closed
      } else if readiness.contains(.hungUp) {
        loseClient()
      } else {
        stream.socket.discardErrorQueue()
      }
    }
    updateInterest()
  }

  private func takeTransmissions() {
    guard stampsSending else { return }
    stream.socket.takeTransmissions { tap.transmitted($0) }
  }

  /// How many bytes the kernel has been given in all, where it stamps them, once these have been sent.
  func stampedEnd(afterSending count: Int) -> Int? {
    stampsSending ? stream.tlsByteCount ?? (tap.sentByteCount + count) : nil
  }

  /// Both directions have ended, or the client broke the rest off: nothing more will be reported but that, again and again
  /// and without being asked for. The script plays on without the socket.
  private func loseClient() {
    if let registration { loop.deregister(registration) }
    registration = nil
    queue.removeAll()
    waitsForWritable = false
    advance()
  }

  /// Reads once: epoll reports a level, so what is left is reported in the next turn, after other connections had theirs.
  private func read(_ readiness: Readiness) {
    let memory = server.readMemory
    var kernel: MonotonicInstant?
    switch stream.receive(into: memory, kernelInstant: &kernel) {
    case .moved(let count):
      let bytes = UnsafeRawBufferPointer(rebasing: memory[..<count])
      tellTLS()
      tap.received(bytes, at: loop.now, kernel: kernel)
      take(bytes)
    case .end:
      clientEnded = true
      tellTLS()
      tap.note(.receivedEnd, at: loop.now)
      streamEnded()
    case .wouldBlock:
      tellTLS()
      // Without more there may have been nothing: the socket is looked at for other reasons, too.
      if isShakingHands, stream.hasMore { noteHandshake() }
      if readiness.contains(.error) { stream.socket.discardErrorQueue() }
    case .failed(.protocolError) where stream.isSecure: failTLS()
    case .failed:
      clientEnded = true
      tellTLS()
      tap.note(.receivedReset, at: loop.now)
      queue.removeAll()
      streamEnded()
      close()
    }
  }

  /// Something of a handshake came. One that is to go wrong has its time from the first of it, not from the connection: a client that
  /// takes long to begin is to see what goes wrong as well.
  private func noteHandshake() {
    if lastHandshakeInstant == nil, let limit = attempt?.tls?.handshakeTimeout {
      headTimer?.set(.after(limit, from: loop.now))
    }
    lastHandshakeInstant = loop.now
  }

  /// Notes once that the handshake is complete, and once that TLS has failed.
  private func tellTLS() {
    if !secureIsTold, let details = stream.tlsDetails {
      secureIsTold = true
      if attempt?.tls?.handshakeTimeout != nil { headTimer?.cancel() }
      tap.note(.secured(details.facts), at: loop.now)
    }
    if !failureIsTold, let failure = stream.tlsFailure {
      failureIsTold = true
      tap.note(.tlsFailed(failure), at: loop.now)
    }
  }

  /// TLS is over: an alert has told the client why. What is left to see is how the client ends TCP.
  private func failTLS() {
    tellTLS()
    queue.removeAll()
    // An attempt waits for that as long as for every end.
    headTimer?.cancel()
    if attempt == nil { headTimer?.set(.after(server.configuration.drainTimeout, from: loop.now)) }
    drain()
  }

  private func take(_ bytes: UnsafeRawBufferPointer) {
    switch phase {
    case .head: takeHead(bytes)
    case .steps, .ending: takeFrames(bytes)
    case .draining, .closed: break
    }
  }

  private func takeFrames(_ bytes: UnsafeRawBufferPointer) {
    inbox.receive(bytes)
    // A client with Nagle's algorithm on holds the rest of a frame back until this is acknowledged.
    if acknowledgesAtOnce { stream.socket.acknowledgeNow() }
    advance()
  }

  private func takeHead(_ bytes: UnsafeRawBufferPointer) {
    guard parked == nil else { return takeBehindParkedHead(bytes) }
    let progress = handshake.receive(bytes)
    if attempt == nil, let target = tap.requestTarget { _ = server.claim(self, target: target) }
    switch progress {
    case .incomplete: if acknowledgesAtOnce { stream.socket.acknowledgeNow() }
    case .request(let request, let consumed):
      self.request = request
      let rest = UnsafeRawBufferPointer(rebasing: bytes[consumed...])
      guard attempt != nil else { return offer(.request(Array(rest))) }
      begin(rest)
    case .rejected(let rejection):
      guard attempt != nil else { return offer(.rejected(rejection)) }
      fail(rejection)
    }
  }

  /// Plays the script to a request that is in order; `rest` came behind it.
  private func begin(_ rest: UnsafeRawBufferPointer) {
    tap.requestHeadLength = request?.head.rawBytes.count
    phase = .steps
    beginScript()
    if rest.isEmpty { advance() } else { takeFrames(rest) }
  }

  private func fail(_ rejection: HandshakeRejection) {
    tap.note(.requestRefused(reason: rejection.description), at: loop.now)
    refuse(rejection)
  }

  /// Waits for an attempt of its own, where somebody may have one for it.
  private func offer(_ head: Parked) {
    guard let handler = server.configuration.onUnclaimed, let target = tap.requestTarget else {
      return refuseStray()
    }
    parked = head
    headTimer?.set(.after(server.configuration.answerTimeout, from: loop.now))
    handler(UnclaimedConnection(self, target: target, in: server))
  }

  /// Answers the request before there is anything to play.
  func acceptParked() {
    guard case .request? = parked, !isOpen else { return }
    respond(.accept())
    pump()
    updateInterest()
  }

  /// A client that does not wait for the response: kept for whoever judges it, within bounds.
  private func takeBehindParkedHead(_ bytes: UnsafeRawBufferPointer) {
    guard case .request(let rest)? = parked, rest.count + bytes.count <= Self.mostHeldBytes else { return }
    parked = .request(rest + bytes)
  }

  /// Answers and drains. The answer of a stray is not cut: no scenario's delivery reaches it.
  private func refuse(_ rejection: HandshakeRejection) {
    let response = ServerHandshake.refuse(rejection)
    tap.responseHeadLength = OpeningResponse.headLength(of: response)
    queue.append(response, .head, .whole)
    drain()
  }

  private func refuseStray() {
    recordStray()
    headTimer?.set(.after(server.configuration.drainTimeout, from: loop.now))
    refuse(HandshakeRejection(.application, status: 403))
  }

  private func recordStray() {
    guard attempt == nil, !isStray, parked == nil else { return }
    isStray = true
    let target = tap.requestTarget ?? ""
    let token = target.split(separator: "/").first.map { String($0.prefix { $0 != "?" }) }
    server.recordStray(
      StrayConnection(
        instantNanoseconds: UInt64(loop.now.nanoseconds), peer: peer.description, token: token,
        bytes: tap.receivedBytes(upTo: 1024)))
  }

  private func headTimedOut() {
    if phase == .draining { return close() }
    guard attempt == nil else { return drain() }
    recordStray()
    headTimer?.set(.after(server.configuration.drainTimeout, from: loop.now))
    drain()
  }

  private func streamEnded() {
    switch phase {
    case .head, .draining: close()
    case .steps, .ending: advance()
    case .closed: break
    }
  }

  /// Plays on, as far as bytes, timers and the end of the stream allow. Not entered twice: what a step triggers is
  /// looked at when the step has returned.
  func advance() {
    guard !isAdvancing else { return }
    isAdvancing = true
    defer {
      isAdvancing = false
      updateInterest()
    }
    var goesOn = true
    while goesOn {
      pump()
      switch phase {
      case .steps: goesOn = playStep()
      case .ending: goesOn = playEnding()
      case .head, .draining, .closed: goesOn = false
      }
    }
    // A Pong may have been queued while nothing else goes on.
    pump()
  }

  /// The attempt's deadline: whatever was awaited is missed; half-closes and gives the client a moment to end.
  /// - Parameter clientIsOver: nothing more will come of the client, so that one who has had the time to end TCP gets no more.
  func deadlinePassed(clientIsOver: Bool) {
    guard phase != .closed else { return }
    tap.note(.deadlinePassed(index: stepIndex), at: .now())
    if clientIsOver, phase == .draining { return close() }
    queue.removeAll()
    readingStopped = false
    drain()
    updateInterest()
  }

  func close() {
    loop.preconditionOnLoop()
    guard phase != .closed else { return }
    recordStray()
    phase = .closed
    for timer in [sendTimer, stepTimer, headTimer] { timer?.cancel() }
    if let registration { loop.deregister(registration, closesNext: true) }
    registration = nil
    takeTransmissions()
    stream.close()
    tap.note(.closed, at: .now())
    server.forget(self)
    attempt?.connectionClosed(self)
  }

  private func updateInterest() {
    finishDrain()
    guard phase != .closed, let registration else { return }
    var wanted: Readiness = []
    // What comes while draining is dropped, so what is held does not matter then.
    let hasRoom = phase == .draining || inbox.heldBytes < Self.mostHeldBytes
    if !clientEnded, !readingStopped, hasRoom { wanted.insert(.readable) }
    if waitsForWritable && !queue.isEmpty || stream.holdsUnsent { wanted.insert(.writable) }
    guard wanted != interest else { return }
    interest = wanted
    loop.change(registration, to: wanted)
  }
}
