import CLinux
import Glibc

/// What a channel in receiving mode reports.
public enum ByteChannelEvent: Sendable {
  /// Bytes arrived, at the loop's instant (``EventLoop/now``).
  case bytes([UInt8])
  /// The other side has ended; the last event.
  case end
  /// The descriptor is broken; the last event.
  case failed(PosixError)
}

/// A byte stream over any pollable descriptor (terminal, pseudo-terminal, pipe), on a loop.
///
/// Its functions may be called from any task; the work is done on the loop. One read and one write may be under
/// way at a time. `@unchecked Sendable`: all state is touched on the loop's thread only.
public final class ByteChannel: ReadinessHandler, @unchecked Sendable {
  /// What the channel leads to, for error messages.
  public let endpoint: String
  /// The loop it lives on.
  public let loop: EventLoop

  private var descriptor: OwnedDescriptor
  private let isSocket: Bool
  private var registration: Registration?
  private var interest: Readiness = []
  private var reader: PendingRead?
  private var writer: PendingWrite?
  private var receiver: ((ByteChannelEvent) -> Void)?
  /// What the last read met besides bytes.
  private var failure: ErrorNumber?
  private var isEnd = false

  private struct PendingRead {
    let limit: Int
    let continuation: CheckedContinuation<[UInt8], any Error>
    let timer: LoopTimer
  }

  private struct PendingWrite {
    let bytes: [UInt8]
    var written = 0
    let continuation: CheckedContinuation<Void, any Error>
    let timer: LoopTimer
  }

  /// Takes over a descriptor and makes it non-blocking. From any thread.
  public convenience init(
    adopting descriptor: consuming OwnedDescriptor, endpoint: String, on loop: EventLoop
  ) {
    self.init(adopting: descriptor, isSocket: false, endpoint: endpoint, on: loop)
  }

  /// The same; a socket whose other side no longer reads must not raise SIGPIPE, which only its own calls can prevent.
  init(adopting descriptor: consuming OwnedDescriptor, isSocket: Bool, endpoint: String, on loop: EventLoop) {
    descriptor.setNonBlocking()
    self.descriptor = descriptor
    self.isSocket = isSocket
    self.endpoint = endpoint
    self.loop = loop
  }

