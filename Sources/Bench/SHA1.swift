import COpenSSL
import Steps

/// SHA-1 by OpenSSL, as a name for content (not for security).
enum SHA1 {
  /// The digest as 40 lower-case hexadecimal digits.
  static func hexadecimal(of bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 20)
    _ = COpenSSL.SHA1(bytes, bytes.count, &digest)
    return digest.hexadecimal
  }
}
