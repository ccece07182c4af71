import PosixIO

/// Bytes that have come from a board and wait for a reader, and after them the link's end.
///
/// `@unchecked Sendable`: all state is touched on the loop's thread only.
final class LinkInbox: @unchecked Sendable {
  /// Beyond this the oldest bytes are dropped, as a board's USB buffer drops what nobody reads.
  static let limitBytes = 1 << 20
  /// So much is handed out at once.
  static let readBytes = 1 << 16

  private let loop: EventLoop
  private let board: String
  private var bytes: [UInt8] = []
  /// Called on the loop after a reader has taken bytes.
  var whenTaken: (() -> Void)?
  /// How much waits for a reader. On the loop.
  var waitingBytes: Int { bytes.count }
  /// Why nothing more will come. On the loop.
  private(set) var ending: BoardFailure?
  private var reader: (continuation: CheckedContinuation<[UInt8], any Error>, timer: LoopTimer)?

  init(board: String, on loop: EventLoop) {
    self.board = board
    self.loop = loop
  }

  /// Bytes from the board. On the loop.
  func deliver(_ new: [UInt8]) {
    loop.preconditionOnLoop()
    bytes += new
    // Half at once, so that a flood does not move the whole buffer for each piece.
    if bytes.count > Self.limitBytes { bytes.removeFirst(bytes.count - Self.limitBytes / 2) }
    serve()
  }

  /// Nothing more will come. On the loop.
  func end(_ failure: BoardFailure) {
    loop.preconditionOnLoop()
    ending = failure
    serve()
  }

  /// The link is opened anew: what the earlier board sent is dropped. On the loop.
  func reopen() {
    loop.preconditionOnLoop()
    bytes = []
    ending = nil
  }

  /// Waits for bytes.
  func read(deadline: Deadline) async throws -> [UInt8] {
    let wait = Wait()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        loop.submit {
          // A cancellation may come before the wait has begun.
          if wait.isCancelled { return continuation.resume(throwing: CancellationError()) }
          self.begin(continuation, deadline)
        }
      }
    } onCancel: {
      loop.submit {
        wait.isCancelled = true
        self.finish(.failure(CancellationError()))
      }
    }
  }

  /// One call of `read`. `@unchecked Sendable`: touched on the loop's thread only.
  private final class Wait: @unchecked Sendable { var isCancelled = false }

  private func begin(_ continuation: CheckedContinuation<[UInt8], any Error>, _ deadline: Deadline) {
    precondition(reader == nil, "a link has one reader at a time")
    let timer = LoopTimer(on: loop) { [self] in
      finish(.failure(BoardFailure(board: board, .timedOut("bytes"))))
    }
    reader = (continuation, timer)
    serve()
    if reader != nil { timer.set(deadline) }
  }

  private func serve() {
    guard reader != nil else { return }
    if !bytes.isEmpty {
      let piece = [UInt8](bytes.prefix(Self.readBytes))
      bytes.removeFirst(piece.count)
      finish(.success(piece))
      whenTaken?()
    } else if let ending {
      finish(.failure(ending))
    }
  }

  private func finish(_ result: Result<[UInt8], any Error>) {
    guard let reader else { return }
    self.reader = nil
    reader.timer.cancel()
    reader.continuation.resume(with: result)
  }
}

/// Wakes one waiter when something has happened, or at its deadline.
///
/// `@unchecked Sendable`: all state is touched on the loop's thread only.
final class LoopSignal: @unchecked Sendable {
  private let loop: EventLoop
  private var waiters: [Int: (CheckedContinuation<Bool, Never>, LoopTimer)] = [:]
  private var next = 0

  init(on loop: EventLoop) { self.loop = loop }

  /// Wakes all who wait. On the loop.
  func fire() {
    let all = waiters
    waiters = [:]
    for (continuation, timer) in all.values {
      timer.cancel()
      continuation.resume(returning: true)
    }
  }

  /// Waits until `condition`, looked at on the loop now and at each `fire`, holds; false at the deadline.
  func wait(until condition: @escaping @Sendable () -> Bool, deadline: Deadline) async -> Bool {
    while true {
      let isFired = await withCheckedContinuation { continuation in
        loop.submit {
          if condition() { return continuation.resume(returning: true) }
          self.add(continuation, deadline)
        }
      }
      let holds = (try? await loop.perform(condition)) ?? false
      if holds || !isFired { return holds }
    }
  }

  private func add(_ continuation: CheckedContinuation<Bool, Never>, _ deadline: Deadline) {
    let number = next
    next += 1
    let timer = LoopTimer(on: loop) { [self] in
      waiters.removeValue(forKey: number)?.0.resume(returning: false)
    }
    waiters[number] = (continuation, timer)
    timer.set(deadline)
  }
}
