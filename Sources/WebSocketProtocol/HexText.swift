/// Bytes as hexadecimal text for descriptions.
enum HexText {
  static let digits = Array("0123456789abcdef".utf8)

  /// Two lower-case digits a byte, without separators.
  static func string(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// As ``string(_:)``, but at most `limit` bytes and then how many more there were, so that a log line stays short.
  static func bounded(_ bytes: some Collection<UInt8>, limit: Int = 64) -> String {
    let more = bytes.count - limit
    return string(bytes.prefix(limit)) + (more > 0 ? "… (\(more) more bytes)" : "")
  }
}
