import ArgumentParser
import Bench
import PosixIO

/// `--tls-keylog`.
struct KeyLogOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Adds the secrets of every connection to a file, so that Wireshark can read what was captured.",
      valueName: "file"))
  var tlsKeylog: String?

  /// Opens the file; nil where none is wanted.
  /// - Throws: `ConfigurationError` where it cannot be opened.
  func open() throws -> TLSKeyLog? {
    do {
      return try tlsKeylog.map { (path) throws(PosixError) in try TLSKeyLog(path: path) }
    } catch {
      throw ConfigurationError("Cannot keep the secrets of TLS: \(error); check --tls-keylog.")
    }
  }
}
