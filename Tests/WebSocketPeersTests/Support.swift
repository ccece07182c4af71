import PosixIO
import Steps
import Testing
import Traces
import WebSocketPeers
import WebSocketProtocol

/// A loop of a test's own, stopped with it.
func withLoop<Result>(_ body: (EventLoop) async throws -> Result) async throws -> Result {
  let loop = try EventLoop(name: "test").start()
  defer { loop.stop() }
  return try await body(loop)
}

/// A plain TCP client that sees bytes, ends and resets as they are.
final class RawClient: @unchecked Sendable {
  enum Ending: Equatable { case end, reset, deadline }

  private let loop: EventLoop
  private let socket: TCPSocket
  /// What was received and not yet taken.
  private(set) var received: [UInt8] = []

  private init(_ socket: consuming TCPSocket, on loop: EventLoop) {
    self.socket = socket
    self.loop = loop
  }

  static func connect(to address: SocketAddress, on loop: EventLoop) async throws -> RawClient {
    try await loop.run {
      RawClient(
        try await TCPSocket.connect(to: address, on: loop, deadline: .after(.seconds(5))), on: loop)
    }
  }

  /// Connects and has the opening handshake done; what follows the response's head stays in `received`.
  static func open(_ address: SocketAddress, _ target: String = "/", on loop: EventLoop) async throws
    -> RawClient
  {
    let client = try await connect(to: address, on: loop)
    try await client.send(Self.request(target))
    try await client.waitFor { $0.firstRange(of: Array("\r\n\r\n".utf8)) != nil }
    return client
  }

  static func request(_ target: String) -> [UInt8] {
    Array(
      """
      GET \(target) HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n
      """.utf8)
  }

  /// The bytes behind the response's head.
  var framesReceived: [UInt8] {
    guard let head = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return [] }
    return Array(received[head.upperBound...])
  }

  func send(_ bytes: [UInt8]) async throws { try await exchange(bytes) { _ in true } }

  /// Writes all of `bytes` while reading, and goes on reading until `isEnough` says so.
  func exchange(_ bytes: [UInt8], until isEnough: @Sendable ([UInt8]) -> Bool) async throws {
    try await loop.run { [self] in
      var sent = 0
      while sent < bytes.count || !isEnough(received) {
        let rest = bytes[sent...]
        if !rest.isEmpty, case .moved(let count) = rest.withUnsafeBytes({ socket.send($0) }) {
          sent += count
          continue
        }
        if takeIn() != nil { throw PosixError(.send, "server", .brokenPipe) }
        if sent == bytes.count, isEnough(received) { break }
        let interest: Readiness = sent < bytes.count ? [.readable, .writable] : .readable
        _ = try await loop.waitUntil(interest, socket.descriptor, deadline: .after(.seconds(10)))
      }
    }
  }

  /// Bytes given to ``sendUntilRefused(_:)`` that the kernel took.
  private(set) var sentCount = 0

  /// Writes without reading until the server has taken nothing for a while, or all is written.
  func sendUntilRefused(_ bytes: [UInt8]) async throws {
    try await loop.run { [self] in
      while sentCount < bytes.count {
        if case .moved(let count) = bytes[sentCount...].withUnsafeBytes({ socket.send($0) }) {
          sentCount += count
        } else if try await !loop.waitUntil(
          .writable, socket.descriptor, deadline: .after(.milliseconds(100)))
        {
          return
        }
      }
    }
  }

  func send(_ frame: Frame) async throws { try await send(frame.encoded()) }

  func endSending() async throws { try await loop.run { [self] in socket.endSending() } }

  /// Lets the kernel hold small writes back until what was sent is acknowledged.
  func enableNagle() async throws { try await loop.run { [self] in socket.setNoDelay(false) } }

  /// Has the kernel take little that the server has no room for.
  func limitSending() async throws { try await loop.run { [self] in socket.limitBuffers(send: 4096) } }

  /// Reads until `isEnough` says so.
  func waitFor(_ isEnough: @Sendable ([UInt8]) -> Bool) async throws {
    while !isEnough(received) {
      if let ending = try await readOnce() {
        Issue.record("instead of the bytes awaited came the \(ending) after \(received.count) bytes")
        return
      }
    }
  }

  /// Reads to the end.
  func readToEnd() async throws -> Ending {
    while true {
      if let ending = try await readOnce() { return ending }
    }
  }

  private func readOnce() async throws -> Ending? {
    try await loop.run { [self] in
      guard try await loop.waitUntil(.readable, socket.descriptor, deadline: .after(.seconds(5))) else {
        return .deadline
      }
      return takeIn()
    }
  }

  private func takeIn() -> Ending? {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    switch buffer.withUnsafeMutableBytes({ socket.receive(into: $0) }) {
    case .moved(let count):
      received += buffer.prefix(count)
      return nil
    case .end: return .end
    case .failed: return .reset
    case .wouldBlock: return nil
    }
  }
}

/// A masked frame, as a client sends it.
func clientFrame(_ opcode: Opcode, _ payload: [UInt8] = [], isFinal: Bool = true) -> Frame {
  Frame(opcode, payload, isFinal: isFinal, maskingKey: MaskingKey(0x37, 0xFA, 0x21, 0x3D))
}
