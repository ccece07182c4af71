import PosixIO
import Traces
import WebSocketProtocol

/// Keeps what moved on one connection: chunks with direction, instant and bytes, from which frames are decoded later.
///
/// Bytes are kept up to the capture limit per direction; beyond it length and SHA-1 stand for them, and the trace says
/// so. Belongs to the loop of its connection.
final class FrameTap {
  // Unchecked, for what every message touches: all of it belongs to one loop's thread, or to whoever holds the lock around the tap, and
  // nothing that is called while one of these is being changed comes back here.
  @exclusivity(unchecked) private var log = TapLog()
  @exclusivity(unchecked) private var client: StreamCapture
  @exclusivity(unchecked) private var server: StreamCapture
  private var foundTarget: String?
  /// The client's bytes in which the end of the request line was looked for.
  private var scannedCount = 0
  /// When something last moved or was noted.
  @exclusivity(unchecked) private(set) var lastInstant: MonotonicInstant?
  /// The length of the request head, once it was complete.
  var requestHeadLength: Int?
  /// The length of the response head, once one was sent.
  var responseHeadLength: Int?
  /// The round trip of TCP's handshake, where the kernel was asked.
  var tcpRoundTrip: Duration?
  /// How many bytes the client's TCP took at first without acknowledging any, where the kernel was asked.
  var clientWindow: Int?

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
    log.received(
      bytes.count, at: UInt64(instant.nanoseconds), kernel: kernel.map { UInt64($0.nanoseconds) } ?? 0)
  }

  /// - Parameter stampedEnd: how many bytes the socket has been given in all, where the kernel stamps them.
  func sent(_ bytes: UnsafeRawBufferPointer, at instant: MonotonicInstant, stampedEnd: Int? = nil) {
    server.append(bytes)
    lastInstant = instant
    log.sent(bytes.count, at: UInt64(instant.nanoseconds), stampedEnd: stampedEnd)
  }

  /// The kernel tells of a byte, and with it of all before it: TCP keeps their order, and has one stamp for what it sends together.
  func transmitted(_ stamp: TransmissionStamp) {
    log.transmitted(
      stamp.byte, acknowledged: stamp.place == .peer, at: UInt64(stamp.instant.nanoseconds))
  }

  func note(_ kind: WireEvent.Kind, at instant: MonotonicInstant) {
    lastInstant = instant
    log.note(kind, at: UInt64(instant.nanoseconds))
  }

  /// How many bytes have moved, both ways.
  var byteCount: Int { client.totalCount + server.totalCount }
  /// How many of them were sent.
  var sentByteCount: Int { server.totalCount }

  /// Everything so far as a value.
  func trace(name: String, token: String) -> ConnectionTrace {
    var trace = ConnectionTrace(
      name: name, token: token, events: log.events, clientStream: client.captured,
      serverStream: server.captured,
      requestHeadLength: requestHeadLength, responseHeadLength: responseHeadLength)
    trace.clientWindow = clientWindow
    trace.tcpRoundTripNanoseconds = tcpRoundTrip.map { UInt64($0.wholeNanoseconds) }
    return trace
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
