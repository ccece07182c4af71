import Logging
import PosixIO
import RawREPL

/// One board and what is known of its state: the layer that cases talk to.
///
/// Functions throw `BoardFailure` when the bench fails; then `recover` climbs the ladder. Once that has given the
/// board up, every call fails at once with the first cause.
public actor Board {
  /// So many hard recoveries in a row, without `noteProgress` in between, quarantine the board.
  public static let hardRecoveriesInARow = 3

  /// How the board is reached.
  public nonisolated let link: any Link
  /// The loop of the link.
  public nonisolated let loop: EventLoop
  /// The raw bytes of the whole run, if they are kept.
  public nonisolated let log: SerialLog?
  let session: RawREPLSession
  /// How long the board may take.
  public nonisolated let timeouts: BoardTimeouts
  let logger: Logger
  private let onEvent: (@Sendable (BoardEvent) -> Void)?
  let onWait: (@Sendable (String) -> Void)?

  /// Where the board stands.
  public internal(set) var state = BoardState.detached
  /// What it says of itself, after `attach`.
  public internal(set) var identity: BoardIdentity?
  /// Whether its link was open at some time: then it is there, or was lost.
  public private(set) var wasReached = false
  /// Whether the file system that is mounted can unpack modules.
  var unpacksModules = false
  var hardRecoveries = 0
  /// How often it came back after it was given up, without having accomplished anything since.
  var returns = 0
  var firstCause: BoardFailure?
  private var events: [BoardEvent] = []

  /// The executor of the link's loop.
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    loop.serialExecutor.asUnownedSerialExecutor()
  }

  /// A board that is not attached yet.
  ///
  /// - Parameters:
  ///   - timeouts: nil takes what suits the link.
  ///   - onWait: called on the loop before a rung that may take long, with why and how long.
  ///   - onEvent: called on the loop for each event of recovery, as it ends.
  public init(
    link: any Link, on loop: EventLoop, log: SerialLog? = nil, timeouts: BoardTimeouts? = nil, logger: Logger,
    onWait: (@Sendable (String) -> Void)? = nil, onEvent: (@Sendable (BoardEvent) -> Void)? = nil
  ) {
    self.link = link
    self.loop = loop
    self.log = log
    self.timeouts = timeouts ?? (link.selector.isOnThisComputer ? .simulated : .attached)
    self.logger = logger
    self.onEvent = onEvent
    self.onWait = onWait
    session = RawREPLSession(link: link, on: loop, log: log)
  }

  /// The events since the last call.
  public func takeEvents() -> [BoardEvent] {
    defer { events = [] }
    return events
  }

  /// Opens the link, finds the raw prompt, resets the interpreter and asks the board who it is. Where that fails on a board that is
  /// there, the link is opened anew, once: that sets DTR, and starts a simulated board anew.
  public func attach() async throws {
    do {
      try await attachOnce()
    } catch let failure as BoardFailure where failure.isWorthReopening {
      await link.close()
      try await attachOnce()
    }
  }

  private func attachOnce() async throws {
    try requireUse()
    let start = MonotonicInstant.now()
    do {
      try await link.open(deadline: .after(timeouts.hardReset))
      (state, wasReached) = (.attached, true)
      await session.linkWasReopened()
      try await regainPrompt()
      try await cleanUp()
      identity = try await identify()
      report(.attach, since: start, succeeded: true, detail: identity?.machine ?? "")
    } catch {
      noteFailure(error)
      report(.attach, since: start, succeeded: false, detail: Self.words(for: error))
      throw error
    }
  }

  /// Runs a source text; see `RawREPLSession.execute`.
  public func execute(
    _ source: String, deadline: Deadline, grace: Duration? = nil, isSecret: Bool = false,
    follow: (@Sendable ([UInt8]) -> Void)? = nil
  ) async throws -> ExecutionOutput {
    try requireUse()
    let before = state
    state = .running
    do {
      let output = try await session.execute(
        source, deadline: deadline, grace: grace ?? timeouts.interrupt, isSecret: isSecret, follow: follow)
      state = output.didSoftReset ? .rawREPL : before
      return output
    } catch let error as InvalidOperation {
      state = before
      throw error
    } catch {
      noteFailure(error)
      throw error
    }
  }

  /// Sends Ctrl-C to the running program; its `execute` returns then.
  public func interrupt() async throws {
    try requireUse()
    try await session.interrupt(deadline: .after(timeouts.interrupt))
  }

  /// Types bytes for the running program to read from its standard input.
  public func type(_ bytes: [UInt8]) async throws {
    try requireUse()
    try await session.type(bytes, deadline: .after(timeouts.exchange))
  }

  /// Gives the board a new heap and closed sockets; loaded modules are gone.
  public func softReset() async throws {
    try requireUse()
    do {
      try await cleanUp()
    } catch {
      noteFailure(error)
      throw error
    }
  }

  /// Something was accomplished: the count of recoveries begins anew.
  public func noteProgress() {
    hardRecoveries = 0
    returns = 0
    firstCause = nil
  }

  /// Leaves the board at its friendly prompt and closes the link. Never fails: what does not work is skipped.
  public func detach() async {
    if case .broken = state {
    } else if await session.isReady {
      try? await session.leave(deadline: .after(timeouts.exchange))
    }
    await link.close()
    if case .broken = state { return }
    state = .detached
  }
}

// MARK: Steps shared with recovery

extension Board {
  func requireUse() throws {
    if case .broken(let failure) = state { throw failure }
  }

  func noteFailure(_ error: any Error) {
    guard let failure = error as? BoardFailure else {
      state = .attached
      return
    }
    if !failure.isQuarantine { state = failure.isLinkEnded ? .detached : .attached }
  }

  func regainPrompt() async throws {
    // A hard reset and the first start both need time to boot before the first attempt is fair.
    let bound = Deadline.after(timeouts.hardReset)
    try await session.resynchronise(attempt: timeouts.prompt, deadline: bound)
    state = .rawREPL
  }

  func cleanUp() async throws {
    try await session.softReset(deadline: .after(timeouts.softReset))
    state = .rawREPL
  }

  /// An error as an event tells it. A task that was cancelled is no failure of the board.
  static func words(for error: any Error) -> String {
    error is CancellationError ? "it was not waited for, because the run ended" : "\(error)"
  }

  func report(_ kind: BoardEvent.Kind, since start: MonotonicInstant, succeeded: Bool, detail: String) {
    let event = BoardEvent(
      kind: kind, instant: start, duration: .now() - start, succeeded: succeeded, detail: detail)
    events.append(event)
    log?.note("\(kind.rawValue) \(succeeded ? "succeeded" : "failed"): \(detail)")
    logger.info("board \(kind.rawValue)", metadata: ["succeeded": "\(succeeded)", "detail": "\(detail)"])
    onEvent?(event)
  }
}
