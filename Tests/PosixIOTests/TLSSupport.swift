import Certificates
import Testing

@testable import PosixIO

/// What a server saw of a connection that has ended.
struct ServedConnection: Sendable {
  var received: [UInt8] = []
  var details: TLSDetails?
  var failure: TLSError?
  var receivedCloseNotify = false
}

/// A server that plays `act` to each connection, by default an echo until the end.
///
/// `@unchecked Sendable`: touched on the loop only.
final class TLSServer: @unchecked Sendable {
  typealias Act = @Sendable (inout ServedConnection, borrowing ByteStream, EventLoop) async throws -> Void

  private(set) var address = SocketAddress.loopbackV4(port: 0)
  private let loop: EventLoop
  private var listener: TCPListener?
  private var ended: [ServedConnection] = []
  private var waiter: CheckedContinuation<Void, Never>?

  /// On the loop.
  init(
    _ configuration: TLSConfiguration, manner: TLSManner = TLSManner(), on loop: EventLoop,
    _ act: @escaping Act = TLSServer.echo
  ) throws {
    self.loop = loop
    let context = try TLSContext(.server, configuration)
    let listener = try TCPListener(on: loop, address) { [unowned self] socket, _ in
      do {
        let held = HeldStream(
          try ByteStream(socket, securedBy: context, manner: manner, endpoint: "the client", on: loop))
        Task(executorPreference: loop) { await self.serve(held, act) }
      } catch {
        Issue.record(error)
      }
    }
    address = listener.address
    self.listener = listener
  }

  @concurrent
  private func serve(_ held: HeldStream, _ act: Act) async {
    var served = ServedConnection()
    do {
      try await act(&served, held.stream, loop)
    } catch {
      served.failure = error as? TLSError
    }
    served.details = held.stream.tlsDetails
    served.failure = served.failure ?? held.stream.tlsFailure
    served.receivedCloseNotify = held.stream.receivedCloseNotify
    held.stream.close()
    ended.append(served)
    waiter?.resume()
    waiter = nil
  }

  /// Waits for the end of the next connection. On the loop.
  func next() async -> ServedConnection {
    if ended.isEmpty { await withCheckedContinuation { waiter = $0 } }
    return ended.removeFirst()
  }

  func close() { listener?.close() }

  static let echo: Act = { served, stream, loop in
    while true {
      let bytes = try await stream.receiveSome(from: "the client", on: loop, deadline: .after(.seconds(10)))
      if bytes.isEmpty { break }
      served.received += bytes
      try await stream.sendAll(bytes, to: "the client", on: loop, deadline: .after(.seconds(10)))
    }
    stream.endSending()
  }
}

/// A stream in a class, so that a task can own it. `@unchecked Sendable`: touched on the loop only.
final class HeldStream: @unchecked Sendable {
  var stream: ByteStream
  init(_ stream: consuming ByteStream) { self.stream = stream }
}

extension ByteStream {
  /// Connects to a server of a test and shakes hands. On the loop.
  static func connect(
    to address: SocketAddress, as host: String = "127.0.0.1", _ configuration: TLSConfiguration,
    manner: TLSManner = TLSManner(), within limit: Duration = .seconds(10), on loop: EventLoop
  ) async throws -> ByteStream {
    let socket = try await TCPSocket.connect(to: address, on: loop, deadline: .after(.seconds(5)))
    return try await shakeHands(
      over: socket, with: host, by: try TLSContext(.client, configuration), manner: manner,
      endpoint: "the server", on: loop, deadline: .after(limit))
  }

  /// Sends bytes and reads as many back, at the same time. On the loop, by a stream registered nowhere.
  borrowing func exchange(_ bytes: [UInt8], on loop: EventLoop) async throws -> [UInt8] {
    var sent = 0
    var received: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while received.count < bytes.count {
      if sent < bytes.count,
        case .moved(let count) = bytes[sent...].withUnsafeBytes({ send($0) })
      {
        sent += count
      }
      switch buffer.withUnsafeMutableBytes({ receive(into: $0) }) {
      case .moved(let count): received += buffer.prefix(count)
      case .wouldBlock:
        if holdsInput { continue }
        let interest: Readiness = sent < bytes.count || holdsUnsent ? [.readable, .writable] : .readable
        guard try await loop.waitUntil(interest, descriptor, deadline: .after(.seconds(10))) else {
          throw TLSError(.read, "the server", .timedOut)
        }
        flush()
      case .end: return received
      case .failed(let number): throw tlsFailure ?? PosixError(.receive, "the server", number)
      }
    }
    return received
  }

  /// Reads to the end. On the loop.
  borrowing func readToEnd(on loop: EventLoop) async throws -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let bytes = try await receiveSome(from: "the server", on: loop, deadline: .after(.seconds(10)))
      if bytes.isEmpty { return all }
      all += bytes
    }
  }
}
