import Traces
import WebSocketProtocol

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
