import Foundation
import Traces
import WebSocketProtocol

/// What a right answer to a handshake key is, apart from how the peers here work it out: the judge must not repeat a mistake of theirs.
enum Digests {
  /// The value that a server proves with that it read the key (RFC 6455 section 4.2.2, item 5.4).
  static func accept(forKey key: String) -> String {
    Data(SHA1.digest(of: Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))).base64EncodedString()
  }
}

extension MessageDigest {
  /// Whether this is the digest of that message. Where the capture was cut inside it, length and beginning decide.
  func matches(_ message: DecodedMessage) -> Bool {
    guard isText == message.isText else { return false }
    return hasPayload(of: message)
  }

  /// As `matches`, whatever the type.
  func hasPayload(of message: DecodedMessage) -> Bool {
    guard length == message.length else { return false }
    let known = min(head.count, message.payload.count)
    guard head.prefix(known).elementsEqual(message.payload.prefix(known)) else { return false }
    return message.isCut || sha1.lowercased() == SHA1.hexadecimal(of: message.payload)
  }

  /// Whether this is a beginning of that payload.
  func isBeginning(of payload: [UInt8]) -> Bool {
    length <= payload.count && sha1.lowercased() == SHA1.hexadecimal(of: Array(payload.prefix(length)))
  }
}
