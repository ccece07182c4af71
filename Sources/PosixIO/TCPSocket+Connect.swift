import CLinux
import Glibc

extension TCPSocket {
  /// Connects to the first of `addresses` that answers before the deadline. To be called on the loop (a task
  /// whose executor preference is the loop).
  public static func connect(
    toFirstOf addresses: [SocketAddress], on loop: EventLoop, deadline: Deadline
  ) async throws -> TCPSocket {
    var last: (any Error)?
    for address in addresses {
      do {
        return try await connect(to: address, on: loop, deadline: deadline)
      } catch let error as PosixError where error.number != .timedOut {
        last = error
      }
    }
    throw last ?? PosixError(.connect, "", .notFound, detail: "no address was given")
  }

  /// Connects to `address` before the deadline. To be called on the loop.
  public static func connect(
    to address: SocketAddress, on loop: EventLoop, deadline: Deadline
  ) async throws -> TCPSocket {
    let socket = try make(for: address, .connect)
    let raw = socket.descriptor.raw
    let result = address.withSockaddr { Glibc.connect(raw, $0, $1) }
    if result == 0 { return socket }
    guard errno == EINPROGRESS else { throw PosixError.last(.connect, address.description) }
    guard try await loop.waitUntil(.writable, socket.descriptor, deadline: deadline) else {
      throw PosixError(.connect, address.description, .timedOut)
    }
    if let number = socket.takeError() { throw PosixError(.connect, address.description, number) }
    return socket
  }
}

extension EventLoop {
  /// Waits until a descriptor that is registered nowhere else is ready; false when the deadline passed.
  /// To be called on the loop. A cancelled task gets `CancellationError`.
  public func waitUntil(
    _ interest: Readiness, _ descriptor: borrowing OwnedDescriptor, deadline: Deadline
  ) async throws -> Bool {
    preconditionOnLoop()
    let wait = ReadinessWait(on: self)
    try wait.begin(descriptor, interest, deadline)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { wait.attach($0) }
    } onCancel: {
      submit { wait.finish(.failure(CancellationError())) }
    }
  }
}

/// One wait for readiness. `@unchecked Sendable`: touched on the loop's thread only.
private final class ReadinessWait: ReadinessHandler, @unchecked Sendable {
  private let loop: EventLoop
  private var registration: Registration?
  private var timer: LoopTimer?
  private var continuation: CheckedContinuation<Bool, any Error>?
  private var result: Result<Bool, any Error>?

  init(on loop: EventLoop) { self.loop = loop }

  func begin(
    _ descriptor: borrowing OwnedDescriptor, _ interest: Readiness, _ deadline: Deadline
  ) throws(PosixError) {
    registration = try loop.register(descriptor, interest, self)
    let timer = LoopTimer(on: loop) { [weak self] in self?.finish(.success(false)) }
    timer.set(deadline)
    self.timer = timer
  }

  func attach(_ continuation: CheckedContinuation<Bool, any Error>) {
    if let result { continuation.resume(with: result) } else { self.continuation = continuation }
  }

  func isReady(_ readiness: Readiness) { finish(.success(true)) }

  func finish(_ result: Result<Bool, any Error>) {
    guard self.result == nil else { return }
    self.result = result
    if let registration { loop.deregister(registration) }
    timer?.cancel()
    continuation?.resume(with: result)
    continuation = nil
  }
}
