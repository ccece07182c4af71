/// Applies the masking transformation of RFC 6455 section 5.3, which is its own inverse.
public enum Masking {
  /// XORs `bytes` in place with `key`.
  ///
  /// - Parameters:
  ///   - key: The key of the frame.
  ///   - bytes: Any part of a payload, of any length and alignment.
  ///   - offset: How many bytes of the payload lie before `bytes`.
  @inlinable
  public static func apply(_ key: MaskingKey, to bytes: UnsafeMutableRawBufferPointer, offset: Int = 0) {
    guard let base = bytes.baseAddress else { return }
    xor(from: UnsafeRawPointer(base), to: base, count: bytes.count, word: key.rotated(by: offset))
  }

  /// XORs the bytes of a span in place with `key`; see ``apply(_:to:offset:)``.
  @inlinable
  public static func apply(_ key: MaskingKey, to bytes: inout MutableRawSpan, offset: Int = 0) {
    bytes.withUnsafeMutableBytes { apply(key, to: $0, offset: offset) }
  }

  /// Writes the masked form of `source` to `target`, which must have room for as many bytes.
  ///
  /// Saves a pass over the payload where it has to be copied to the output anyway.
  @inlinable
  public static func copy(
    _ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer, key: MaskingKey, offset: Int = 0
  ) {
    guard let base = source.baseAddress else { return }
    xor(from: base, to: target, count: source.count, word: key.rotated(by: offset))
  }

  /// XORs `count` bytes with the repeated `word`, 64 bytes at a time, then 8, then one.
  ///
  /// Source and target may be the same memory, but must not overlap otherwise.
  @inlinable
  static func xor(from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int, word: UInt32)
  {
    var index = 0
    if count >= 64 {
      let wide = SIMD16<UInt32>(repeating: word)
      while index &+ 64 <= count {
        let block = (source + index).loadUnaligned(as: SIMD16<UInt32>.self) ^ wide
        (target + index).storeBytes(of: block, as: SIMD16<UInt32>.self)
        index &+= 64
      }
    }
    let pair = UInt64(word) << 32 | UInt64(word)
    while index &+ 8 <= count {
      let block = (source + index).loadUnaligned(as: UInt64.self) ^ pair
      (target + index).storeBytes(of: block, as: UInt64.self)
      index &+= 8
    }
    if index &+ 4 <= count {
      let block = (source + index).loadUnaligned(as: UInt32.self) ^ word
      (target + index).storeBytes(of: block, as: UInt32.self)
      index &+= 4
    }
    withUnsafeBytes(of: word) { key in
      while index < count {
        let byte = (source + index).load(as: UInt8.self) ^ key[index & 3]
        (target + index).storeBytes(of: byte, as: UInt8.self)
        index &+= 1
      }
    }
  }
}
