import Certificates

/// An authority, and what it signed for the loopback addresses and localhost: made once per process, since keys take time.
public struct TestCertificates: Sendable {
  /// Who signs.
  public let root: Authority
  /// What a server shows.
  public let server: Identity

  /// The ones all tests of a process share.
  public static let shared = Result { () throws -> TestCertificates in
    let root = try Authority.make()
    return TestCertificates(root: root, server: try root.issue(profile))
  }

  /// A server's certificate that is right for this computer.
  public static let profile = CertificateProfile(
    .server, names: [SubjectName("127.0.0.1"), SubjectName("::1"), SubjectName("localhost")])
}
