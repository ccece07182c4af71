/// The four bytes a client XORs over a payload (RFC 6455 section 5.3).
@frozen public struct MaskingKey: Hashable, Sendable {
  /// The key as four bytes loaded from memory in wire order, whatever the byte order of the machine.
  public let memoryWord: UInt32

  /// Creates a key from a word whose bytes in memory are in wire order.
  @inlinable public init(memoryWord: UInt32) { self.memoryWord = memoryWord }

  /// Creates a key from its four bytes in the order of the wire.
  @inlinable public init(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) {
    let word = UInt32(first) << 24 | UInt32(second) << 16 | UInt32(third) << 8 | UInt32(fourth)
    memoryWord = UInt32(bigEndian: word)
  }

  /// Draws a key. RFC 6455 section 5.3 wants it unpredictable, so outside of tests the generator must be a strong one.
  @inlinable public static func random(using generator: inout some RandomNumberGenerator) -> MaskingKey {
    MaskingKey(memoryWord: generator.next())
  }

  /// The four bytes in the order of the wire.
  public var bytes: [UInt8] { withUnsafeBytes(of: memoryWord) { [UInt8]($0) } }

  /// The key as a payload's byte `offset` sees it: rotated, so that it can be applied from there on.
  @inlinable func rotated(by offset: Int) -> UInt32 {
    let bits = UInt32(truncatingIfNeeded: offset & 3) &* 8
    guard bits != 0 else { return memoryWord }
    #if _endian(little)
      return memoryWord &>> bits | memoryWord &<< (32 &- bits)
    #else
      return memoryWord &<< bits | memoryWord &>> (32 &- bits)
    #endif
  }
}

extension MaskingKey: CustomStringConvertible {
  /// The key in hexadecimal, as `37fa213d`.
  public var description: String { Hexadecimal.text(bytes) }
}
