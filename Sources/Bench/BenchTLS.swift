import Certificates
import PosixIO
import Scenarios
import Steps
import WebSocketPeers

/// The certificates of a run, and TLS as its servers speak it: made when they are first asked for, and then kept for the run.
///
/// What servers show is signed by the bench's authority, below which each run has an intermediate of its own; keys and certificates of a
/// run are never written to a file. Each kind of key is made once for its owner, since an RSA key takes up to seconds.
final class BenchTLS: Sendable {
  /// What the server of an attempt shows, where it is not the only thing that decides.
  private struct Leaf: Hashable {
    var key: TLSKey
    var chain: ServerTLS.Chain
    var certificate: ServerTLS.Certificate
  }

  /// A client's certificate.
  private struct Badge: Hashable {
    var identity: ClientTLS.Identity
    var key: TLSKey
  }

  /// Whose key it is: no two of them have the same.
  private struct KeyUse: Hashable {
    enum Owner { case server, client, stranger }

    var owner: Owner
    var kind: KeyKind
  }

  private struct Authorities {
    var root: Authority
    var intermediate: Authority
    /// One that signs nothing that servers show.
    var other: Authority
  }

  /// The key of what there is one of.
  private enum Only { case one }

  private let names: [SubjectName]
  private let kept: AuthorityFile?
  private let keyLog: TLSKeyLog?
  private let whenUnusable: @Sendable (CertificateError) -> Void
  private let authorities = MadeOnce<Only, Authorities>()
  private let keys = MadeOnce<KeyUse, PrivateKey>()
  private let leaves = MadeOnce<Leaf, Identity>()
  private let badges = MadeOnce<Badge, Identity>()
  private let contexts = MadeOnce<ServerTLS, TLSContext>()

  /// - Parameters:
  ///   - host: the host by which clients reach the server, perhaps in brackets.
  ///   - authority: where the bench keeps its authority, which is made at its first use; nil for one of this run alone.
  ///   - keyLog: where the secrets of the servers' connections go; nil keeps none.
  ///   - whenUnusable: is told, at most once, why the bench's authority cannot be used; the run then has one of its own.
  init(
    host: String, authority: AuthorityFile? = nil, keyLog: TLSKeyLog? = nil,
    whenUnusable: @escaping @Sendable (CertificateError) -> Void = { _ in }
  ) {
    let name = SubjectName(host)
    let loopback = [SubjectName("127.0.0.1"), SubjectName("::1"), SubjectName("localhost")]
    names = loopback.contains(name) ? loopback : [name]
    kept = authority
    self.keyLog = keyLog
    self.whenUnusable = whenUnusable
  }

  /// The subject of a client's certificate.
  static let clientName = "wsrig client"

  /// How the server of a script speaks TLS; nil in clear. Keys take up to seconds: not on a loop.
  /// - Throws: `CertificateError`, `TLSError`.
  func server(of script: ServerScript) throws -> ScriptedTLS? {
    guard let tls = script.tls else { return nil }
    let renegotiates = script.connections.contains { $0.steps.contains(.renegotiateTLS) }
    return ScriptedTLS(
      try context(for: tls, renegotiates: renegotiates), manner: TLSManner(tls),
      handshakeTimeout: tls.fault.map { _ in .milliseconds(ServerTLS.handshakeMilliseconds) })
  }

  /// What a client is given for the steps of a script that say how it speaks TLS, for both kinds of clients.
  /// - Throws: `CertificateError`.
  func material(of client: ClientTLS, for server: ServerTLS) throws -> ClientTLSMaterial {
    ClientTLSMaterial(told: client, trusted: try trusted(by: client, server), badge: try badge(of: client))
  }

  /// All that the attempts at a scenario need, made on a thread where it keeps nobody waiting.
  func security(
    of scenario: Scenario
  ) async throws -> (server: ScriptedTLS?, clients: [ClientTLS: ClientTLSMaterial]) {
    guard let tls = scenario.server.tls else { return (nil, [:]) }
    let made = await besidesTasks { [self] in
      Result {
        var clients: [ClientTLS: ClientTLSMaterial] = [:]
        for step in scenario.client.tasks.flatMap(\.steps) {
          guard case .connect(let connect) = step, let told = connect.tls else { continue }
          clients[told] = try material(of: told, for: tls)
        }
        return (server: try server(of: scenario.server), clients: clients)
      }
    }
    return try made.get()
  }

  private func trusted(by client: ClientTLS, _ server: ServerTLS) throws -> [Certificate]? {
    switch client.trust {
    case .nothing: return nil
    case .authority: return [try signing().root.certificate]
    case .severalAuthorities: return [try signing().other.certificate, try signing().root.certificate]
    case .otherAuthority: return [try signing().other.certificate]
    case .serverCertificate: return [try leaf(of: server).certificate]
    case .garbage: return []
    }
  }

  private func badge(of client: ClientTLS) throws -> ClientTLSMaterial.Badge? {
    guard client.identity != .none else { return nil }
    let identity = try identity(Badge(identity: client.identity, key: client.key))
    switch client.identity {
    case .withoutKey: return ClientTLSMaterial.Badge(certificate: identity.certificate, key: nil)
    case .otherKey:
      return ClientTLSMaterial.Badge(
        certificate: identity.certificate, key: try key(.stranger, KeyKind(client.key)))
    default: return ClientTLSMaterial.Badge(certificate: identity.certificate, key: identity.key)
    }
  }
}

