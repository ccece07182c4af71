import PosixIO
import RawREPL

/// A conversation with one board over one link: the pure machine plus input, output and deadlines.
///
/// All functions throw `BoardFailure` when the bench fails, `InvalidOperation` when they are called in the wrong
/// state, `CancellationError` when their task is cancelled. An exception on the board is a value.
public actor RawREPLSession {
  /// Standard output beyond this is not kept (it still reaches the follower), in bytes.
  public static let keptOutputBytes = 8 << 20

  /// How often a prompt that does not answer is looked for again.
  private static let rounds = 2
  /// More than this is not drained: a program that prints without end has to be interrupted first.
  private static let drainLimitBytes = 2 << 20

  private let link: any Link
  private let loop: EventLoop
  private let log: SerialLog?
  private var machine = RawREPLMachine()
  private var isFlushing = false
  private var probes = 0
  /// The last bytes the board sent, for error messages.
  private var recent: [UInt8] = []
  /// Whether what passes holds a secret: from the beginning of an execution that does until `probe` shows that nothing of it can come
  /// back any more, such as an echo.
  private var isSecret = false

  /// The executor of the link's loop: no hop between reading and understanding.
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    loop.serialExecutor.asUnownedSerialExecutor()
  }

  /// A session over a link that is open.
  public init(link: any Link, on loop: EventLoop, log: SerialLog? = nil) {
    self.link = link
    self.loop = loop
    self.log = log
  }

  /// The board is at its raw prompt.
  public var isReady: Bool { machine.isReady }

  /// Brings the board to its raw prompt from any state, and proves it by an exchange.
  ///
  /// - Parameter attempt: how long each of the three attempts to find a prompt may take. A board that begins anew meanwhile has until the
  ///   deadline.
  public func resynchronise(attempt: Duration, deadline: Deadline) async throws {
    for round in 1...Self.rounds {
      try await drain()
      try await findPrompt(attempt: attempt, deadline: deadline)
      do {
        return try await probe(deadline: min(deadline, .after(attempt)))
      } catch let failure as BoardFailure {
        // What looked like the prompt may have been the tail of an earlier session.
        if failure.isLinkEnded || round == Self.rounds { throw failure }
      }
    }
  }

  /// Runs a source text and waits for its end.
  ///
  /// - Parameters:
  ///   - deadline: when it passes, the program is interrupted, and `grace` later given up.
  ///   - isSecret: the source holds a secret: no byte that passes meanwhile gets into logs or messages, only how many there were.
  ///   - follow: gets standard output as it arrives, on the link's loop.
  /// - Returns: both output sections; `wasInterrupted` tells that the deadline or `interrupt` ended it.
  public func execute(
    _ source: String, deadline: Deadline, grace: Duration = .seconds(2), isSecret: Bool = false,
    follow: (@Sendable ([UInt8]) -> Void)? = nil
  ) async throws -> ExecutionOutput {
    // Where the board ended a secret source early, or a fault did, the rest of it may come back as an echo behind its "end".
    if self.isSecret, machine.isReady { try await probe(deadline: min(deadline, .after(grace))) }
    try machine.execute([UInt8](source.utf8))
    var output = ExecutionOutput()
    self.isSecret = self.isSecret || isSecret
    do {
      try await gather(&output, deadline, follow)
    } catch let failure as BoardFailure {
      guard case .timedOut = failure.cause else { throw failure }
      machine.interrupt()
      output.wasInterrupted = true
      try await gather(&output, .after(grace), follow)
    }
    return output
  }

  /// Sends Ctrl-C to the running program. `execute` returns when the program has ended by it.
  public func interrupt(deadline: Deadline) async throws {
    machine.interrupt()
    try await flush(deadline)
  }

  /// Types bytes for the running program to read from its standard input.
  public func type(_ bytes: [UInt8], deadline: Deadline) async throws {
    machine.type(bytes)
    try await flush(deadline)
  }

  /// Waits for the end of a program whose `execute` has failed, after an interrupt: the first rung of recovery.
  func interruptAndWait(deadline: Deadline) async throws {
    if !machine.isReady {
      machine.interrupt()
      try await advance(until: deadline) { if case .finished = $0 { true } else { $0 == .ready } }
    }
    try await probe(deadline: deadline)
  }

  /// Resets the interpreter: new heap, sockets closed, `main.py` not run. The raw REPL stays.
  public func softReset(deadline: Deadline) async throws {
    try machine.softReset()
    try await advance(until: deadline) { $0 == .softResetFinished }
  }

  /// Returns to the friendly REPL.
  public func leave(deadline: Deadline) async throws {
    try machine.leave()
    try await advance(until: deadline) { $0 == .left }
  }

  /// The link was opened anew: nothing is known of the board.
  func linkWasReopened() {
    machine = RawREPLMachine()
    recent = []
  }
}

// MARK: Input and output

