import Foundation
import Logging
import PosixIO

/// The simulated board: the real MicroPython interpreter behind a pseudo-terminal of its own.
///
/// The link stands where the USB cable and the reset circuit of a board would be: it starts the interpreter, starts
/// it anew after a soft reset without its user noticing more than a board would show, and reports its end at once.
/// What is typed while that goes on is kept for the new interpreter, as a board's ring buffer keeps it.
///
/// `@unchecked Sendable`: all mutable state is touched on the loop's thread only.
public final class SimulatedBoardLink: Link, @unchecked Sendable {
  /// Always `sim`.
  public let selector = BoardSelector.simulated
  /// What the board is like.
  public let configuration: SimulatedBoardConfiguration

  let loop: EventLoop
  private let logger: Logger
  private let flash: FlashImage
  private let inbox: LinkInbox
  /// Fires whenever the interpreter prints, starts or ends.
  private let activity: LoopSignal

  private var life: Life?
  private var silence: LoopTimer?
  private var output = SimulatedBoardOutput()
  /// What the interpreter printed last, for the message when it dies.
  private var tail: [UInt8] = []
  private var lives = 0
  private var endsBeforePrompt = 0
  private var isRestarting = false
  /// Whether the interpreter that has just started is still being led back to the REPL that the board was in.
  private var isReturning = false
  /// What was typed and the interpreter that ended has not read.
  private var typedAhead: [UInt8] = []

  /// One interpreter, from start to end.
  private struct Life {
    let number: Int
    let program: TerminalProgram
    /// It was started long ago and has shown no prompt.
    var isSilent = false
    /// It has ended, and its last output is still to come.
    var isOver = false
  }

  /// After so many ends before a prompt the board is taken to be unable to start.
  private static let startAttempts = 3
  /// A program takes an interrupt within this, or not at all.
  private static let interruptSettling = Duration.milliseconds(50)
  /// The raw REPL comes within this after it was asked for, or not at all.
  private static let returnLimit = Duration.seconds(4)
  /// A link that is not open yet.
  ///
  /// - Throws: the file system's error if the flash image cannot be made.
  public init(_ configuration: SimulatedBoardConfiguration, on loop: EventLoop, logger: Logger) throws {
    self.configuration = configuration
    self.loop = loop
    self.logger = logger
    flash = try FlashImage()
    inbox = LinkInbox(board: selector.description, on: loop)
    activity = LoopSignal(on: loop)
    silence = LoopTimer(on: loop) { [weak self] in
      self?.life?.isSilent = true
      self?.activity.fire()
    }
  }

  /// The interpreter's process id while it runs, for tests that end it.
  public func processID() async -> Int32? {
    (try? await loop.perform { self.life?.program.child.id }) ?? nil
  }

  /// Starts the interpreter if none runs.
  public func open(deadline: Deadline) async throws {
    let cause = try await loop.perform { () -> SimulatedResetCause? in
      if self.life != nil || self.isRestarting { return nil }
      return self.lives == 0 ? .power : .hard
    }
    guard let cause else { return }
    try await startInterpreter(cause)
    try await waitForBoot(deadline: deadline)
  }

  /// Waits for bytes from the board.
  public func read(deadline: Deadline) async throws -> [UInt8] {
    try await inbox.read(deadline: deadline)
  }

  /// Ends the interpreter and starts another one, as the reset line of a board would.
  public func hardReset(deadline: Deadline) async throws {
    await close()
    try await startInterpreter(.hard)
    try await waitForBoot(deadline: deadline)
  }

  /// Ends the interpreter. The flash stays until the link goes.
  public func close() async {
    let program = try? await loop.perform { () -> TerminalProgram? in
      defer { self.dropLife() }
      return self.life?.program
    }
    await program?.kill()
  }

  /// Writes to the interpreter; 0x03 interrupts a running program.
  public func write(_ bytes: [UInt8], deadline: Deadline) async throws {
    // On the loop from the look whether the interpreter listens to the write: in between it must not be let go of.
    try await loop.run {
      for piece in Self.pieces(bytes) {
        // Any of them may have ended the interpreter.
        await self.waitUntilListening(deadline: deadline)
        guard let life = self.life else { throw self.failure(.linkEnded("the interpreter does not run")) }
        try await self.put(piece, to: life, deadline: deadline)
      }
    }
  }
}

