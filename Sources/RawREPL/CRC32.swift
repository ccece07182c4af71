/// CRC-32 as `binascii.crc32` computes it on the board (ISO 3309, polynomial 0xEDB88320 reflected).
public enum CRC32 {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
  }

  /// The checksum of `bytes`.
  /// - Parameter previous: the checksum of what comes before them.
  public static func checksum(of bytes: some Sequence<UInt8>, continuing previous: UInt32 = 0) -> UInt32 {
    ~bytes.reduce(~previous) { value, byte in value >> 8 ^ table[Int((value ^ UInt32(byte)) & 0xFF)] }
  }
}
