/// Names a board on the command line and in `wsrig.toml`.
public enum BoardSelector: Sendable, Hashable, CustomStringConvertible {
  /// `sim`: the simulated board.
  case simulated
  /// `python` or `python:PATH`: CPython on this computer in the place of a board; nil is the one that `scripts/setup` installs.
  case python(path: String?)
  /// `reference`: no board at all, but the reference client.
  case reference
  /// `tty:PATH`: a board behind a terminal device.
  case terminal(path: String)
  /// `usb`, `usb:SERIAL` or `usb:BUS-PORT`: a board driven over USB without the kernel's driver.
  case usb(String?)
  /// `tcp:HOST:PORT`: a serial line carried by TCP.
  case tcp(host: String, port: UInt16)
  /// `rfc2217:HOST:PORT`: the same with control of the line (RFC 2217).
  case rfc2217(host: String, port: UInt16)

  /// Reads the form that `description` prints.
  ///
  /// - Throws: `BoardSelectorError` with one sentence that names the known forms.
  public init(_ text: String) throws(BoardSelectorError) {
    let (scheme, rest) = Self.divide(text)
    switch (scheme, rest) {
    case ("sim", nil): self = .simulated
    case ("reference", nil): self = .reference
    case ("python", nil): self = .python(path: nil)
    case ("python", let path?) where !path.isEmpty: self = .python(path: path)
    case ("tty", let path?) where !path.isEmpty: self = .terminal(path: path)
    case ("usb", nil): self = .usb(nil)
    case ("usb", let name?) where !name.isEmpty: self = .usb(name)
    case ("tcp", let address?): self = try Self.network(text, address) { .tcp(host: $0, port: $1) }
    case ("rfc2217", let address?): self = try Self.network(text, address) { .rfc2217(host: $0, port: $1) }
    default: throw BoardSelectorError(text: text)
    }
  }

  /// The text form, which the initialiser reads.
  public var description: String {
    switch self {
    case .simulated: "sim"
    case .python(let path): path.map { "python:\($0)" } ?? "python"
    case .reference: "reference"
    case .terminal(let path): "tty:\(path)"
    case .usb(let name): name.map { "usb:\($0)" } ?? "usb"
    case .tcp(let host, let port): "tcp:\(Self.bracketed(host)):\(port)"
    case .rfc2217(let host, let port): "rfc2217:\(Self.bracketed(host)):\(port)"
    }
  }

  /// The board is software on this computer: every run makes its own, and resets are quick.
  public var isOnThisComputer: Bool {
    switch self {
    case .simulated, .python, .reference: true
    case .terminal, .usb, .tcp, .rfc2217: false
    }
  }

  /// The board is CPython, for which packages may be installed.
  public var isPython: Bool { if case .python = self { true } else { false } }

  private static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

  private static func divide(_ text: String) -> (scheme: Substring, rest: String?) {
    guard let colon = text.firstIndex(of: ":") else { return (text[...], nil) }
    return (text[..<colon], String(text[text.index(after: colon)...]))
  }

  private static func network(
    _ text: String, _ address: String, _ make: (String, UInt16) -> BoardSelector
  ) throws(BoardSelectorError) -> BoardSelector {
    guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]),
      port > 0, colon > address.startIndex
    else { throw BoardSelectorError(text: text) }
    var host = String(address[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    return make(host, port)
  }
}

/// Why a text names no board: a mistake of configuration, not of the bench.
public struct BoardSelectorError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The text.
  public let text: String

  /// One sentence, which names the known forms.
  public var description: String {
    "\"\(text)\" names no board: write sim, python, reference, usb, usb:SERIAL, usb:BUS-PORT, tty:PATH such as tty:/dev/ttyACM0, "
      + "tcp:HOST:PORT or rfc2217:HOST:PORT"
  }
}
