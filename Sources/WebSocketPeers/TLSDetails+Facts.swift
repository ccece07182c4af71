import PosixIO
import Traces

extension TLSDetails {
  /// What of it belongs into a trace.
  var facts: TLSFacts {
    TLSFacts(
      version: version, cipher: cipher, group: group, serverName: serverName, clientSubject: peerSubject,
      handshakeNanoseconds: handshakeNanoseconds)
  }
}
