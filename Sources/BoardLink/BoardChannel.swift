import PosixIO

/// A byte channel that leads to a board: what goes wrong on it is a failure of that board.
struct BoardChannel: Sendable {
  let channel: ByteChannel
  let selector: BoardSelector

  /// Waits for bytes; none mean that the other side has ended.
  func read(deadline: Deadline) async throws -> [UInt8] {
    try await translating(awaited: "bytes") { try await channel.read(upTo: 65536, deadline: deadline) }
  }

  /// Writes all bytes.
  func write(_ bytes: [UInt8], deadline: Deadline) async throws {
    try await translating(awaited: "the board to take bytes") {
      try await channel.write(bytes, deadline: deadline)
    }
  }

  /// Closes the channel.
  func close() { channel.close() }

  private func translating<Result: Sendable>(
    awaited: String, _ body: () async throws -> Result
  ) async throws -> Result {
    do {
      return try await body()
    } catch let error as PosixError {
      let isLate = error.number == .timedOut
      throw BoardFailure(
        board: selector.description, isLate ? .timedOut(awaited) : .linkEnded(error.description))
    }
  }
}
