/// A frame to be written, legal or not (RFC 6455 section 5.2).
///
/// Defaults make a legal frame; a scripted peer overrides single parts.
public struct Frame: Hashable, Sendable {
  /// FIN.
  public var isFinal: Bool
  /// RSV1 to RSV3 as the bits 4, 2, 1.
  public var reservedBits: UInt8
  /// The opcode.
  public var opcode: Opcode
  /// The key the payload is masked with, or `nil` for an unmasked frame.
  public var maskingKey: MaskingKey?
  /// The payload, not masked.
  public var payload: [UInt8]
  /// How the length is written; the shortest form when `nil`.
  public var lengthEncoding: LengthEncoding?
  /// The length the header declares; that of the payload when `nil`.
  public var declaredLength: UInt64?

  /// Creates a frame.
  public init(
    _ opcode: Opcode, _ payload: [UInt8] = [], isFinal: Bool = true, reservedBits: UInt8 = 0,
    maskingKey: MaskingKey? = nil, lengthEncoding: LengthEncoding? = nil, declaredLength: UInt64? = nil
  ) {
    self.opcode = opcode
    self.payload = payload
    self.isFinal = isFinal
    self.reservedBits = reservedBits
    self.maskingKey = maskingKey
    self.lengthEncoding = lengthEncoding
    self.declaredLength = declaredLength
  }

  /// The header that ``encoded()`` writes.
  public var header: FrameHeader {
    FrameHeader(
      isFinal: isFinal, reservedBits: reservedBits, opcode: opcode,
      payloadLength: declaredLength ?? UInt64(payload.count), maskingKey: maskingKey,
      lengthEncoding: lengthEncoding)
  }

  /// The frame as it is sent: header, then the payload, masked where there is a key.
  public func encoded() -> [UInt8] {
    var bytes = header.encoded
    let start = bytes.count
    bytes += payload
    if let maskingKey {
      bytes.withUnsafeMutableBytes { Masking.apply(maskingKey, to: .init(rebasing: $0[start...])) }
    }
    return bytes
  }
}
