import PosixIO
import Synchronization
import Traces

/// What is kept of a connection, from both of its directions.
final class CarriageLog: Sendable {
  private let tap: Mutex<FrameTap>

  init(captureLimit: Int) { tap = Mutex(FrameTap(captureLimit: captureLimit)) }

  func note(_ kind: WireEvent.Kind) { tap.withLock { $0.note(kind, at: .now()) } }

  func received(_ bytes: [UInt8]) {
    tap.withLock { tap in bytes.withUnsafeBytes { tap.received($0, at: .now()) } }
  }

  func sent(_ bytes: [UInt8]) {
    tap.withLock { tap in bytes.withUnsafeBytes { tap.sent($0, at: .now()) } }
  }

  func endRequestHead(at length: Int) { tap.withLock { $0.requestHeadLength = length } }

  var trace: ConnectionTrace { tap.withLock { $0.trace(name: "main", token: "") } }
}

/// One connection on its way through the relay.
struct Carriage: Sendable {
  let client: ByteChannel
  let server: ByteChannel
  let log: CarriageLog
  let hosts: (relay: String, server: String)

  /// Returns once both directions have ended, or the task was cancelled.
  func run() async {
    async let up: Void = carryRequests()
    async let down: Void = carryAnswers()
    _ = await (up, down)
    server.close()
  }

  /// From the client to the server.
  private func carryRequests() async {
    var head = RequestRewriting(from: hosts.relay, to: hosts.server)
    await carry(from: client, to: server, end: .receivedEnd, reset: .receivedReset) { bytes in
      log.received(bytes)
      let passed = head.passed(bytes)
      if let length = head.length { log.endRequestHead(at: length) }
      return passed
    }
  }

  /// From the server to the client: noted before it leaves, so that nothing answers what was not sent yet. Where the server resets the
  /// connection the client's ends in order, so that all before it arrives.
  private func carryAnswers() async {
    await carry(from: server, to: client, end: .sentEnd, reset: .sentEnd) { bytes in
      log.sent(bytes)
      return bytes
    }
  }

  private func carry(
    from source: ByteChannel, to sink: ByteChannel, end: WireEvent.Kind, reset: WireEvent.Kind,
    _ pass: ([UInt8]) -> [UInt8]
  ) async {
    do {
      while true {
        let bytes = try await source.read(upTo: 1 << 16, deadline: .never)
        if bytes.isEmpty { break }
        let passed = pass(bytes)
        // Who reads no more may still have something to say.
        if !passed.isEmpty { try? await sink.write(passed, deadline: .never) }
      }
      log.note(end)
      sink.endSending()
    } catch is CancellationError {
      sink.close()
    } catch let error as PosixError where error.number == .badDescriptor {
      // The other direction met a reset.
    } catch {
      log.note(reset)
      if reset == end { return sink.endSending() }
      sink.reset()
      source.close()
    }
  }
}

/// Replaces the host in the request head, once, however the head is cut.
struct RequestRewriting {
  private let relay: String
  private let server: String
  private var held: [UInt8]? = []
  /// How long the client's head was; nil before its end.
  private(set) var length: Int?
  /// A head that is longer than this passes as it is.
  private static let longest = 1 << 16

  init(from relay: String, to server: String) {
    self.relay = relay
    self.server = server
  }

  /// What of these bytes, and of those that were held back, is to be passed on.
  mutating func passed(_ bytes: [UInt8]) -> [UInt8] {
    guard var head = held else { return bytes }
    head += bytes
    guard let end = head.firstRange(of: Array("\r\n\r\n".utf8)) ?? head.firstRange(of: Array("\n\n".utf8))
    else {
      held = head.count > Self.longest ? nil : head
      return held == nil ? head : []
    }
    held = nil
    length = end.upperBound
    guard let host = head[..<end.lowerBound].firstRange(of: Array(relay.utf8)) else { return head }
    head.replaceSubrange(host, with: Array(server.utf8))
    return head
  }
}
