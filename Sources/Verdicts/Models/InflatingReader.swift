import Traces
import WebSocketProtocol

/// Reads the compressed messages of one direction, fragment by fragment (RFC 7692 section 7.2.2). The inflating itself is zlib's, as
/// everywhere; what follows from it is the judge's.
final class InflatingReader {
  /// Why a fragment cannot be inflated.
  enum Defect: Error, Sendable, Hashable {
    /// It is no DEFLATE stream.
    case corrupt
    /// It refers to what lies further back than the window that was agreed on, and not further than a larger one reaches.
    case beyondWindow
    /// It is the last one, and ends inside of a block.
    case incomplete
  }

  /// The most bytes that a fragment may inflate to before the judge gives it up.
  private static let limit = 64 << 20

  private let direction: DeflateAgreement.Direction
  private var inflater: RawInflater
  /// The largest window, where a smaller one was agreed on.
  private var widest: RawInflater?

  init(_ direction: DeflateAgreement.Direction) {
    self.direction = direction
    inflater = RawInflater(windowBits: direction.windowBits)
    widest = direction.windowBits < 15 ? RawInflater() : nil
  }

  /// A message begins.
  func begin() {
    guard !direction.keepsContext else { return }
    inflater.reset()
    widest?.reset()
  }

  /// What a fragment inflates to. Nothing can be inflated behind a defect in the same message.
  func inflate(_ payload: [UInt8], isFinal: Bool) throws(Defect) -> [UInt8] {
    var output = ByteBuffer()
    let fitsWidest = fitsWidest(payload, isFinal: isFinal)
    do throws(InflateFailure) {
      for piece in pieces(of: payload) {
        try payload[piece].withUnsafeBufferPointer { (bytes) throws(InflateFailure) in
          try inflater.inflate(UnsafeRawBufferPointer(bytes), into: &output, limit: Self.limit)
        }
      }
    } catch {
      inflater.reset()
      throw fitsWidest ? .beyondWindow : .corrupt
    }
    guard isFinal else { return output.take() }
    do { try inflater.finishMessage() } catch {
      inflater.reset()
      throw .incomplete
    }
    return output.take()
  }

  /// Whether the largest window has all that the fragment refers to; false where no smaller one was agreed on.
  private func fitsWidest(_ payload: [UInt8], isFinal: Bool) -> Bool {
    guard widest != nil else { return false }
    var output = ByteBuffer()
    do throws(InflateFailure) {
      try payload.withUnsafeBufferPointer { (bytes) throws(InflateFailure) in
        try widest?.inflate(UnsafeRawBufferPointer(bytes), into: &output, limit: Self.limit)
      }
      if isFinal { try widest?.finishMessage() }
      return true
    } catch {
      widest?.reset()
      return false
    }
  }

  /// The message with what its payload inflates to, where it is compressed; nil where it cannot be inflated.
  func inflated(_ message: DecodedMessage, in frames: [DecodedFrame]) -> DecodedMessage? {
    guard let first = message.frameIndices.first, frames[first].header.isCompressed, !message.isCut else {
      return message
    }
    begin()
    guard let payload = try? inflate(message.payload, isFinal: message.isComplete) else { return nil }
    var message = message
    message.payload = payload
    message.length = payload.count
    return message
  }

  /// Zlib finds that a distance leaves the window only where it leaves the output of the call too; byte by byte, that is short.
  private func pieces(of payload: [UInt8]) -> [Range<Int>] {
    guard direction.windowBits < 15 else { return [0..<payload.count] }
    return payload.indices.map { $0..<$0 + 1 }
  }
}

extension FrameHeader {
  /// Whether RSV1 is set, which permessage-deflate calls the "Per-Message Compressed" bit (RFC 7692 section 6).
  var isCompressed: Bool { reservedBits & 4 != 0 }
}
