import ArgumentParser
import Bench
import Certificates
import PosixIO

/// Whom a client of the rig's trusts with `wss://`.
struct TLSTrust: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Trusts the server whose certificate one of these authorities has signed, or that shows one of these itself, instead of "
        + "those that the system trusts: PEM or DER.", valueName: "file"))
  var tlsCa: String?

  /// How the client speaks TLS: the server's certificate has to verify.
  func configuration() throws -> TLSConfiguration {
    guard let tlsCa else { return .client() }
    do {
      return .client(trusting: try Certificate.all(inFile: tlsCa))
    } catch {
      throw ConfigurationError("\(error)")
    }
  }
}
