import ArgumentParser
import Bench
import Certificates
import PosixIO

/// `wsrig serve --tls`: with which certificate, and for whom.
struct TLSServing: ParsableArguments {
  @Flag(
    help:
      "Serves wss:// instead of ws://, with a certificate that the authority of this bench signs for the addresses."
  )
  var tls = false

  @Option(
    help: ArgumentHelp(
      "Shows this certificate instead: PEM, with those between it and its authority behind it.",
      valueName: "file"))
  var tlsCert: String?

  @Option(help: ArgumentHelp("The key of that certificate: PEM, not encrypted.", valueName: "file"))
  var tlsKey: String?

  /// Whether a client has to show who it is.
  enum ClientCertificate: String, ExpressibleByArgument, CaseIterable {
    /// It is asked to; who shows nothing is served, who shows a bad one is not.
    case wanted
    /// Who shows no good one is not served.
    case required
  }

  @Option(
    help: ArgumentHelp(
      "Asks clients for a certificate: wanted serves those that show none too, required does not. A bad one is refused either way.",
      valueName: "wanted|required"))
  var tlsClientCert: ClientCertificate?

  @Option(
    help: ArgumentHelp(
      "Who signs the certificates of clients: PEM or DER; by default the authority of this bench, of which wsrig certs "
        + "--client-cert makes one.", valueName: "file"))
  var tlsClientCa: String?

  @OptionGroup var keyLog: KeyLogOption

  @OptionGroup var bench: AuthorityOptions

  /// Whether options were given that need `--tls`.
  var isUsedInVain: Bool {
    !tls
      && (tlsCert != nil || tlsKey != nil || tlsClientCert != nil || keyLog.tlsKeylog != nil
        || bench.authority != nil)
  }

  /// Whether an authority of clients was given, and they are asked for nothing.
  var isAuthorityInVain: Bool { tlsClientCa != nil && tlsClientCert == nil }

  /// Whether the certificate came without its key, or the key without its certificate.
  var isHalfAnIdentity: Bool { (tlsCert == nil) != (tlsKey == nil) }

  /// How the server speaks TLS; nil where it does not.
  ///
  /// - Parameters:
  ///   - hosts: The names it was told to listen on.
  ///   - addresses: The addresses that these are.
  func context(for hosts: [String], _ addresses: [SocketAddress]) throws -> TLSContext? {
    guard tls else { return nil }
    do {
      var configuration = TLSConfiguration.server(try identity(for: hosts, addresses))
      configuration.keyLog = try keyLog.open()
      if let tlsClientCert {
        configuration.verification = tlsClientCert == .wanted ? .optional : .required
        configuration.authorities =
          try tlsClientCa.map(Certificate.all(inFile:)) ?? [try bench.open().certificate]
      }
      return try TLSContext(.server, configuration)
    } catch let error where error is CertificateError || error is TLSError {
      throw ConfigurationError("\(error)")
    }
  }

  /// Tells where the server listens.
  func announce(_ addresses: [SocketAddress]) {
    for address in addresses { Console.say("listening on \(tls ? "wss" : "ws")://\(address)") }
  }

  private func identity(for hosts: [String], _ addresses: [SocketAddress]) throws -> Identity {
    if let tlsCert, let tlsKey { return try Identity(certificateFile: tlsCert, keyFile: tlsKey) }
    // Who listens everywhere is called by any of its addresses.
    let isEverywhere = addresses.contains(where: \.isUnspecified)
    let called = addresses.filter { !$0.isUnspecified } + (isEverywhere ? SocketAddress.ofThisComputer() : [])
    var names: [SubjectName] = []
    for host in hosts + called.map(\.hostText) + ["localhost"] {
      let name = SubjectName(host)
      if !names.contains(name) { names.append(name) }
    }
    return try bench.open().issue(CertificateProfile(.server, names: names))
  }
}
