import ArgumentParser
import PosixIO

/// `--tls-keylog`.
struct KeyLogOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Adds the secrets of every connection to a file, so that Wireshark can read what was captured.",
      valueName: "file"))
  var tlsKeylog: String?

  /// Opens the file; nil where none is wanted.
  func open() throws(PosixError) -> TLSKeyLog? {
    guard let tlsKeylog else { return nil }
    return try TLSKeyLog(path: tlsKeylog)
  }
}
