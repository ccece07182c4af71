import PosixIO

extension Link {
  /// Asks the board at whatever prompt it has for `machine.reset()`, and reads on until the link has ended, for at most half
  /// of the time left.
  ///
  /// - Throws: `BoardFailure` with `.timedOut` if it has not ended by then.
  func askForReset(deadline: Deadline) async throws {
    let request = [UInt8]("\u{3}\u{3}\u{2}\rimport machine\rmachine.reset()\r".utf8)
    let now = MonotonicInstant.now()
    let half = deadline.instant.map { Deadline.at(now + ($0 - now) / 2) } ?? .after(.seconds(10))
    do {
      try await write(request, deadline: half)
      while true { _ = try await read(deadline: half) }
    } catch let failure as BoardFailure {
      if case .timedOut = failure.cause {
        throw self.failure(.timedOut("the board to leave the bus after machine.reset()"))
      }
    }
  }
}
