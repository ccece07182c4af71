import COpenSSL
import Foundation

/// A certificate (X.509), as the bytes it consists of.
public struct Certificate: Hashable, Sendable {
  /// The certificate as DER.
  public let der: [UInt8]

  /// Reads DER.
  ///
  /// Throws ``CertificateError/unreadable(_:source:reason:)``.
  public init(der: [UInt8], from source: String = "the data") throws(CertificateError) {
    guard let handle = CertificateHandle(der: der) else {
      throw .unreadable("certificate", source: source, reason: OpenSSLReason.take())
    }
    self.init(handle)
  }

  init(_ handle: borrowing CertificateHandle) { der = handle.der }

  /// Reads all certificates of a PEM text, in order, at least one; what stands between them is left alone.
  ///
  /// Throws ``CertificateError/unreadable(_:source:reason:)``.
  public static func all(
    inPEM pem: [UInt8], from source: String = "the text"
  ) throws(CertificateError) -> [Certificate] {
    var left = pem.count
    let found = reading(pem) { bio in
      var found: [Certificate] = []
      while let handle = CertificateHandle(copenssl_read_certificate(bio)) {
        found.append(Certificate(handle))
        left = BIO_ctrl_pending(bio)
      }
      return found
    }
    // What ends the reading is that nothing begins any more, or something else that cannot be read, as a key that was cut off.
    let isAtEnd =
      copenssl_reason(ERR_peek_last_error()) == PEM_R_NO_START_LINE
      || !String(decoding: pem.suffix(left), as: UTF8.self).contains("CERTIFICATE-----")
    let reason = OpenSSLReason.take()
    guard let found, !found.isEmpty, isAtEnd else {
      throw .unreadable("certificate", source: source, reason: reason)
    }
    return found
  }

  /// Reads all certificates of a PEM file, in order, or the one of a DER file.
  ///
  /// Throws ``CertificateError``.
  public static func all(inFile path: String) throws(CertificateError) -> [Certificate] {
    let content = try FileContent.read(path)
    // DER of any certificate begins with a SEQUENCE, which is no text.
    return content.first == 0x30
      ? [try Certificate(der: content, from: path)] : try all(inPEM: content, from: path)
  }

  /// The certificate as PEM.
  public var pem: String {
    String(decoding: withHandle { handle in written { PEM_write_bio_X509($0, handle) } }, as: UTF8.self)
  }

  /// Whose certificate it is, as in `CN=192.168.1.10,O=wsrig`.
  public var subject: String { name(X509_get_subject_name) }

  /// Who signed it.
  public var issuer: String { name(X509_get_issuer_name) }

  /// When it begins and ceases to be valid.
  public var validity: ClosedRange<Date> {
    withHandle { handle in
      let start = Self.date(X509_get0_notBefore(handle))
      return start...max(start, Self.date(X509_get0_notAfter(handle)))
    }
  }

  /// Whether it may sign others (`X509_check_ca`).
  public var isAuthority: Bool { withHandle { X509_check_ca($0) == 1 } }

  /// The host names and IP addresses it is for.
  public var names: [SubjectName] {
    withHandle { handle in
      guard let names = copenssl_names(handle) else { return [] }
      defer { copenssl_free_names(names) }
      return (0..<copenssl_name_count(names)).compactMap { SubjectName(names, $0) }
    }
  }

  /// SHA-256 of the DER, as `AB:CD:…`: what people compare.
  public var fingerprint: String {
    var digest = [UInt8](repeating: 0, count: 32)
    SHA256(der, der.count, &digest)
    return digest.map { String(format: "%02X", $0) }.joined(separator: ":")
  }

  private func name(_ part: (OpaquePointer?) -> OpaquePointer?) -> String {
    withHandle { handle in
      String(decoding: written { copenssl_print_name($0, part(handle)) }, as: UTF8.self)
    }
  }

  private static func date(_ time: UnsafePointer<ASN1_TIME>?) -> Date {
    var parts = tm()
    guard ASN1_TIME_to_tm(time, &parts) == 1 else { return .distantPast }
    return Date(timeIntervalSince1970: Double(timegm(&parts)))
  }

  /// Lends the parsed form: the bytes were parsed once before this value was made.
  func withHandle<Result>(_ body: (OpaquePointer) -> Result) -> Result {
    guard let handle = CertificateHandle(der: der) else {
      preconditionFailure("a certificate that was read once can be read again")
    }
    return body(handle.pointer)
  }
}