extension RawREPLSession {
  /// Takes what the board has sent already: an old prompt in it would be mistaken for an answer.
  private func drain() async throws {
    var drained = 0
    while drained < Self.drainLimitBytes {
      do {
        let bytes = try await link.read(deadline: .after(.zero))
        record(.fromBoard, bytes)
        drained += bytes.count
      } catch let failure as BoardFailure {
        guard case .timedOut = failure.cause else { throw failure }
        return
      }
    }
  }

  private func findPrompt(attempt: Duration, deadline: Deadline) async throws {
    machine.resynchronise()
    while true {
      let limit = min(deadline, .after(attempt))
      do {
        return try await advance(until: limit) { $0 == .ready }
      } catch let failure as BoardFailure {
        guard case .timedOut = failure.cause, !deadline.hasPassed(at: .now()) else { throw failure }
        if machine.isBoardRestarting { continue }
        machine.deadlinePassed()
        if machine.takeEvents().contains(.resynchronisationFailed) {
          throw self.failure(.timedOut("the raw REPL's prompt\(recentDescription)"))
        }
      }
    }
  }

  /// A link is alive only if an exchange says so: a prompt may be the rest of an earlier session.
  private func probe(deadline: Deadline) async throws {
    probes += 1
    let token = "wsrig-\(probes)"
    try machine.execute([UInt8]("print('\(token)')".utf8))
    var output = ExecutionOutput()
    try await gather(&output, deadline, nil)
    guard output.text == token + "\n", output.errorOutput.isEmpty else {
      let text = isSecret ? "something else" : "\"\(output.text.prefix(64))\""
      throw failure(.unfit("it printed \(text) where \"\(token)\" was asked for"))
    }
    isSecret = false
  }

  private func gather(
    _ output: inout ExecutionOutput, _ deadline: Deadline, _ follow: (@Sendable ([UInt8]) -> Void)?
  ) async throws {
    while true {
      try await exchange(deadline, awaited: "the end of an execution")
      for event in machine.takeEvents() {
        switch event {
        case .standardOutput(let bytes):
          follow?(bytes)
          let room = max(0, Self.keptOutputBytes - output.standardOutput.count)
          output.standardOutput += bytes.prefix(room)
        case .finished(let errorOutput, let didSoftReset):
          output.errorOutput = errorOutput
          output.didSoftReset = didSoftReset
          return
        case .foreignOutput(let bytes): output.foreignOutput += bytes.prefix(Self.keptOutputBytes)
        case .violated(let violation): throw failure(.violated(violation))
        default: break
        }
      }
    }
  }

  /// Exchanges bytes until an event of the wanted kind.
  private func advance(until deadline: Deadline, _ isWanted: (RawREPLEvent) -> Bool) async throws {
    while true {
      for event in machine.takeEvents() {
        if case .violated(let violation) = event { throw failure(.violated(violation)) }
        if isWanted(event) { return }
      }
      try await exchange(deadline, awaited: "the board's prompt")
    }
  }

  /// Sends what there is to send, then waits for bytes once.
  private func exchange(_ deadline: Deadline, awaited: String) async throws {
    try await flush(deadline)
    // Looked at here as well as in the wait, which never begins while a chatty program keeps bytes coming.
    if deadline.hasPassed(at: .now()) { throw failure(.timedOut(awaited)) }
    // Where the machine paces a source text, the pause is spent listening.
    let pause = machine.outputPause.map { Deadline.after($0) }
    do {
      let bytes = try await link.read(deadline: min(deadline, pause ?? .never))
      record(.fromBoard, bytes)
      recent = isSecret ? [] : (recent + bytes).suffix(64)
      machine.receive(bytes)
      try await flush(deadline)
    } catch let failure as BoardFailure {
      if failure.isLinkEnded { machine.receiveEnd() }
      guard case .timedOut = failure.cause else { throw failure }
      if pause == nil || deadline.hasPassed(at: .now()) { throw self.failure(.timedOut(awaited)) }
    }
  }

  /// Sends the machine's output. If another call is sending already, it takes these bytes along.
  private func flush(_ deadline: Deadline) async throws {
    guard !isFlushing else { return }
    isFlushing = true
    defer { isFlushing = false }
    repeat {
      let bytes = machine.takeOutput()
      if bytes.isEmpty { return }
      record(.toBoard, bytes)
      try await link.write(bytes, deadline: deadline)
    } while machine.outputPause == nil
  }

  private func record(_ direction: SerialLog.Direction, _ bytes: [UInt8]) {
    guard isSecret else { log?.record(direction, bytes); return }
    log?.note("\(direction.rawValue) \(bytes.count) bytes that are not shown, because a secret passes")
  }

  private var recentDescription: String {
    recent.isEmpty ? "; it sent nothing" : "; its last bytes were \(PythonLiteral.bytes(recent).source)"
  }

  private func failure(_ cause: BoardFailure.Cause) -> BoardFailure {
    BoardFailure(board: link.selector.description, cause)
  }
}
