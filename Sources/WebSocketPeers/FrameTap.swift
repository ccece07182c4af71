import PosixIO
import Traces
import WebSocketProtocol

/// Keeps what moved on one connection: chunks with direction, instant and bytes, from which frames are decoded later.
///
/// Bytes are kept up to the capture limit per direction; beyond it length and SHA-1 stand for them, and the trace says
/// so. Belongs to the loop of its connection.
final class FrameTap {
  private(set) var events: [WireEvent] = []
  private var client: StreamCapture
  private var server: StreamCapture
  private var foundTarget: String?
  /// The client's bytes in which the end of the request line was looked for.
  private var scannedCount = 0
  /// When something last moved or was noted.
  private(set) var lastInstant: MonotonicInstant?
  /// The length of the request head, once it was complete.
  var requestHeadLength: Int?
  /// The length of the response head, once one was sent.
  var responseHeadLength: Int?

  /// Chunks that were sent and not acknowledged, so far as the kernel tells: the offset behind each in the bytes of the socket, modulo
  /// 2³², and its event.
  private var underWay: [(end: UInt32, event: Int)] = []
  /// The round trip of TCP's handshake, where the kernel was asked.
  var tcpRoundTrip: Duration?

  /// Events beyond this many are merged into the last of their kind: a flood must not fill the memory.
  static let mostEvents = 100_000

  init(captureLimit: Int) {
    client = StreamCapture(limit: captureLimit)
    server = StreamCapture(limit: captureLimit)
  }

  /// The target in the request line, as soon as all of the line came, well-formed or not; a line of more than 16 KiB has
  /// none. Looks at every byte once, however small the pieces in which they come.
  var requestTarget: String? {
    if let foundTarget { return foundTarget }
    let limit = min(client.bytes.count, 16 << 10)
    guard scannedCount < limit else { return nil }
    let end = client.bytes[scannedCount..<limit].firstIndex(of: 0x0A)
    scannedCount = limit
    guard let end else { return nil }
    let words = client.bytes[..<end].split(separator: 0x20, omittingEmptySubsequences: true)
    foundTarget = words.count > 1 ? String(decoding: words[1], as: UTF8.self) : nil
    return foundTarget
  }

  /// The client's first bytes.
  func receivedBytes(upTo limit: Int) -> [UInt8] { Array(client.bytes.prefix(limit)) }

  func received(
    _ bytes: UnsafeRawBufferPointer, at instant: MonotonicInstant, kernel: MonotonicInstant? = nil
  ) {
    client.append(bytes)
    lastInstant = instant
    if events.count >= Self.mostEvents, case .received(let count)? = events.last?.kind {
      events[events.count - 1].kind = .received(count: count + bytes.count)
      return
    }
    note(.received(count: bytes.count), at: instant, kernel: kernel)
  }

  /// - Parameter stampedEnd: how many bytes the socket has been given in all, where the kernel stamps them.
  func sent(_ bytes: UnsafeRawBufferPointer, at instant: MonotonicInstant, stampedEnd: Int? = nil) {
    server.append(bytes)
    lastInstant = instant
    if events.count >= Self.mostEvents, case .sent(let count)? = events.last?.kind {
      events[events.count - 1].kind = .sent(count: count + bytes.count)
      return
    }
    note(.sent(count: bytes.count), at: instant)
    if let stampedEnd {
      underWay.append((end: UInt32(truncatingIfNeeded: stampedEnd), event: events.count - 1))
    }
  }

  /// The kernel tells of a byte, and with it of all before it: TCP keeps their order, and has one stamp for what it sends together.
  func transmitted(_ stamp: TransmissionStamp) {
    let passed = underWay.prefix { Int32(bitPattern: stamp.byte &- ($0.end &- 1)) >= 0 }
    for chunk in passed {
      events[chunk.event].transmission = (events[chunk.event].transmission ?? Transmission()).noting(stamp)
    }
    if stamp.place == .peer { underWay.removeFirst(passed.count) }
  }

  func note(_ kind: WireEvent.Kind, at instant: MonotonicInstant, kernel: MonotonicInstant? = nil) {
    lastInstant = instant
    events.append(
      WireEvent(
        instantNanoseconds: UInt64(instant.nanoseconds),
        kernelInstantNanoseconds: kernel.map { UInt64($0.nanoseconds) }, kind: kind))
  }

  /// How many bytes have moved, both ways.
  var byteCount: Int { client.totalCount + server.totalCount }
  /// How many of them were sent.
  var sentByteCount: Int { server.totalCount }

  /// Everything so far as a value.
  func trace(name: String, token: String) -> ConnectionTrace {
    var trace = ConnectionTrace(
      name: name, token: token, events: events, clientStream: client.captured, serverStream: server.captured,
      requestHeadLength: requestHeadLength, responseHeadLength: responseHeadLength)
    trace.tcpRoundTripNanoseconds = tcpRoundTrip.map { UInt64($0.wholeNanoseconds) }
    return trace
  }
}

extension Transmission {
  /// The same with this stamp; the first one of a place counts, as later ones are of bytes that were sent again.
  fileprivate func noting(_ stamp: TransmissionStamp) -> Transmission {
    let instant = UInt64(stamp.instant.nanoseconds)
    var copy = self
    switch stamp.place {
    case .scheduler: copy.scheduledNanoseconds = scheduledNanoseconds ?? instant
    case .device: copy.sentNanoseconds = sentNanoseconds ?? instant
    case .peer: copy.acknowledgedNanoseconds = acknowledgedNanoseconds ?? instant
    }
    return copy
  }
}

/// The bytes of one direction, bounded.
private struct StreamCapture: ~Copyable {
  let limit: Int
  private(set) var bytes: [UInt8] = []
  private(set) var totalCount = 0
  private var digest: SHA1?

  init(limit: Int) { self.limit = limit }

  mutating func append(_ chunk: UnsafeRawBufferPointer) {
    totalCount += chunk.count
    let kept = min(chunk.count, limit - bytes.count)
    if kept == chunk.count {
      bytes.append(contentsOf: chunk)
      return
    }
    if digest == nil {
      // Only a stream that is cut pays for hashing, from its first byte on.
      var whole = SHA1()
      bytes.withUnsafeBytes { whole.append($0) }
      digest = consume whole
    }
    digest?.append(chunk)
    bytes.append(contentsOf: chunk.prefix(kept))
  }

  var captured: CapturedStream {
    CapturedStream(bytes: bytes, totalCount: totalCount, sha1: digest?.value())
  }
}
