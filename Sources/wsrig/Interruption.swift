import PosixIO

/// Ctrl-C and SIGTERM as cancellation, so that what had run is still reported. A second one ends the tool at once.
enum Interruption {
  /// Runs the body; a termination signal cancels its task. Tells whether there was one.
  static func watching<Value: Sendable>(
    _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> (value: Value, wasInterrupted: Bool) {
    let signals = try TerminationSignal.stream(on: .shared)
    let work = Task { try await body() }
    let watch = Task {
      for await _ in signals {
        work.cancel()
        return
      }
    }
    defer { watch.cancel() }
    let value = try await work.value
    return (value, work.isCancelled)
  }
}
