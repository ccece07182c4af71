/// How the length of a payload is written in a frame header (RFC 6455 section 5.2).
@frozen public enum LengthEncoding: UInt8, Hashable, Sendable, CaseIterable {
  /// In the seven bits of the second byte: 0...125.
  case sevenBits = 0
  /// As 126 and 16 bits.
  case sixteenBits = 2
  /// As 127 and 64 bits.
  case sixtyFourBits = 8

  /// The bytes the length takes beyond the header's second byte.
  @inlinable public var extraBytes: Int { Int(rawValue) }

  /// The shortest encoding of a length, which is the one section 5.2 demands.
  @inlinable public static func minimal(for length: UInt64) -> LengthEncoding {
    length < 126 ? .sevenBits : length < 65536 ? .sixteenBits : .sixtyFourBits
  }
}

/// The 2 to 14 bytes before a payload (RFC 6455 section 5.2).
///
/// Any header a peer can send is representable, legal or not; the rules are checked elsewhere.
@frozen public struct FrameHeader: Hashable, Sendable {
  /// FIN: whether this frame ends its message.
  public var isFinal: Bool
  /// RSV1, RSV2 and RSV3 as the three bits 4, 2 and 1; 0 unless an extension was negotiated.
  public var reservedBits: UInt8
  /// What the payload is.
  public var opcode: Opcode
  /// The declared length of the payload in bytes. The top bit must be clear, but a broken peer may set it.
  public var payloadLength: UInt64
  /// The key, where the frame is masked.
  public var maskingKey: MaskingKey?
  /// How the length is written.
  public var lengthEncoding: LengthEncoding

  /// Creates a header; without `lengthEncoding` the shortest is taken.
  @inlinable
  public init(
    isFinal: Bool = true, reservedBits: UInt8 = 0, opcode: Opcode, payloadLength: UInt64,
    maskingKey: MaskingKey? = nil, lengthEncoding: LengthEncoding? = nil
  ) {
    self.isFinal = isFinal
    self.reservedBits = reservedBits & 7
    self.opcode = opcode
    self.payloadLength = payloadLength
    self.maskingKey = maskingKey
    self.lengthEncoding = lengthEncoding ?? .minimal(for: payloadLength)
  }

  /// The most bytes a header can take.
  @inlinable public static var maximumEncodedLength: Int { 14 }

  /// The bytes the header takes on the wire.
  @inlinable public var encodedLength: Int { 2 + lengthEncoding.extraBytes + (maskingKey == nil ? 0 : 4) }

  /// The MASK bit.
  @inlinable public var isMasked: Bool { maskingKey != nil }

  /// Whether the length is written in the fewest bytes (section 5.2: "the minimal number of bytes MUST be used").
  @inlinable public var isMinimal: Bool { lengthEncoding == .minimal(for: payloadLength) }

  /// Whether the most significant bit of a 64-bit length is set, which section 5.2 forbids.
  @inlinable public var hasTopBit: Bool { payloadLength >> 63 != 0 }
}

extension FrameHeader {
  /// Reads the header at the start of `bytes`, without allocating; `nil` when not all of it is there yet.
  @inlinable
  public static func parse(_ bytes: RawSpan) -> FrameHeader? {
    bytes.withUnsafeBytes { parse($0) }
  }

  /// Reads the header at the start of `bytes`, without allocating; `nil` when not all of it is there yet.
  @inlinable
  public static func parse(_ bytes: UnsafeRawBufferPointer) -> FrameHeader? {
    let count = bytes.count
    guard count >= 2, let base = bytes.baseAddress else { return nil }
    let first = base.load(as: UInt8.self)
    let second = base.load(fromByteOffset: 1, as: UInt8.self)
    var length = UInt64(second & 0x7F)
    var encoding = LengthEncoding.sevenBits
    if length == 126 {
      guard count >= 4 else { return nil }
      length = UInt64(UInt16(bigEndian: base.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
      encoding = .sixteenBits
    } else if length == 127 {
      guard count >= 10 else { return nil }
      length = UInt64(bigEndian: base.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
      encoding = .sixtyFourBits
    }
    var key: MaskingKey?
    if second & 0x80 != 0 {
      let at = 2 &+ encoding.extraBytes
      guard count >= at &+ 4 else { return nil }
      key = MaskingKey(memoryWord: base.loadUnaligned(fromByteOffset: at, as: UInt32.self))
    }
    return FrameHeader(
      isFinal: first & 0x80 != 0, reservedBits: first >> 4, opcode: Opcode(rawValue: first),
      payloadLength: length, maskingKey: key, lengthEncoding: encoding)
  }

  /// Writes the header to `target`, which must have room for ``encodedLength`` bytes (14 always suffice).
  ///
  /// A length that does not fit the chosen encoding is cut to its low bits.
  /// - Returns: The number of bytes written.
  @discardableResult @inlinable
  public func encode(into target: UnsafeMutableRawPointer) -> Int {
    let first = (isFinal ? 0x80 : 0) | reservedBits << 4 | opcode.rawValue
    let maskBit: UInt8 = maskingKey == nil ? 0 : 0x80
    target.storeBytes(of: first, as: UInt8.self)
    var count = 2
    switch lengthEncoding {
    case .sevenBits:
      target.storeBytes(
        of: maskBit | UInt8(truncatingIfNeeded: payloadLength) & 0x7F, toByteOffset: 1, as: UInt8.self)
    case .sixteenBits:
      target.storeBytes(of: maskBit | 126, toByteOffset: 1, as: UInt8.self)
      target.storeBytes(
        of: UInt16(truncatingIfNeeded: payloadLength).bigEndian, toByteOffset: 2, as: UInt16.self)
      count = 4
    case .sixtyFourBits:
      target.storeBytes(of: maskBit | 127, toByteOffset: 1, as: UInt8.self)
      target.storeBytes(of: payloadLength.bigEndian, toByteOffset: 2, as: UInt64.self)
      count = 10
    }
    if let maskingKey {
      target.storeBytes(of: maskingKey.memoryWord, toByteOffset: count, as: UInt32.self)
      count &+= 4
    }
    return count
  }

  /// The header as an array.
  public var encoded: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Self.maximumEncodedLength) { buffer, count in
      count = encode(into: UnsafeMutableRawPointer(buffer.baseAddress!))
    }
  }
}
