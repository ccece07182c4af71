import PosixIO

extension Board {
  /// Does one step of getting the board ready, and keeps it as an event with its duration.
  /// - Parameters:
  ///   - isTold: whether it is kept where it succeeds, too.
  ///   - body: returns what there is to tell of it, in one sentence; nil where there was nothing to do, which is no event.
  public func step<Value: Sendable>(
    _ kind: BoardEvent.Kind, isTold: Bool = true,
    _ body: @Sendable (isolated Board) async throws -> (detail: String?, value: Value)
  ) async throws -> Value {
    let start = MonotonicInstant.now()
    do {
      let (detail, value) = try await body(self)
      if isTold, let detail { report(kind, since: start, succeeded: true, detail: detail) }
      return value
    } catch {
      report(kind, since: start, succeeded: false, detail: Self.words(for: error))
      throw error
    }
  }

  /// Waits for a board that was given up to come back: its device appears, or it answers again. Then it is at its raw prompt with a
  /// clean heap, as after a hard reset.
  /// - Throws: `BoardFailure` with the first cause where it does not in time, or has come back too often without accomplishing
  ///   anything; it stays given up.
  public func waitForReturn(deadline: Deadline) async throws {
    guard case .broken(let failure) = state else { return }
    guard returns < Self.hardRecoveriesInARow else { throw failure }
    returns += 1
    let start = MonotonicInstant.now()
    await link.close()
    if let end = deadline.instant {
      let limit = Duration.seconds((end - start).components.seconds)
      onWait?("\(failure); waiting for its return: at most \(limit)")
    }
    do {
      try await reopenOnceItAnswers(deadline)
      hardRecoveries = 0
      firstCause = nil
      report(.comeBack, since: start, succeeded: true, detail: "\(failure)")
    } catch {
      state = .broken(failure)
      report(.comeBack, since: start, succeeded: false, detail: Self.words(for: error))
      throw failure
    }
  }

  /// A closed link resets nothing: it waits for the board and opens. One that is there and says nothing may be plugged in anew.
  private func reopenOnceItAnswers(_ deadline: Deadline) async throws {
    while true {
      let next = Deadline.after(Self.pauseBetweenAttempts)
      do {
        state = .detached
        try await link.hardReset(deadline: deadline)
        state = .attached
        await session.linkWasReopened()
        try await session.resynchronise(attempt: timeouts.prompt, deadline: deadline)
        return try await cleanUp()
      } catch let failure as BoardFailure {
        guard next < deadline else { throw failure }
        await link.close()
        try await loop.pause(until: next)
      }
    }
  }

  /// What cannot be opened at once is not tried more often than this.
  static var pauseBetweenAttempts: Duration { .milliseconds(500) }
}
