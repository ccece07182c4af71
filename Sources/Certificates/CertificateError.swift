/// Why a certificate or a key cannot be made, read or kept.
public enum CertificateError: Error, Hashable, Sendable, CustomStringConvertible {
  /// OpenSSL would not make it.
  case notMade(String, reason: String)
  /// Bytes or a file hold no such thing; `source` says which.
  case unreadable(String, source: String, reason: String)
  /// The key belongs to another certificate.
  case keyDoesNotFit(source: String)
  /// A name that no certificate can hold.
  case badName(String)
  /// The operating system refused a file.
  case file(path: String, operation: String, reason: String)
  /// Others than its owner may read a file that holds a private key.
  case exposed(path: String)
  /// What was kept is no authority with its key.
  case damaged(path: String, reason: String)
  /// The authority that was kept is past its time.
  case expired(path: String)

  private static let renewal = "remove the file to have a new one made, and give its certificate to the board"

  /// One sentence.
  public var description: String {
    switch self {
    case .notMade(let what, let reason): "could not make \(what): \(reason)"
    case .unreadable(let what, let source, let reason): "\(source) holds no readable \(what): \(reason)"
    case .keyDoesNotFit(let source): "the private key in \(source) belongs to another certificate"
    case .badName(let name):
      "\(name.debugDescription) can stand in no certificate: it must be a host name or an IP address"
    case .file(let path, let operation, let reason): "could not \(operation) \(path): \(reason)"
    case .exposed(let path):
      "others may read \(path), which holds a private key: take their rights away (chmod 600), or remove it to have a new one made"
    case .damaged(let path, let reason):
      "\(path) should hold the certificate authority of this bench, but \(reason): \(Self.renewal)"
    case .expired(let path): "the certificate authority in \(path) has expired: \(Self.renewal)"
    }
  }
}
