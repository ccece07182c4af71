import ArgumentParser
import Bench
import Certificates
import PosixIO

/// Whom a client of the rig's trusts with `wss://`.
struct TLSTrust: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Trusts the server whose certificate one of these authorities has signed, or that shows one of these itself, instead of "
        + "those that the system trusts: PEM or DER. A client on a board is handed them too.",
      valueName: "file"))
  var tlsCa: String?

  @OptionGroup var keyLog: KeyLogOption

  /// Whether anything was given.
  var isUsed: Bool { tlsCa != nil || keyLog.tlsKeylog != nil }

  /// How the client speaks TLS: the server's certificate has to verify.
  func configuration() throws -> TLSConfiguration {
    do {
      var configuration = TLSConfiguration.client(trusting: try tlsCa.map(Certificate.all(inFile:)) ?? [])
      configuration.keyLog = try keyLog.open()
      return configuration
    } catch let error as CertificateError {
      throw ConfigurationError("\(error)")
    }
  }
}
