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

extension WireEvent.Kind {
  /// What of a failure belongs into a trace.
  static func tlsFailed(_ failure: TLSError) -> WireEvent.Kind {
    .tlsFailed(reason: failure.description, inClear: failure.cause == .clearText)
  }
}
