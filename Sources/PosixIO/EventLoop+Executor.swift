import CLinux
import Glibc
import Synchronization

extension EventLoop {
  /// Takes a job of a task that prefers this loop: plainly on the loop's own thread, through the inbox elsewhere.
  public func enqueue(_ job: consuming ExecutorJob) {
    add(.task(UnownedJob(job)))
  }

  /// Runs `body` on the loop, soon. From any thread; in order per thread.
  public func submit(_ body: @escaping @Sendable () -> Void) {
    add(.body(body))
  }

  /// Runs `body` on the loop and returns its result.
  public func perform<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    if isCurrent { return try body() }
    return try await withCheckedThrowingContinuation { continuation in
      submit { continuation.resume(with: Swift.Result { try body() }) }
    }
  }

  /// Runs asynchronous `body` with this loop as its executor preference: between its suspensions it stays on the
  /// loop's thread, so it may touch what is confined to the loop. From any task.
  public func run<Result: Sendable>(
    _ body: @Sendable @concurrent () async throws -> Result
  ) async throws -> Result {
    try await withTaskExecutorPreference(self) { try await body() }
  }

  func add(_ item: consuming Work) {
    if isCurrent {
      work.append(item)
      return
    }
    let item = TransferredWork(item)
    let isFirst = inbox.withLock { inbox in
      inbox.work.append(item.work)
      return inbox.work.count == 1
    }
    // One write per batch: whoever finds the inbox empty wakes the loop, the rest ride along.
    if isFirst { wake() }
  }

  func wake() {
    var one: UInt64 = 1
    _ = write(wakeUp.raw, &one, 8)
  }

  func takeInbox() {
    var counter: UInt64 = 0
    _ = read(wakeUp.raw, &counter, 8)
    let batch = inbox.withLock { inbox in
      let batch = TransferredWork(inbox.work)
      inbox.work = []
      return batch
    }
    for item in batch.work { work.append(item) }
  }
}

/// Carries work through the mutex. `@unchecked Sendable`: jobs are meant to be run elsewhere, and bodies were
/// Sendable when they came in.
private struct TransferredWork<Item>: @unchecked Sendable {
  let work: Item

  init(_ work: Item) { self.work = work }
}

/// Runs actors on an event loop. It is apart from the loop because a job must be run the way it was enqueued.
/// An actor that returns it from `unownedExecutor` must keep the loop alive.
///
/// `@unchecked Sendable`: `loop` is set once, before the loop's initialiser returns.
public final class LoopSerialExecutor: SerialExecutor, @unchecked Sendable {
  unowned var loop: EventLoop?

  /// Takes a job of an actor.
  public func enqueue(_ job: consuming ExecutorJob) {
    guard let loop else { preconditionFailure("the event loop of an actor is gone") }
    loop.add(.actor(UnownedJob(job)))
  }

  /// Whether the caller is on the loop's thread.
  public func isIsolatingCurrentContext() -> Bool? { loop?.isCurrent ?? false }

  /// Traps unless the caller is on the loop's thread.
  public func checkIsolated() { loop?.preconditionOnLoop() }
}

/// A gate that threads wait at until it opens; then it stays open.
final class ThreadGate: Sendable {
  private let descriptor: OwnedDescriptor

  init() {
    // An eventfd that blocks: no condition variable, no spinning.
    descriptor = OwnedDescriptor(adopting: clinux_blocking_eventfd())
  }

  func open() {
    var one: UInt64 = 1
    _ = write(descriptor.raw, &one, 8)
  }

  func wait() {
    var counter: UInt64 = 0
    _ = retryOnInterrupt { read(descriptor.raw, &counter, 8) }
    open()
  }
}

/// Starts a detached thread with a name and runs `body` on it.
func startThread(named name: String, _ body: @escaping @Sendable () -> Void) {
  final class Box {
    let name: String
    let body: @Sendable () -> Void
    init(_ name: String, _ body: @escaping @Sendable () -> Void) { (self.name, self.body) = (name, body) }
  }
  var thread = pthread_t()
  let box = Unmanaged.passRetained(Box(name, body)).toOpaque()
  let result = pthread_create(
    &thread, nil,
    { argument in
      guard let argument else { return nil }
      let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
      pthread_setname_np(pthread_self(), String(box.name.prefix(15)))
      box.body()
      return nil
    }, box)
  precondition(result == 0, "the system refused another thread (error \(result))")
  pthread_detach(thread)
}