// MARK: - Making

extension BenchTLS {
  private func context(for tls: ServerTLS, renegotiates: Bool) throws -> TLSContext {
    guard !renegotiates else { return try makeContext(for: tls, renegotiates: true) }
    var plain = tls
    // How records leave does not belong to the context.
    (plain.recordSize, plain.writeSize, plain.fault) = (ServerTLS.largestRecord, nil, nil)
    return try contexts.value(of: plain) { try makeContext(for: tls, renegotiates: false) }
  }

  private func makeContext(for tls: ServerTLS, renegotiates: Bool) throws -> TLSContext {
    var configuration = TLSConfiguration.server(try leaf(of: tls))
    configuration.allowsRenegotiation = renegotiates
    configuration.minimumVersion = tls.versions.contains(.v1_2) ? .v1_2 : .v1_3
    configuration.maximumVersion = tls.versions.contains(.v1_3) ? .v1_3 : .v1_2
    (configuration.ciphers, configuration.cipherSuites) = (tls.ciphers, tls.cipherSuites)
    configuration.groups = tls.groups
    configuration.keyLog = keyLog
    configuration.warnsOfNames = tls.warnsOfNames
    configuration.verification = TLSVerification(tls.clientCertificate)
    if tls.clientCertificate != .notWanted {
      configuration.authorities = [try signing().root.certificate]
    }
    return try TLSContext(.server, configuration)
  }

  private func signing() throws -> Authorities {
    try authorities.value(of: .one) {
      let root = try root()
      return Authorities(
        root: root, intermediate: try root.intermediate(), other: try Authority.make("wsrig other authority"))
    }
  }

  /// The bench's authority, or one of this run.
  private func root() throws -> Authority {
    if let kept {
      do throws(CertificateError) {
        return try kept.open()
      } catch {
        whenUnusable(error)
      }
    }
    return try Authority.make("wsrig authority of one run")
  }

  private func key(_ owner: KeyUse.Owner, _ kind: KeyKind) throws -> PrivateKey {
    try keys.value(of: KeyUse(owner: owner, kind: kind)) { try PrivateKey(kind) }
  }

  private func leaf(of tls: ServerTLS) throws -> Identity {
    let leaf = Leaf(key: tls.key, chain: tls.chain, certificate: tls.certificate)
    return try leaves.value(of: leaf) { try make(leaf) }
  }

  private func make(_ leaf: Leaf) throws -> Identity {
    let isForClients = leaf.certificate == .wrongPurpose
    let profile = CertificateProfile(isForClients ? .client : .server, names: names, key: KeyKind(leaf.key))
    let key = try key(.server, profile.key)
    let signer = leaf.chain == .direct ? try signing().root : try signing().intermediate
    let identity =
      if let fault = CertificateFault(leaf.certificate) {
        try signer.issue(profile, with: fault, for: key)
      } else {
        try signer.issue(profile, for: key)
      }
    return leaf.chain == .incomplete
      ? try Identity(certificate: identity.certificate, key: identity.key) : identity
  }

  private func identity(_ badge: Badge) throws -> Identity {
    var badge = badge
    if [.otherKey, .withoutKey].contains(badge.identity) { badge.identity = .good }
    return try badges.value(of: badge) {
      let profile = CertificateProfile(.client, commonName: Self.clientName, key: KeyKind(badge.key))
      switch badge.identity {
      case .unknownAuthority:
        return try signing().other.issue(profile, for: try key(.stranger, profile.key))
      case .expired:
        return try signing().root.issue(profile, with: .expired, for: try key(.client, profile.key))
      default: return try signing().root.issue(profile, for: try key(.client, profile.key))
      }
    }
  }
}

// MARK: - What steps say, in the words of those who do it

extension KeyKind {
  fileprivate init(_ key: TLSKey) {
    switch key {
    case .rsa2048: self = .rsa2048
    case .rsa3072: self = .rsa3072
    case .p256: self = .p256
    case .p384: self = .p384
    }
  }
}

extension CertificateFault {
  fileprivate init?(_ certificate: ServerTLS.Certificate) {
    switch certificate {
    case .good, .wrongPurpose: return nil
    case .expired: self = .expired
    case .notYetValid: self = .notYetValid
    case .wrongHost: self = .wrongHost
    case .unknownAuthority: self = .unknownAuthority
    case .selfSigned: self = .selfSigned
    }
  }
}

extension TLSVerification {
  fileprivate init(_ wanted: ServerTLS.ClientCertificate) {
    switch wanted {
    case .notWanted: self = .none
    case .wanted: self = .optional
    case .required: self = .required
    }
  }
}

extension TLSManner {
  fileprivate init(_ tls: ServerTLS) {
    self.init(recordSize: tls.recordSize, writeSize: tls.writeSize, fault: tls.fault.map(Fault.init))
  }
}

extension TLSManner.Fault {
  fileprivate init(_ fault: ServerTLS.Fault) {
    switch fault {
    case .alert(let description): self = .instead(TLSManner.alertRecord(description))
    case .instead(let payload): self = .instead(payload.bytes ?? [])
    case .stalled(let count): self = .silentAfter(bytes: count)
    case .ended(let count): self = .endAfter(bytes: count)
    }
  }
}
