import ArgumentParser
import Bench
import Certificates
import Foundation

/// `wsrig certs`: the authority that signs the certificates of this bench.
struct CertsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certs",
    abstract: "Shows the certificate authority of this bench, and exports it for the board.",
    discussion: """
      The rig signs the certificates of its TLS servers itself, anew for every run. Whoever shall trust them is given the \
      certificate of this authority: boards want it as DER. It is made at its first use, and its key never leaves the file, which \
      only you can read. wsrig run hands it to the client where a scenario wants that, and needs no export.
      """)

  @Option(
    help: ArgumentHelp(
      "Writes the authority's certificate to a file, as PEM; - is standard output.", valueName: "file"))
  var pem: String?

  @Option(
    help: ArgumentHelp(
      "Writes the authority's certificate to a file, as DER: what boards read; - is standard output.",
      valueName: "file"))
  var der: String?

  @Option(
    help: ArgumentHelp(
      "Makes a certificate for a client, valid for 30 days, and writes it with its key to a new file, as PEM: what serve "
        + "--tls-client-cert wants to see.", valueName: "file"))
  var clientCert: String?

  @OptionGroup var bench: AuthorityOptions

  func run() throws {
    let authority = try bench.open()
    let certificate = authority.certificate
    if let pem { try write(Array(certificate.pem.utf8), to: pem) }
    if let der { try write(certificate.der, to: der) }
    if let clientCert { try issueForClient(authority, to: clientCert) }
    guard pem == nil, der == nil, clientCert == nil else { return }
    let validity = certificate.validity
    Console.say("subject  \(certificate.subject)")
    Console.say("SHA-256  \(certificate.fingerprint)")
    Console.say("valid    \(Self.day(validity.lowerBound)) to \(Self.day(validity.upperBound))")
    Console.say("file     \(bench.file.path)")
  }

  private static func day(_ date: Date) -> String {
    date.formatted(.iso8601.year().month().day())
  }

  private func issueForClient(_ authority: Authority, to path: String) throws {
    do {
      let profile = CertificateProfile(
        .client, commonName: "wsrig client", validity: CertificateProfile.validity(days: 30))
      try authority.issue(profile).save(to: path)
    } catch {
      throw ConfigurationError("\(error)")
    }
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    guard path != "-" else { return Console.put(bytes) }
    do {
      try Data(bytes).write(to: URL(filePath: path))
    } catch {
      throw ConfigurationError("Could not write \(path): \(error.localizedDescription)")
    }
  }
}

/// Where the authority of this bench is.
struct AuthorityOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The folder of the authority; by default wsrig in your data folder (XDG_DATA_HOME, or ~/.local/share).",
      valueName: "folder"))
  var authority: String?

  /// The file in it.
  var file: AuthorityFile { AuthorityFile(folder: authority) }

  /// The option as it is written on the command line; none where it is the usual folder.
  var words: [String] { authority.map { ["--authority", $0] } ?? [] }

  /// Reads the authority, or makes it.
  func open() throws -> Authority {
    do {
      return try file.open()
    } catch {
      throw ConfigurationError("\(error)")
    }
  }
}
