import FuzzSupport
import WebSocketProtocol

/// The splitting of a stream into frames: nothing traps, nothing depends on the cuts, memory is bounded, and what was split can be put
/// together to the very bytes that came.
enum FrameDecoderTarget: FuzzTarget {
  /// Less than most inputs have, so that cut payloads are common.
  private static let keptPayload = 300

  static func run(_ input: FuzzInput) {
    let whole = FrameDecoder.decode(input.payload)
    precondition(joined(whole) == input.payload, "the frames are not what came")
    let kept = FrameDecoder.decode(input.payload, keptPayload: keptPayload)
    precondition(kept.frames.allSatisfy { $0.payload.count <= keptPayload })
    precondition(kept.frames.map(\.endOffset) == whole.frames.map(\.endOffset), "the bound moves frames")
    var cut = FrameDecoder(keptPayload: keptPayload)
    var frames: [WireFrame] = []
    input.forEachChunk { _, chunk in frames += cut.receive(chunk) }
    precondition(frames == kept.frames, "the frames depend on the cuts")
    precondition(cut.incompleteFrame == kept.incomplete, "the rest depends on the cuts")
  }

  private static func joined(_ decoded: (frames: [WireFrame], incomplete: PartialFrame?)) -> [UInt8] {
    var bytes: [UInt8] = []
    for frame in decoded.frames {
      precondition(frame.streamOffset == UInt64(bytes.count))
      precondition(frame.header.encoded == frame.headerBytes)
      bytes += frame.headerBytes + masked(frame.payload, frame.header.maskingKey)
    }
    guard let rest = decoded.incomplete else { return bytes }
    precondition(rest.receivedPayload == UInt64(rest.payload.count))
    return bytes + rest.headerBytes + masked(rest.payload, rest.header?.maskingKey)
  }

  /// RFC 6455 section 5.3, byte by byte.
  private static func masked(_ payload: [UInt8], _ key: MaskingKey?) -> [UInt8] {
    guard let key else { return payload }
    let octets = key.bytes
    return payload.enumerated().map { $1 ^ octets[$0 & 3] }
  }
}
