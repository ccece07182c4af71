import COpenSSL
import Foundation
import Traces

/// SHA-1 and Base64 for comparing what was sent with what was delivered, and for the opening handshake.
enum Digests {
  static func sha1(_ bytes: [UInt8]) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: 20)
    _ = bytes.withUnsafeBufferPointer { input in
      // SHA1 wants a pointer even for no bytes.
      SHA1(input.baseAddress ?? UnsafePointer(bitPattern: 1), input.count, &result)
    }
    return result
  }

  static func hexadecimalSHA1(_ bytes: [UInt8]) -> String {
    sha1(bytes).map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
  }

  /// The value that a server proves with that it read the key (RFC 6455 section 4.2.2, item 5.4).
  static func accept(forKey key: String) -> String {
    Data(sha1(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))).base64EncodedString()
  }
}

extension MessageDigest {
  /// The digest of a payload.
  public init(isText: Bool, payload: [UInt8]) {
    self.init(
      isText: isText, length: payload.count, sha1: Digests.hexadecimalSHA1(payload),
      head: Array(payload.prefix(64)))
  }

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
    return message.isCut || sha1.lowercased() == Digests.hexadecimalSHA1(message.payload)
  }

  /// Whether this is a beginning of that payload.
  func isBeginning(of payload: [UInt8]) -> Bool {
    length <= payload.count && sha1.lowercased() == Digests.hexadecimalSHA1(Array(payload.prefix(length)))
  }
}
