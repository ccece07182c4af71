import WebSocketProtocol

/// A frame that the scripted server writes, lawful or not (RFC 6455 section 5.2).
public struct FrameSpec: Sendable, Hashable {
  /// How the payload length is written, whatever the length is.
  public enum LengthEncoding: String, Sendable, Hashable, CaseIterable {
    /// The shortest form, as section 5.2 demands.
    case minimal
    /// The 16-bit form (126).
    case sixteenBit
    /// The 64-bit form (127).
    case sixtyFourBit
  }

  /// The opcode, reserved ones included.
  public var opcode: Opcode
  /// The FIN bit.
  public var isFinal: Bool
  /// RSV1 = 4, RSV2 = 2, RSV3 = 1.
  public var reservedBits: UInt8
  /// The payload before masking.
  public var payload: Payload
  /// A masking key, which a server must not use; nil leaves the frame unmasked.
  public var maskingKey: UInt32?
  /// The form of the length field.
  public var lengthEncoding: LengthEncoding
  /// A length to declare that is not the payload's; nil declares the true one.
  public var declaredLength: UInt64?

  /// Creates a frame; the defaults make it a lawful, unfragmented server frame.
  public init(
    _ opcode: Opcode, _ payload: Payload = .empty, isFinal: Bool = true, reservedBits: UInt8 = 0,
    maskingKey: UInt32? = nil, lengthEncoding: LengthEncoding = .minimal, declaredLength: UInt64? = nil
  ) {
    self.opcode = opcode
    self.payload = payload
    self.isFinal = isFinal
    self.reservedBits = reservedBits
    self.maskingKey = maskingKey
    self.lengthEncoding = lengthEncoding
    self.declaredLength = declaredLength
  }
}

extension FrameSpec {
  /// The frame as it is written.
  public var frame: Frame {
    Frame(
      opcode, payload.bytes ?? [], isFinal: isFinal, reservedBits: reservedBits,
      maskingKey: maskingKey.map { MaskingKey(memoryWord: $0.bigEndian) },
      lengthEncoding: lengthEncoding.onWire, declaredLength: declaredLength)
  }
}

extension FrameSpec.LengthEncoding {
  fileprivate var onWire: WebSocketProtocol.LengthEncoding? {
    switch self {
    case .minimal: nil
    case .sixteenBit: .sixteenBits
    case .sixtyFourBit: .sixtyFourBits
    }
  }
}
