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
      only you can read.
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

  @OptionGroup var bench: AuthorityOptions

  func run() throws {
    let file = AuthorityFile(folder: bench.authority)
    let certificate = try bench.open().certificate
    if let pem { try write(Array(certificate.pem.utf8), to: pem) }
    if let der { try write(certificate.der, to: der) }
    guard pem == nil, der == nil else { return }
    let validity = certificate.validity
    Console.say("subject  \(certificate.subject)")
    Console.say("SHA-256  \(certificate.fingerprint)")
    Console.say("valid    \(Self.day(validity.lowerBound)) to \(Self.day(validity.upperBound))")
    Console.say("file     \(file.path)")
  }

  private static func day(_ date: Date) -> String {
    date.formatted(.iso8601.year().month().day())
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

  /// Reads the authority, or makes it.
  func open() throws -> Authority {
    do {
      return try AuthorityFile(folder: authority).open()
    } catch {
      throw ConfigurationError("\(error)")
    }
  }
}
