extension EventLoop {
  /// Waits until the deadline: for what is itself a matter of time, such as a pause that a script asks for.
  /// - Throws: `CancellationError` when the task is cancelled.
  public func pause(until deadline: Deadline) async throws {
    let pause = Pause()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        submit { pause.begin(continuation, on: self, until: deadline) }
      }
    } onCancel: {
      submit { pause.end(throwing: CancellationError()) }
    }
  }
}

/// One wait. `@unchecked Sendable`: touched on the loop's thread only.
private final class Pause: @unchecked Sendable {
  private var continuation: CheckedContinuation<Void, any Error>?
  private var timer: LoopTimer?
  private var isCancelled = false

  func begin(
    _ continuation: CheckedContinuation<Void, any Error>, on loop: EventLoop, until deadline: Deadline
  ) {
    guard !isCancelled else { return continuation.resume(throwing: CancellationError()) }
    self.continuation = continuation
    timer = LoopTimer(on: loop) { [unowned self] in end(throwing: nil) }
    timer?.set(deadline)
  }

  func end(throwing error: (any Error)?) {
    isCancelled = error != nil
    timer?.cancel()
    timer = nil
    if let error { continuation?.resume(throwing: error) } else { continuation?.resume() }
    continuation = nil
  }
}
