import Certificates
import PosixIO
import Scenarios
import Steps
import Synchronization
import WebSocketPeers

/// The certificates of a run, and TLS as its servers speak it: made when they are first asked for, and then kept for the run.
///
/// Nothing of it is written to a file: the run's authority signs for this run alone, and the client is told of it case by case.
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

  private struct State {
    var authorities: Authorities?
    var leaves: [Leaf: Identity] = [:]
    var badges: [Badge: Identity] = [:]
    var contexts: [ServerTLS: TLSContext] = [:]
  }

  private struct Authorities {
    var root: Authority
    var intermediate: Authority
    /// One that signs nothing that servers show.
    var other: Authority
  }

  private let names: [SubjectName]
  private let state = Mutex(State())

  /// - Parameter host: the host by which clients reach the server, perhaps in brackets.
  init(host: String) {
    let name = SubjectName(host)
    let loopback = [SubjectName("127.0.0.1"), SubjectName("::1"), SubjectName("localhost")]
    names = loopback.contains(name) ? loopback : [name]
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
    try state.withLock { state in
      ClientTLSMaterial(
        told: client, trusted: try trusted(by: client, server, &state), badge: try badge(of: client, &state))
    }
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

  private func trusted(
    by client: ClientTLS, _ server: ServerTLS, _ state: inout State
  ) throws -> [Certificate]? {
    let authorities = try authorities(&state)
    switch client.trust {
    case .nothing: return nil
    case .authority: return [authorities.root.certificate]
    case .severalAuthorities: return [authorities.other.certificate, authorities.root.certificate]
    case .otherAuthority: return [authorities.other.certificate]
    case .serverCertificate: return [try leaf(of: server, &state).certificate]
    case .garbage: return []
    }
  }

  private func badge(of client: ClientTLS, _ state: inout State) throws -> ClientTLSMaterial.Badge? {
    guard client.identity != .none else { return nil }
    let identity = try identity(Badge(identity: client.identity, key: client.key), &state)
    switch client.identity {
    case .withoutKey: return ClientTLSMaterial.Badge(certificate: identity.certificate, key: nil)
    case .otherKey:
      return ClientTLSMaterial.Badge(
        certificate: identity.certificate,
        key: try self.identity(Badge(identity: .unknownAuthority, key: client.key), &state).key)
    default: return ClientTLSMaterial.Badge(certificate: identity.certificate, key: identity.key)
    }
  }
}

// MARK: - Making

extension BenchTLS {
  private func context(for tls: ServerTLS, renegotiates: Bool) throws -> TLSContext {
    var key = tls
    // How records leave does not belong to the context.
    (key.recordSize, key.writeSize, key.fault) = (ServerTLS.largestRecord, nil, nil)
    return try state.withLock { state in
      if !renegotiates, let known = state.contexts[key] { return known }
      var configuration = TLSConfiguration.server(try leaf(of: tls, &state))
      configuration.allowsRenegotiation = renegotiates
      configuration.minimumVersion = tls.versions.contains(.v1_2) ? .v1_2 : .v1_3
      configuration.maximumVersion = tls.versions.contains(.v1_3) ? .v1_3 : .v1_2
      (configuration.ciphers, configuration.cipherSuites) = (tls.ciphers, tls.cipherSuites)
      configuration.groups = tls.groups
      configuration.verification = TLSVerification(tls.clientCertificate)
      if tls.clientCertificate != .notWanted {
        configuration.authorities = [try authorities(&state).root.certificate]
      }
      let context = try TLSContext(.server, configuration)
      if !renegotiates { state.contexts[key] = context }
      return context
    }
  }

  private func authorities(_ state: inout State) throws -> Authorities {
    if let known = state.authorities { return known }
    let root = try Authority.make("wsrig authority of one run")
    let made = Authorities(
      root: root, intermediate: try root.intermediate(), other: try Authority.make("wsrig other authority"))
    state.authorities = made
    return made
  }

  private func leaf(of tls: ServerTLS, _ state: inout State) throws -> Identity {
    let leaf = Leaf(key: tls.key, chain: tls.chain, certificate: tls.certificate)
    if let known = state.leaves[leaf] { return known }
    let made = try make(leaf, try authorities(&state))
    state.leaves[leaf] = made
    return made
  }

  private func make(_ leaf: Leaf, _ authorities: Authorities) throws -> Identity {
    let isForClients = leaf.certificate == .wrongPurpose
    let profile = CertificateProfile(isForClients ? .client : .server, names: names, key: KeyKind(leaf.key))
    let signer = leaf.chain == .direct ? authorities.root : authorities.intermediate
    let identity =
      if let fault = CertificateFault(leaf.certificate) {
        try signer.issue(profile, with: fault)
      } else {
        try signer.issue(profile)
      }
    return leaf.chain == .incomplete
      ? try Identity(certificate: identity.certificate, key: identity.key) : identity
  }

  private func identity(_ badge: Badge, _ state: inout State) throws -> Identity {
    var badge = badge
    if [.otherKey, .withoutKey].contains(badge.identity) { badge.identity = .good }
    if let known = state.badges[badge] { return known }
    let authorities = try authorities(&state)
    let profile = CertificateProfile(.client, commonName: Self.clientName, key: KeyKind(badge.key))
    let made =
      switch badge.identity {
      case .unknownAuthority: try authorities.other.issue(profile)
      case .expired: try authorities.root.issue(profile, with: .expired)
      default: try authorities.root.issue(profile)
      }
    state.badges[badge] = made
    return made
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