  /// Waits for bytes: at least one and at most `limit` (and 1 MiB), or none at the end of the stream.
  ///
  /// Throws `PosixError` (`.timedOut` when the deadline passed; nothing is lost then) or `CancellationError`.
  public func read(upTo limit: Int = 4096, deadline: Deadline) async throws -> [UInt8] {
    let token = CancellationToken()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        onLoop { self.beginRead(limit, deadline, continuation, token) }
      }
    } onCancel: {
      onLoop {
        token.isCancelled = true
        self.finishRead(.failure(CancellationError()))
      }
    }
  }

  /// Writes all of `bytes` before the deadline.
  ///
  /// Throws `PosixError` (`.timedOut` when the deadline passed; part of the bytes may have gone out) or
  /// `CancellationError`.
  public func write(_ bytes: [UInt8], deadline: Deadline) async throws {
    let token = CancellationToken()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        onLoop { self.beginWrite(bytes, deadline, continuation, token) }
      }
    } onCancel: {
      onLoop {
        token.isCancelled = true
        self.finishWrite(.failure(CancellationError()))
      }
    }
  }

  /// From now on hands everything that arrives to `receiver`, synchronously on the loop, until the end, a failure or
  /// ``close()``. Replaces ``read(upTo:deadline:)``.
  public func receive(_ receiver: @escaping @Sendable (ByteChannelEvent) -> Void) {
    onLoop {
      precondition(self.reader == nil, "a channel either reads or receives")
      self.receiver = receiver
      self.updateInterest()
    }
  }

  /// Closes the descriptor; who still waits gets `PosixError` with `.badDescriptor`. From any thread.
  public func close() {
    onLoop {
      if let registration = self.registration { self.loop.deregister(registration) }
      self.registration = nil
      self.receiver = nil
      self.descriptor.close()
      self.finishRead(.failure(PosixError(.read, self.endpoint, .badDescriptor)))
      self.finishWrite(.failure(PosixError(.write, self.endpoint, .badDescriptor)))
    }
  }

  /// Lends the raw number to code of this module, on the loop.
  func withRawDescriptor(_ body: @escaping @Sendable (Int32) -> Void) {
    onLoop { body(self.descriptor.raw) }
  }

  /// Called by the loop.
  public func isReady(_ readiness: Readiness) {
    if !readiness.isDisjoint(with: [.writable, .error, .hungUp]) { continueWriting() }
    if !readiness.isDisjoint(with: [.readable, .error, .hungUp]) { takeIn() }
    updateInterest()
  }

  private func onLoop(_ body: @escaping @Sendable () -> Void) {
    if loop.isCurrent { body() } else { loop.submit(body) }
  }

  private func beginRead(
    _ limit: Int, _ deadline: Deadline, _ continuation: CheckedContinuation<[UInt8], any Error>,
    _ token: CancellationToken
  ) {
    precondition(reader == nil && receiver == nil, "a channel has one reader at a time")
    if token.isCancelled { return continuation.resume(throwing: CancellationError()) }
    let timer = LoopTimer(on: loop) { [unowned self] in
      finishRead(.failure(PosixError(.read, endpoint, .timedOut)))
    }
    reader = PendingRead(limit: limit, continuation: continuation, timer: timer)
    takeIn()
    if reader != nil { timer.set(deadline) }
    updateInterest()
  }

  private func beginWrite(
    _ bytes: [UInt8], _ deadline: Deadline, _ continuation: CheckedContinuation<Void, any Error>,
    _ token: CancellationToken
  ) {
    precondition(writer == nil, "a channel has one writer at a time")
    if token.isCancelled { return continuation.resume(throwing: CancellationError()) }
    let timer = LoopTimer(on: loop) { [unowned self] in
      finishWrite(.failure(PosixError(.write, endpoint, .timedOut)))
    }
    writer = PendingWrite(bytes: bytes, continuation: continuation, timer: timer)
    continueWriting()
    if writer != nil { timer.set(deadline) }
    updateInterest()
  }

  private func takeIn() {
    guard descriptor.isOpen else {
      return finishRead(.failure(PosixError(.read, endpoint, .badDescriptor)))
    }
    if let reader {
      switch readOnce(upTo: reader.limit) {
      case .bytes(let bytes): finishRead(.success(bytes))
      case .end: finishRead(.success([]))
      case .failed(let error): finishRead(.failure(error))
      case nil: break
      }
    } else if let receiver, let event = readOnce(upTo: 65536) {
      if case .bytes = event {} else { self.receiver = nil }
      receiver(event)
    }
  }

  /// Nil when nothing is there.
  private func readOnce(upTo wanted: Int) -> ByteChannelEvent? {
    let limit = min(wanted, 1 << 20)
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      count = retryOnInterrupt { Glibc.read(descriptor.raw, buffer.baseAddress, limit) }
      failure = count < 0 ? .current : nil
      isEnd = count == 0
      count = max(0, count)
    }
    // A terminal whose other side is gone says EIO where a pipe says end of stream.
    if isEnd || failure == .inputOutput { return .end }
    guard let failure else { return .bytes(bytes) }
    return failure.rawValue == EAGAIN ? nil : .failed(PosixError(.read, endpoint, failure))
  }

  private func continueWriting() {
    guard var writing = writer else { return }
    guard descriptor.isOpen else {
      return finishWrite(.failure(PosixError(.write, endpoint, .badDescriptor)))
    }
    while writing.written < writing.bytes.count {
      let count = writing.bytes.withUnsafeBytes { buffer in
        let rest = UnsafeRawBufferPointer(rebasing: buffer[writing.written...])
        return retryOnInterrupt { give(rest) }
      }
      if count < 0 && errno == EAGAIN {
        writer = writing
        return
      }
      guard count >= 0 else { return finishWrite(.failure(PosixError.last(.write, endpoint))) }
      writing.written += count
    }
    finishWrite(.success(()))
  }

  private func give(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard isSocket else { return Glibc.write(descriptor.raw, bytes.baseAddress, bytes.count) }
    return send(descriptor.raw, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
  }

  private func finishRead(_ result: Result<[UInt8], any Error>) {
    guard let reader else { return }
    self.reader = nil
    reader.timer.cancel()
    reader.continuation.resume(with: result)
    updateInterest()
  }

  private func finishWrite(_ result: Result<Void, any Error>) {
    guard let writer else { return }
    self.writer = nil
    writer.timer.cancel()
    writer.continuation.resume(with: result)
    updateInterest()
  }

  /// Watches the descriptor only while somebody waits: a hang-up is reported without being asked for, and nobody
  /// would take it.
  private func updateInterest() {
    guard descriptor.isOpen else { return }
    var wanted: Readiness = []
    if reader != nil || receiver != nil { wanted.insert(.readable) }
    if writer != nil { wanted.insert(.writable) }
    guard wanted != interest || (registration == nil) != wanted.isEmpty else { return }
    interest = wanted
    if let registration, !wanted.isEmpty {
      loop.change(registration, to: wanted)
    } else if let registration {
      loop.deregister(registration)
      self.registration = nil
    } else if !wanted.isEmpty {
      watch(wanted)
    }
  }

  private func watch(_ wanted: Readiness) {
    do {
      registration = try loop.register(descriptor, wanted, self)
    } catch {
      let error = PosixError(.register, endpoint, error.number)
      finishRead(.failure(error))
      finishWrite(.failure(error))
      receiver?(.failed(error))
      receiver = nil
    }
  }
}

/// Says on the loop that a call was cancelled before it began there. `@unchecked Sendable`: touched on the loop's
/// thread only.
private final class CancellationToken: @unchecked Sendable {
  var isCancelled = false
}
