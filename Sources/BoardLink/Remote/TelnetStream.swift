/// The codes of Telnet (RFC 854) that a serial line over TCP makes use of.
enum Telnet {
  /// Interpret as command: what follows is no data.
  static let iac: UInt8 = 255
  static let dont: UInt8 = 254
  static let `do`: UInt8 = 253
  static let wont: UInt8 = 252
  static let will: UInt8 = 251
  static let beginOfSubnegotiation: UInt8 = 250
  static let endOfSubnegotiation: UInt8 = 240

  /// A data byte of 255 is sent twice.
  static func escaped(_ data: [UInt8]) -> [UInt8] {
    guard data.contains(iac) else { return data }
    var result: [UInt8] = []
    result.reserveCapacity(data.count + 8)
    for byte in data {
      result.append(byte)
      if byte == iac { result.append(iac) }
    }
    return result
  }
}

/// Takes a Telnet stream apart, in pieces of any size: data on one side, commands on the other.
///
/// Data is taken as binary (RFC 856): no end-of-line convention of Telnet's is undone.
struct TelnetStream: Sendable, Equatable {
  /// A command in the stream.
  enum Command: Sendable, Equatable {
    /// WILL, WONT, DO or DONT, and the option.
    case option(verb: UInt8, option: UInt8)
    /// What stood between SB and SE, unescaped, the option first.
    case subnegotiation([UInt8])
  }

  /// A subnegotiation beyond this is dropped: those of a serial line are a few bytes long.
  static let subnegotiationLimitBytes = 1024

  private enum State: Sendable, Equatable {
    /// Next: `command`.
    case data
    /// After IAC. Next: any.
    case command
    /// After a verb. Next: `data`.
    case option(verb: UInt8)
    /// Between SB and SE. Next: `subnegotiationCommand`.
    case subnegotiation
    /// After IAC in there. Next: `subnegotiation`, `data`.
    case subnegotiationCommand
  }

  private var state = State.data
  private var content: [UInt8] = []

  /// Takes bytes from the other side.
  mutating func receive(_ bytes: [UInt8]) -> (data: [UInt8], commands: [Command]) {
    var data: [UInt8] = []
    var commands: [Command] = []
    data.reserveCapacity(bytes.count)
    for byte in bytes {
      switch state {
      case .data: if byte == Telnet.iac { state = .command } else { data.append(byte) }
      case .command:
        state = afterCommand(byte)
        if byte == Telnet.iac { data.append(byte) }
      case .option(let verb):
        commands.append(.option(verb: verb, option: byte))
        state = .data
      case .subnegotiation:
        if byte == Telnet.iac { state = .subnegotiationCommand } else { keep(byte) }
      case .subnegotiationCommand:
        if let whole = endOfContent(byte) { commands.append(.subnegotiation(whole)) }
      }
    }
    return (data, commands)
  }

  private mutating func afterCommand(_ byte: UInt8) -> State {
    switch byte {
    case Telnet.will...Telnet.dont: return .option(verb: byte)
    case Telnet.beginOfSubnegotiation:
      content = []
      return .subnegotiation
    // A doubled 255 is data; NOP, go-ahead and the like say nothing to a serial line.
    default: return .data
    }
  }

  private mutating func keep(_ byte: UInt8) {
    if content.count <= Self.subnegotiationLimitBytes { content.append(byte) }
  }

  /// After IAC in a subnegotiation: its whole content where it ends here.
  private mutating func endOfContent(_ byte: UInt8) -> [UInt8]? {
    if byte == Telnet.iac {
      keep(byte)
      state = .subnegotiation
      return nil
    }
    // Anything but SE breaks the subnegotiation off.
    state = .data
    let isWhole =
      byte == Telnet.endOfSubnegotiation && (1...Self.subnegotiationLimitBytes).contains(content.count)
    return isWhole ? content : nil
  }
}
