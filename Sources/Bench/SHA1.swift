import COpenSSL
import Steps
import Traces

/// SHA-1 by OpenSSL, as a name for content (not for security).
enum SHA1 {
  /// The digest as 40 lower-case hexadecimal digits.
  static func hexadecimal(of bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: 20)
    _ = COpenSSL.SHA1(bytes, bytes.count, &digest)
    return digest.hexadecimal
  }
}

extension AttemptTrace {
  /// SHA-1 of what the server sent behind its response heads, as far as it was kept, connection by connection. The heads are left
  /// out, because they answer the client's random key.
  var serverSHA1: String {
    let frames = connections.flatMap { connection in
      connection.responseHeadLength.map { connection.serverStream.bytes.dropFirst($0) } ?? []
    }
    return SHA1.hexadecimal(of: frames)
  }
}