// MARK: Input

extension SimulatedBoardLink {
  /// Writes a piece, or interrupts. On the loop.
  private func put(_ piece: [UInt8], to life: Life, deadline: Deadline) async throws {
    if piece == [0x03], isInterruptible(life.program.child.id) {
      await interrupt(life.program.child, deadline: deadline)
    } else {
      if piece.contains(0x02) { output.expectBanner() }
      try await life.program.channel.write(piece, deadline: deadline)
    }
  }

  /// Raises KeyboardInterrupt, and waits until the program has taken it: a second signal before that would make
  /// the interpreter exit.
  private func interrupt(_ child: ChildProcess, deadline: Deadline) async {
    child.signal(SIGINT)
    let id = child.id
    let settled = min(deadline, .after(Self.interruptSettling))
    _ = await activity.wait(until: { !self.isInterruptible(id) }, deadline: settled)
  }

  /// While an interpreter ends and the next one starts, input waits: it belongs to the next one, after what the last one left unread.
  /// Older versions of the interpreter would also lose it in the switch of the terminal's modes.
  private func waitUntilListening(deadline: Deadline) async {
    _ = await activity.wait(until: { self.isListening }, deadline: deadline)
  }

  /// Whether what is written now reaches the interpreter that is meant, or there is none. On the loop.
  private var isListening: Bool {
    guard !isRestarting, !isReturning else { return false }
    guard let life else { return true }
    return !life.isOver && (output.hasPrompt || life.isSilent)
  }

  /// A link that is open leads to a board that has started: waits for its prompt, or for its end.
  private func waitForBoot(deadline: Deadline) async throws {
    await waitUntilListening(deadline: deadline)
    let ending = try await loop.perform { self.life == nil && !self.isRestarting ? self.inbox.ending : nil }
    if let ending { throw ending }
  }

  /// A board with an endless `main.py` shows no prompt: it gets input after this time all the same.
  private var longestSilentBoot: Duration { configuration.runsMain ? .milliseconds(700) : .seconds(4) }

  /// Cuts out each 0x03.
  static func pieces(_ bytes: [UInt8]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    for byte in bytes {
      if byte != 0x03, let last = result.last, last != [0x03] {
        result[result.count - 1].append(byte)
      } else {
        result.append([byte])
      }
    }
    return result
  }

  /// A program runs and takes Ctrl-C: the port catches SIGINT exactly then. At the prompt the signal would end the
  /// process, so there 0x03 goes as a byte. The terminal does not decide this, because during a program that came
  /// by raw-paste it is in the same mode as at the prompt.
  private func isInterruptible(_ process: Int32) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
      configuration.interpreter.kind == .executable
        || status.hasPrefix("Name:\t\(SimulatedBoardConfiguration.readyName)\n"),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("SigCgt:") }),
      let caught = UInt64(line.dropFirst("SigCgt:".count).drop { $0 == "\t" || $0 == " " }, radix: 16)
    else { return false }
    return caught & (1 << UInt64(SIGINT - 1)) != 0
  }
}

// MARK: The interpreter's life

extension SimulatedBoardLink {
  private func startInterpreter(_ cause: SimulatedResetCause) async throws {
    do {
      let isRaw = try await loop.perform { self.output.isRaw }
      let runsMain = configuration.runsMain && !(cause == .soft && isRaw)
      let command = configuration.command(flash: flash.path, cause: cause, runsMain: runsMain)
      let program = try await TerminalProgram.start(command, as: selector, keepsUnread: true, on: loop)
      try await loop.perform { self.begin(program, cause) }
    } catch let failure as BoardFailure {
      try await loop.perform {
        self.isRestarting = false
        self.inbox.end(failure)
        self.activity.fire()
      }
      throw failure
    }
  }

