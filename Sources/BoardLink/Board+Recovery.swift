import PosixIO
import RawREPL

extension Board {
  /// Climbs the recovery ladder after a failure, once: interrupt, raw prompt from any state, soft reset, hard reset, port power.
  /// Each rung is an event; one that this board does not have is one that failed, with the reason. Afterwards the board is at its raw
  /// prompt with a clean heap: loaded modules are gone.
  ///
  /// - Parameter byRestart: whether the lower rungs are left out, as they were climbed and did not help.
  /// - Throws: `BoardFailure` with `.quarantined` and the first cause, when the ladder is used up or the board was
  ///   lost too often; from then on every call throws the same.
  public func recover(from failure: BoardFailure, byRestart: Bool = false) async throws {
    try requireUse()
    firstCause = firstCause ?? failure
    log?.note("recovery from: \(failure)")
    if !byRestart, !failure.isLinkEnded, await climbSoftRungs(failure) { return }
    hardRecoveries += 1
    let isHopeless = hardRecoveries > Self.hardRecoveriesInARow
    if !isHopeless, !link.selector.isOnThisComputer {
      onWait?("\(failure); restarting it, or waiting for its return: at most \(timeouts.hardReset)")
    }
    if !isHopeless, await climb(.hardReset, "\(failure)", { try await self.restart() }) { return }
    if hardRecoveries <= Self.hardRecoveriesInARow + 1, await climbPortPower(isHopeless) { return }
    throw quarantine()
  }

  /// Restarts the board by choice, not after a failure, as `softReset` clears it; loaded modules are gone.
  public func hardReset() async throws {
    try requireUse()
    do {
      try await restart()
    } catch {
      noteFailure(error)
      throw error
    }
  }

  /// Gives the board up now, with a reason found elsewhere. Later calls throw what this returns.
  @discardableResult
  public func quarantine(because failure: BoardFailure) -> BoardFailure {
    firstCause = firstCause ?? failure
    return quarantine()
  }

  private func quarantine() -> BoardFailure {
    let board = link.selector.description
    let first = firstCause ?? BoardFailure(board: board, .unfit("its recovery failed"))
    let failure = BoardFailure(board: board, .quarantined(first: first.cause))
    state = .broken(failure)
    report(.quarantine, since: .now(), succeeded: true, detail: failure.description)
    return failure
  }

  /// The rungs that keep the board powered. The prompt alone is not enough: tasks, sockets and a part of the heap
  /// would stay behind, so the soft reset follows whichever way the prompt was found.
  private func climbSoftRungs(_ failure: BoardFailure) async -> Bool {
    let session = self.session
    let timeouts = self.timeouts
    var hasPrompt = await climb(.interrupt, "\(failure)") {
      try await session.interruptAndWait(deadline: .after(timeouts.interrupt))
    }
    if !hasPrompt, case .detached = state { return false }
    if !hasPrompt {
      hasPrompt = await climb(.reenterRawREPL, "the interrupt brought no prompt") {
        try await self.regainPrompt()
      }
    }
    guard hasPrompt else { return false }
    return await climb(.softReset, "the heap must be clean") { try await self.cleanUp() }
  }

  /// The last rung, also for a board that hard resets brought back in vain: once, for then it had its last chance.
  private func climbPortPower(_ isHopeless: Bool) async -> Bool {
    let reason = isHopeless ? "hard resets helped for a short time only" : "the hard reset did not help"
    return await climb(.portPower, reason) {
      try await self.link.cyclePower(deadline: .after(self.timeouts.hardReset))
      try await self.findPromptOfFreshBoard()
    }
  }

  /// Restarts the board and finds its prompt. A link that leads there and ends again at once is opened anew for as long as a restart may
  /// take: a server of serial lines that is about to end, or to begin, still lets one in.
  private func restart() async throws {
    let deadline = Deadline.after(timeouts.hardReset)
    while true {
      try await link.hardReset(deadline: deadline)
      do {
        return try await findPromptOfFreshBoard()
      } catch let failure as BoardFailure where failure.isLinkEnded {
        let next = Deadline.after(Self.pauseBetweenAttempts)
        guard next < deadline else { throw failure }
        // A closed link resets nothing: it waits for the board and opens.
        await link.close()
        try await loop.pause(until: next)
      }
    }
  }

  private func findPromptOfFreshBoard() async throws {
    state = .attached
    await session.linkWasReopened()
    try await regainPrompt()
    try await cleanUp()
  }

  /// One rung, as an event.
  private func climb(
    _ kind: BoardEvent.Kind, _ reason: String, _ body: () async throws -> Void
  ) async -> Bool {
    let start = MonotonicInstant.now()
    do {
      try await body()
      report(kind, since: start, succeeded: true, detail: reason)
      return true
    } catch {
      noteFailure(error)
      report(kind, since: start, succeeded: false, detail: Self.words(for: error))
      return false
    }
  }
}
