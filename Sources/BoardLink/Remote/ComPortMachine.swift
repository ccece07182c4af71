/// The client's side of the COM port control option (RFC 2217): agrees on it and on binary transmission, sets the line up, then carries
/// data. Pure: bytes in, bytes out.
struct ComPortMachine: Sendable, Equatable {
  /// Where the line stands.
  enum State: Sendable, Equatable {
    /// Options are being agreed on. Next: `settingUp`, `refused`.
    case negotiating
    /// The settings were sent; the server's answers are awaited. Next: `open`.
    case settingUp
    /// Data flows.
    case open
    /// The server does not offer what is needed, in words.
    case refused(String)
  }

  /// Options of Telnet.
  private enum Option {
    static let binary: UInt8 = 0
    static let suppressGoAhead: UInt8 = 3
    static let comPort: UInt8 = 44
  }

  /// Commands of RFC 2217, section 3; the server answers with the number plus 100.
  private enum Command {
    static let setBaudRate: UInt8 = 1
    static let setDataSize: UInt8 = 2
    static let setParity: UInt8 = 3
    static let setStopSize: UInt8 = 4
    static let setControl: UInt8 = 5
    static let fromServer: UInt8 = 100
  }

  /// Values of SET-CONTROL.
  private enum Control {
    static let noFlowControl: UInt8 = 1
    static let dtrOn: UInt8 = 8
    static let dtrOff: UInt8 = 9
    static let rtsOn: UInt8 = 11
  }

  /// 115,200 baud, 8 bits, no parity, one stop bit, no flow control, DTR and RTS on: without DTR a USB board behind the server takes
  /// it that nobody listens.
  private static let settings: [[UInt8]] = [
    [Command.setControl, Control.dtrOn], [Command.setControl, Control.rtsOn],
    [Command.setControl, Control.noFlowControl], [Command.setBaudRate, 0x00, 0x01, 0xC2, 0x00],
    [Command.setDataSize, 8], [Command.setParity, 1], [Command.setStopSize, 1],
  ]
  /// How many of them every server answers: ser2net says nothing to lines that its terminal does not have, such as DTR of a
  /// pseudo-terminal.
  private static let answered = 4

  /// Where the line stands.
  private(set) var state = State.negotiating
  private var stream = TelnetStream()
  private var output: [UInt8] = []
  /// What the server must agree to, as verb and option it answers with.
  private var awaited: [Agreement] = [
    Agreement(verb: Telnet.do, option: Option.binary), Agreement(verb: Telnet.will, option: Option.binary),
    Agreement(verb: Telnet.do, option: Option.comPort),
  ]
  /// Wishes of the server's that were refused once, and need no second answer.
  private var declined: [Agreement] = []
  private var answersAwaited = 0

  private struct Agreement: Sendable, Equatable {
    var verb: UInt8
    var option: UInt8
  }

  /// A machine whose first bytes wait to be sent.
  init() {
    for option in [Option.binary, Option.suppressGoAhead] {
      output += [Telnet.iac, Telnet.will, option, Telnet.iac, Telnet.do, option]
    }
    output += [Telnet.iac, Telnet.will, Option.comPort]
  }

  /// Takes bytes of the server; returns the data among them.
  mutating func receive(_ bytes: [UInt8]) -> [UInt8] {
    let (data, commands) = stream.receive(bytes)
    for command in commands {
      switch command {
      case .option(let verb, let option): answer(Agreement(verb: verb, option: option))
      case .subnegotiation(let content): take(content)
      }
    }
    return data
  }

  /// Adds data to what is to be sent.
  mutating func send(_ data: [UInt8]) { output += Telnet.escaped(data) }

  /// Asks the server to drop DTR, as the end of a session does.
  mutating func release() {
    if state == .open { output += Self.subnegotiation([Command.setControl, Control.dtrOff]) }
  }

  /// Takes what is to be sent.
  mutating func takeOutput() -> [UInt8] {
    defer { output = [] }
    return output
  }

  private mutating func answer(_ wish: Agreement) {
    let isOurs = [Option.binary, Option.suppressGoAhead, Option.comPort].contains(wish.option)
    let isConsent = wish.verb == Telnet.do || wish.verb == Telnet.will
    switch (isOurs, isConsent) {
    case (true, true): agree(wish)
    case (true, false): refuse(wish)
    case (false, true): decline(wish)
    // What we never asked for is off already.
    case (false, false): break
    }
  }

  private mutating func agree(_ consent: Agreement) {
    // The server's own port control is not ours to use: the server serves, and we are its client.
    if consent == Agreement(verb: Telnet.will, option: Option.comPort) { return decline(consent) }
    awaited.removeAll { $0 == consent }
    guard awaited.isEmpty, state == .negotiating else { return }
    state = .settingUp
    answersAwaited = Self.answered
    for setting in Self.settings { output += Self.subnegotiation(setting) }
  }

  private mutating func refuse(_ refusal: Agreement) {
    let consent = Agreement(
      verb: refusal.verb == Telnet.dont ? Telnet.do : Telnet.will, option: refusal.option)
    guard awaited.contains(consent) else { return }
    state = .refused(
      refusal.option == Option.comPort
        ? "the server does not offer control of its port (RFC 2217); tcp:HOST:PORT does without"
        : "the server refuses binary transmission (RFC 856)")
  }

  private mutating func decline(_ wish: Agreement) {
    guard !declined.contains(wish) else { return }
    declined.append(wish)
    output += [Telnet.iac, wish.verb == Telnet.do ? Telnet.wont : Telnet.dont, wish.option]
  }

  private mutating func take(_ content: [UInt8]) {
    guard content.count >= 2, content[0] == Option.comPort else { return }
    switch content[1] {
    case Command.fromServer + Command.setBaudRate...Command.fromServer + Command.setStopSize: countAnswer()
    // Signatures and notices of the line's and the modem's state say nothing that we need, and to suspend us there is TCP's window.
    default: break
    }
  }

  private mutating func countAnswer() {
    guard state == .settingUp else { return }
    answersAwaited -= 1
    if answersAwaited == 0 { state = .open }
  }

  private static func subnegotiation(_ content: [UInt8]) -> [UInt8] {
    [Telnet.iac, Telnet.beginOfSubnegotiation, Option.comPort] + Telnet.escaped(content)
      + [Telnet.iac, Telnet.endOfSubnegotiation]
  }
}