  private func begin(_ program: TerminalProgram, _ cause: SimulatedResetCause) {
    lives += 1
    let life = Life(number: lives, program: program)
    self.life = life
    silence?.set(.after(longestSilentBoot, from: loop.now))
    isRestarting = false
    tail = []
    output.interpreterStarts(isSoftReset: cause == .soft)
    if cause != .soft {
      inbox.reopen()
      endsBeforePrompt = 0
      typedAhead = []
    }
    logger.debug(
      "simulated board started", metadata: ["process": "\(program.child.id)", "cause": "\(cause.rawValue)"])
    program.channel.channel.receive { event in self.receive(event, life) }
    Task {
      _ = try? await program.child.waitForEnd(deadline: .never)
      loop.submit { self.programEnded(life) }
    }
    activity.fire()
  }

  /// The interpreter has ended: what it has not read stays, and the end of its output is to be read.
  private func programEnded(_ ended: Life) {
    let unread = ended.program.takeUnread()
    guard life?.number == ended.number else { return }
    life?.isOver = true
    typedAhead += unread
  }

  private func receive(_ event: ByteChannelEvent, _ life: Life) {
    guard self.life?.number == life.number else { return }
    if case .bytes(let bytes) = event {
      tail = (tail + bytes).suffix(400)
      let hadPrompt = output.hasPrompt
      let reaction = output.take(bytes)
      if output.hasPrompt, !hadPrompt { greet(life, entersRawREPL: reaction.entersRawREPL) }
      if !reaction.forward.isEmpty { inbox.deliver(reaction.forward) }
      activity.fire()
    } else {
      Task {
        let end = await life.program.waitForEnd()
        loop.submit { self.interpreterEnded(end, life) }
      }
    }
  }

  /// The prompt has come: leads the interpreter back to the raw REPL where the board was in it, then gives it what was typed ahead.
  private func greet(_ life: Life, entersRawREPL: Bool) {
    let typed = typedAhead
    typedAhead = []
    guard entersRawREPL || !typed.isEmpty else { return }
    isReturning = true
    Task(executorPreference: loop) { await self.welcome(life, entersRawREPL: entersRawREPL, typed: typed) }
  }

  private func welcome(_ life: Life, entersRawREPL: Bool, typed: [UInt8]) async {
    let deadline = Deadline.after(Self.returnLimit)
    if entersRawREPL {
      try? await life.program.channel.write([0x01], deadline: deadline)
      _ = await activity.wait(
        until: { self.output.isRaw || self.life?.number != life.number }, deadline: deadline)
    }
    for piece in Self.pieces(typed) { try? await put(piece, to: life, deadline: deadline) }
    isReturning = false
    activity.fire()
  }

  private func dropLife() {
    life?.program.channel.close()
    life = nil
    silence?.cancel()
    isRestarting = false
    typedAhead = []
    output = SimulatedBoardOutput()
    inbox.end(failure(.linkEnded("the link is closed")))
    activity.fire()
  }

  private func interpreterEnded(_ end: ChildEnd?, _ life: Life) {
    guard self.life?.number == life.number else { return }
    life.program.channel.close()
    self.life = nil
    inbox.deliver(output.takeRest())
    endsBeforePrompt = output.hasPrompt ? 0 : endsBeforePrompt + 1
    logger.debug("simulated board ended", metadata: ["end": "\(end.map(\.description) ?? "unknown")"])
    if end == .exited(0), endsBeforePrompt < Self.startAttempts {
      restartAfterSoftReset()
    } else {
      inbox.end(failure(.linkEnded(explain(end))))
    }
    activity.fire()
  }

  private func restartAfterSoftReset() {
    isRestarting = true
    inbox.deliver([UInt8]("MPY: soft reboot\r\n".utf8))
    Task { try? await startInterpreter(.soft) }
  }

  private func explain(_ end: ChildEnd?) -> String {
    let last =
      String(decoding: tail.filter { $0 >= 0x20 || $0 == 0x0A }, as: UTF8.self)
      .split(separator: "\n").last.map { ", its last line was \"\($0.suffix(200))\"" } ?? ""
    let isEarly = endsBeforePrompt > 0
    let words =
      switch end {
      case .exited(0): "each time that it is started the interpreter ends"
      case .exited(98): "the board went to its bootloader (machine.bootloader)"
      case .exited(99): "the board was reset by its program (machine.reset)"
      case .exited, .killed, nil: TerminalProgram.words(for: end)
      }
    return words + (isEarly ? " before its prompt" + last : "")
  }
}
