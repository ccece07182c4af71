import Steps
import WebSocketProtocol

/// permessage-deflate on one scripted connection, as it was agreed on: makes the DEFLATE streams that steps ask for, and reads the
/// client's (RFC 7692 section 7.2).
final class ScriptedDeflate {
  /// The most bytes that a message of the client's may inflate to.
  private static let mostInflatedBytes = 64 << 20

  private let agreement: DeflateParameters
  private var deflater: RawDeflater
  private var inflater: RawInflater

  init(_ agreement: DeflateParameters) {
    self.agreement = agreement
    deflater = RawDeflater(windowBits: agreement.windowBits(of: .server))
    inflater = RawInflater(windowBits: agreement.windowBits(of: .client))
  }

  /// The payload of a compressed message, before it is cut into frames.
  func stream(of message: MessageSpec) -> [UInt8] {
    if agreement.serverNoContextTakeover || !message.usesContext { deflater.reset() }
    if let exact = message.deflated?.bytes { return outside(exact) }
    let payload = message.payload.bytes ?? []
    return switch message.blocks {
    case .normal: deflater.deflateMessage(payload)
    case .emptyFirst: Self.emptyBlock + deflater.deflateMessage(payload)
    case .several: several(payload)
    case .stored:
      outside(RawDeflater.stream(of: payload, windowBits: agreement.windowBits(of: .server), level: 0))
    case .fixed:
      outside(
        RawDeflater.stream(of: payload, windowBits: agreement.windowBits(of: .server), strategy: .fixed))
    case .last: outside(Self.lastBlocks(payload))
    }
  }

  /// A stream that does not come from the deflater: it knows nothing of these bytes, so it must not look back beyond them.
  private func outside(_ stream: [UInt8]) -> [UInt8] {
    deflater.reset()
    return stream
  }

  /// Three blocks or as many as there are bytes, each flushed.
  private func several(_ payload: [UInt8]) -> [UInt8] {
    var output = ByteBuffer()
    let pieces = MessageSpec.Fragments.count(3).ranges(of: payload.count)
    for piece in pieces.dropLast() { payload[piece].withUnsafeBytes { deflater.deflate($0, into: &output) } }
    payload[pieces[2]].withUnsafeBytes { deflater.finishMessage($0, into: &output) }
    return output.take()
  }

  /// An empty block with the fixed codes (ten bits), and an empty stored one that fills up its last byte.
  private static let emptyBlock: [UInt8] = [0x02, 0x00, 0x00, 0x00, 0xFF, 0xFF]

  /// Stored blocks of which the last one has BFINAL set, and the empty block's first byte that section 7.2.3.4 adds.
  private static func lastBlocks(_ payload: [UInt8]) -> [UInt8] {
    let most = 65535
    var stream: [UInt8] = []
    let pieces = MessageSpec.Fragments.size(most).ranges(of: payload.count)
    for (index, piece) in pieces.enumerated() {
      let length = UInt16(piece.count)
      stream.append(index == pieces.count - 1 ? 1 : 0)
      for number in [length, ~length] { stream += [UInt8(number & 0xFF), UInt8(number >> 8)] }
      stream += payload[piece]
    }
    return stream + [0x00]
  }

  /// What a message of the client's inflates to; nil where it is no DEFLATE stream.
  func inflate(_ payload: [UInt8]) -> [UInt8]? {
    if agreement.clientNoContextTakeover { inflater.reset() }
    return try? inflater.inflateMessage(payload, limit: Self.mostInflatedBytes)
  }
}

extension RawDeflater {
  /// One message of a deflater of its own.
  fileprivate static func stream(
    of payload: [UInt8], windowBits: Int, level: Int = 6, strategy: Strategy = .normal
  ) -> [UInt8] {
    var deflater = RawDeflater(windowBits: windowBits, level: level, strategy: strategy)
    return deflater.deflateMessage(payload)
  }
}
