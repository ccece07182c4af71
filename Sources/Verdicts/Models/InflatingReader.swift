import Traces
import WebSocketProtocol

/// Reads the compressed messages of one direction, fragment by fragment (RFC 7692 section 7.2.2), by the judge's own means.
final class InflatingReader {
  /// Why a fragment cannot be inflated.
  enum Defect: Error, Sendable, Hashable {
    /// It is no DEFLATE stream.
    case corrupt
    /// It refers to what lies further back than the window that was agreed on.
    case beyondWindow
    /// It is the last one, and ends inside of a block.
    case incomplete
  }

  private let direction: DeflateAgreement.Direction
  private var inflater = PlainInflater()

  init(_ direction: DeflateAgreement.Direction) { self.direction = direction }

  /// A message begins.
  func begin() {
    if !direction.keepsContext { inflater.forget() }
  }

  /// What a fragment inflates to. Nothing can be inflated behind a defect in the same message.
  func inflate(_ payload: [UInt8], isFinal: Bool) throws(Defect) -> [UInt8] {
    do throws(Defect) { return try inflated(payload, isFinal: isFinal) } catch {
      inflater = PlainInflater()
      throw error
    }
  }

  private func inflated(_ payload: [UInt8], isFinal: Bool) throws(Defect) -> [UInt8] {
    guard let output = try? inflater.inflate(payload) else { throw .corrupt }
    guard inflater.reach <= 1 << direction.windowBits else { throw .beyondWindow }
    guard !isFinal || inflater.finishMessage() else { throw .incomplete }
    return output
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
}

extension FrameHeader {
  /// Whether RSV1 is set, which permessage-deflate calls the "Per-Message Compressed" bit (RFC 7692 section 6).
  var isCompressed: Bool { reservedBits & 4 != 0 }
}
