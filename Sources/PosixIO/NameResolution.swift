import CLinux
import Glibc
import Synchronization

extension SocketAddress {
  /// The addresses of a host: at once for numeric ones, otherwise from the system's resolver (`getaddrinfo`), which
  /// blocks and therefore runs on a named thread of its own. Past the deadline its answer is no longer waited for.
  public static func resolve(_ host: String, port: UInt16, deadline: Deadline) async throws -> [SocketAddress]
  {
    if let numeric = SocketAddress(numeric: host, port: port) { return [numeric] }
    let answer = OneAnswer()
    let timerLoop = EventLoop.shared
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        answer.attach(continuation)
        startThread(named: "ws-resolver") { answer.give(Result { try lookUp(host, port: port) }) }
        timerLoop.submit {
          let timer = LoopConfined(
            LoopTimer(on: timerLoop) { answer.give(.failure(PosixError(.resolve, host, .timedOut))) })
          timer.value.set(deadline)
          answer.whenGiven { timerLoop.submit { timer.value.cancel() } }
        }
      }
    } onCancel: {
      answer.give(.failure(CancellationError()))
    }
  }

  private static func lookUp(_ host: String, port: UInt16) throws(PosixError) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &list)
    defer { if let list { freeaddrinfo(list) } }
    guard code == 0 else {
      throw PosixError(
        .resolve, host.isEmpty ? "the empty name ''" : host, .notFound,
        detail: String(cString: gai_strerror(code)))
    }
    var found: [SocketAddress] = []
    var next = list
    while let entry = next {
      next = entry.pointee.ai_next
      guard let raw = entry.pointee.ai_addr else { continue }
      var storage = sockaddr_storage()
      memcpy(&storage, raw, Int(entry.pointee.ai_addrlen))
      if let address = SocketAddress(storage)?.withPort(port), !found.contains(address) {
        found.append(address)
      }
    }
    return found
  }
}

/// Keeps something that is touched on one loop's thread only while it travels through Sendable closures.
struct LoopConfined<Value>: @unchecked Sendable {
  let value: Value

  init(_ value: Value) { self.value = value }
}

/// Resumes a continuation with whichever answer comes first.
private final class OneAnswer: Sendable {
  private struct State {
    var continuation: CheckedContinuation<[SocketAddress], any Error>?
    var answer: Result<[SocketAddress], any Error>?
    var afterwards: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  func attach(_ continuation: CheckedContinuation<[SocketAddress], any Error>) {
    let early = state.withLock { state in
      if state.answer == nil { state.continuation = continuation }
      return state.answer
    }
    if let early { continuation.resume(with: early) }
  }

  func give(_ answer: Result<[SocketAddress], any Error>) {
    let (continuation, afterwards) = state.withLock { state in
      guard state.answer == nil else {
        return (CheckedContinuation<[SocketAddress], any Error>?.none, (@Sendable () -> Void)?.none)
      }
      state.answer = answer
      defer { (state.continuation, state.afterwards) = (nil, nil) }
      return (state.continuation, state.afterwards)
    }
    continuation?.resume(with: answer)
    afterwards?()
  }

  func whenGiven(_ body: @escaping @Sendable () -> Void) {
    let isGiven = state.withLock { state in
      if state.answer == nil { state.afterwards = body }
      return state.answer != nil
    }
    if isGiven { body() }
  }
}
