/// Bytes as hexadecimal text and back.
public enum Hexadecimal {
  private static let digits = Array("0123456789abcdef".utf8)

  /// Two lower-case digits for each byte, with `separator` between bytes.
  public static func text(_ bytes: some Collection<UInt8>, separator: String = "") -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count * (2 + separator.utf8.count))
    for byte in bytes {
      if !text.isEmpty { text += separator.utf8 }
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// As ``text(_:separator:)``, but only the first `limit` bytes; `more` says what stands for the rest.
  public static func bounded(
    _ bytes: some Collection<UInt8>, limit: Int, separator: String = "",
    more: (Int) -> String = { "… (\($0) more \($0 == 1 ? "byte" : "bytes"))" }
  ) -> String {
    let rest = bytes.count - limit
    return text(bytes.prefix(limit), separator: separator) + (rest > 0 ? more(rest) : "")
  }

  /// The bytes that pairs of digits of either case stand for; nil if the text is anything else.
  public static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    let digits = Array<UInt8>(text.utf8)
    guard digits.count.isMultiple(of: 2) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = value(ofDigit: digits[index]), let low = value(ofDigit: digits[index + 1]) else {
        return nil
      }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func value(ofDigit digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46: digit - 0x41 + 10
    case 0x61...0x66: digit - 0x61 + 10
    default: nil
    }
  }
}
