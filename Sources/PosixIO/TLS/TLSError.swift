import COpenSSL
import Certificates

/// A failure of TLS: in which phase, with whom, and why.
public struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being done.
  public enum Phase: String, Hashable, Sendable {
    case setUp = "set up TLS for"
    case handshake = "complete the TLS handshake with"
    case read = "read over TLS from"
    case write = "write over TLS to"
  }

  /// Why it failed.
  public enum Cause: Hashable, Sendable {
    /// The peer's certificate was refused here; the code is OpenSSL's (`X509_V_ERR_…`), the reason its words for it.
    case certificate(code: Int, reason: String)
    /// The peer refused, with this alert (RFC 8446 section 6.2) and OpenSSL's words for it.
    case alert(Int, reason: String)
    /// The peer sent an HTTP request in clear.
    case clearText
    /// OpenSSL refused what the peer sent, or what was configured; in its own words.
    case refused(reason: String)
    /// TCP ended without close_notify: bytes may be missing.
    case truncated
    /// TCP failed.
    case system(ErrorNumber)
    /// The deadline passed.
    case timedOut
  }

  /// What was being done.
  public let phase: Phase
  /// With whom: a URI, an address, a file.
  public let endpoint: String
  /// Why it failed.
  public let cause: Cause

  /// Describes one failure.
  public init(_ phase: Phase, _ endpoint: String, _ cause: Cause) {
    self.phase = phase
    self.endpoint = endpoint
    self.cause = cause
  }

  /// One sentence: what was attempted, with whom, what came instead, and where there is a usual reason, what to check.
  public var description: String { "could not \(phase.rawValue) \(endpoint): \(cause.reason)" }
}

extension TLSError.Cause {
  fileprivate var reason: String {
    switch self {
    case .certificate(let code, let reason):
      "its certificate was refused (\(reason))\(Self.advice[code].map { "; \($0)" } ?? "")"
    case .alert(let number, let reason): "the peer refused with alert \(number) (\(reason))"
    case .clearText: "the peer sent an HTTP request in clear; check that its URI begins with wss:"
    case .refused(let reason): reason
    case .truncated: "TCP ended without TLS's close_notify, so that what was sent last may be missing"
    case .system(let number): number.description
    case .timedOut: "the deadline passed"
    }
  }

  private static let advice = [
    Int(X509_V_ERR_CERT_HAS_EXPIRED): "check the clocks of both sides",
    Int(X509_V_ERR_CERT_NOT_YET_VALID): "check the clocks of both sides",
    Int(X509_V_ERR_HOSTNAME_MISMATCH): "check that it names the host that was asked for",
    Int(X509_V_ERR_IP_ADDRESS_MISMATCH): "check that it names the address that was asked for",
    Int(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY):
      "check that its authority is among those to be trusted",
    Int(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN): "check that its authority is among those to be trusted",
    Int(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT): "trust the certificate itself, or have an authority sign it",
  ]
}

extension TLSError {
  /// The failure of a call on a connection that has just filled OpenSSL's queue of errors, which is emptied.
  static func last(_ phase: Phase, _ endpoint: String, on ssl: OpaquePointer) -> TLSError {
    let code = ERR_peek_error()
    let reason = OpenSSLReason.take()
    let verification = SSL_get_verify_result(ssl)
    let number = Int(copenssl_reason(code))
    guard copenssl_is_ssl_error(code) != 0 else { return TLSError(phase, endpoint, .refused(reason: reason)) }
    if number == Int(SSL_R_CERTIFICATE_VERIFY_FAILED), verification != X509_V_OK {
      let words = String(cString: X509_verify_cert_error_string(verification))
      return TLSError(phase, endpoint, .certificate(code: verification, reason: words))
    }
    // OpenSSL numbers the alerts that came after its own reasons.
    if number > Int(SSL_AD_REASON_OFFSET), number < Int(SSL_AD_REASON_OFFSET) + 256 {
      return TLSError(phase, endpoint, .alert(number - Int(SSL_AD_REASON_OFFSET), reason: reason))
    }
    let inClear = number == Int(SSL_R_HTTP_REQUEST)
    return TLSError(phase, endpoint, inClear ? .clearText : .refused(reason: reason))
  }

  /// The failure of a call on a context.
  static func lastInSetUp(_ what: String) -> TLSError {
    TLSError(.setUp, what, .refused(reason: OpenSSLReason.take()))
  }
}
