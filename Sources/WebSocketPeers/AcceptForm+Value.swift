import Foundation
import Steps
import WebSocketProtocol

extension AcceptForm {
  private static let guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

  /// The value for a key.
  package func value(forKey key: String) -> String {
    let digest = SHA1.digest(of: Array((key + Self.guid).utf8))
    let right = Self.base64(digest)
    switch self {
    case .lowerCase: return right.lowercased()
    case .urlSafe: return String(right.dropLast()).replacing("+", with: "-").replacing("/", with: "_")
    case .unpadded: return String(right.dropLast())
    case .overpadded: return right + "="
    case .quoted: return "\"\(right)\""
    case .blankInside: return "\(right.prefix(14)) \(right.dropFirst(14))"
    case .firstCharacter: return (right.hasPrefix("A") ? "B" : "A") + right.dropFirst()
    case .lastCharacter: return Self.changed(right, bits: 0b100)
    case .spareBits: return Self.changed(right, bits: 0b001)
    case .firstHalf: return String(right.prefix(14))
    case .twice: return "\(right), \(right)"
    case .hexadecimal: return Hexadecimal.text(digest)
    case .withoutGUID: return Self.base64(SHA1.digest(of: Array(key.utf8)))
    case .decodedKey:
      return Self.base64(SHA1.digest(of: Array(Data(base64Encoded: key) ?? Data()) + Array(Self.guid.utf8)))
    case .lowerCaseGUID: return Self.base64(SHA1.digest(of: Array((key + Self.guid.lowercased()).utf8)))
    case .key: return key
    }
  }

  private static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

  /// Changes bits of what the last character before the padding stands for. Of its six bits the upper four belong to the digest.
  private static func changed(_ text: String, bits: Int) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var characters = Array(text)
    let place = characters.count - 2
    guard let value = alphabet.firstIndex(of: characters[place]) else { return text }
    characters[place] = alphabet[value ^ bits]
    return String(characters)
  }
}
