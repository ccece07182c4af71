import Foundation
import Traces
import WebSocketProtocol

/// Bounded, readable renderings for sentences and tables.
enum Words {
  /// At most 24 bytes in hexadecimal digits: `81 05 68 …`.
  static func hex(_ bytes: some Collection<UInt8>) -> String {
    guard !bytes.isEmpty else { return "no bytes" }
    return Hexadecimal.bounded(bytes, limit: 24, separator: " ") { _ in " …" }
  }

  /// Text in quotes where it is printable, otherwise hexadecimal digits; at most 40 bytes.
  static func quoted(_ bytes: some Collection<UInt8>) -> String {
    let start = Array(bytes.prefix(40))
    let printable = start.allSatisfy { (0x20...0x7E).contains($0) && $0 != 0x22 }
    guard printable, !start.isEmpty else { return bytes.isEmpty ? "\"\"" : "[\(hex(bytes))]" }
    return "\"" + String(decoding: start, as: UTF8.self) + (bytes.count > 40 ? "…\"" : "\"")
  }

  /// Whether two texts are the same but for the case of ASCII letters (RFC 6455 section 2.1): no other letters are folded.
  static func isSameInASCII(_ one: some StringProtocol, _ other: some StringProtocol) -> Bool {
    let fold = { (byte: UInt8) -> UInt8 in (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
    return one.utf8.lazy.map(fold).elementsEqual(other.utf8.lazy.map(fold))
  }

  /// A string of the client's, made safe for one line and bounded.
  static func line(_ text: String) -> String {
    let safe = text.unicodeScalars.prefix(120).map { $0.value < 0x20 || $0.value == 0x7F ? "?" : String($0) }
    return safe.joined() + (text.unicodeScalars.count > 120 ? "…" : "")
  }

  /// `text message of 5 bytes "hello"`.
  static func message(isText: Bool, length: Int, head: some Collection<UInt8>) -> String {
    let content =
      length == 0 ? "" : " " + quoted(head.count < length ? Array(head.prefix(40)) + [0x20] : Array(head))
    return "\(isText ? "text" : "binary") message of \(bytes(length))\(content)"
  }

  static func message(_ digest: MessageDigest) -> String {
    message(isText: digest.isText, length: digest.length, head: digest.head.prefix(40))
  }

  static func message(_ message: DecodedMessage) -> String {
    Self.message(isText: message.isText, length: message.length, head: message.payload.prefix(40))
  }

  /// `1 byte`, `5 bytes`.
  static func bytes(_ count: Int) -> String { count == 1 ? "1 byte" : "\(count) bytes" }

  /// `Text`, `Ping`, `opcode 3`.
  static func name(_ opcode: Opcode) -> String {
    switch opcode {
    case .continuation: "Continuation"
    case .text: "Text"
    case .binary: "Binary"
    case .close: "Close"
    case .ping: "Ping"
    case .pong: "Pong"
    default: "opcode \(opcode.rawValue)"
    }
  }

  /// `Text frame of 5 bytes "hello"`, with what is unusual in its header.
  static func frame(_ frame: DecodedFrame) -> String {
    if frame.opcode == .close, !frame.isCut, frame.payload.count != 1 {
      return CloseContent(frame.payload).text
    }
    var text = "\(name(frame.opcode)) frame of \(bytes(frame.payloadLength))"
    if frame.payloadLength > 0 { text += " " + quoted(frame.payload) }
    if !frame.isFinal { text += ", not final" }
    if frame.header.reservedBits != 0 { text += ", RSV \(frame.header.reservedBits)" }
    return text
  }

  /// `OSError("104")`.
  static func exception(_ exception: ClientException) -> String {
    "\(line(exception.type))(\"\(line(exception.message))\")"
  }
}
