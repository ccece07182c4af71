import Foundation

/// What a certificate shall say.
public struct CertificateProfile: Hashable, Sendable {
  /// What the owner may do with it.
  public enum Purpose: Hashable, Sendable {
    /// Be a TLS server.
    case server
    /// Be a TLS client.
    case client
    /// Sign certificates, with so many authorities below it.
    case authority(below: Int)
  }

  /// The name people read; at most 64 characters.
  public var commonName: String
  /// The hosts it is for.
  public var names: [SubjectName]
  /// What its owner may do with it.
  public var purpose: Purpose
  /// The kind of its key.
  public var key: KeyKind
  /// When it begins and ceases to be valid.
  public var validity: ClosedRange<Date>

  /// Describes a certificate; a server's common name is its first host.
  public init(
    _ purpose: Purpose = .server, commonName: String? = nil, names: [SubjectName] = [], key: KeyKind = .p256,
    validity: ClosedRange<Date>? = nil
  ) {
    self.purpose = purpose
    self.commonName = String((commonName ?? names.first?.description ?? "wsrig").prefix(64))
    self.names = names
    self.key = key
    self.validity = validity ?? Self.validity(days: 7)
  }

  /// From yesterday, since the clocks of boards are not exact, to so many days from now.
  public static func validity(days: Int) -> ClosedRange<Date> {
    let now = Date()
    return now.addingTimeInterval(-86_400)...now.addingTimeInterval(Double(days) * 86_400)
  }
}

/// In which way a server's certificate is right or wrong.
public enum CertificateFault: String, CaseIterable, Hashable, Sendable, Codable {
  /// Its time is over.
  case expired
  /// Its time has not come.
  case notYetValid
  /// It is for another host.
  case wrongHost
  /// It is signed by its own key.
  case selfSigned
  /// An authority that nobody was told of has signed it.
  case unknownAuthority

  /// The host that a certificate for the wrong one is for.
  public static let otherHost = SubjectName.dns("other.invalid")
}
