/// Turns what the interpreter prints into what a board's USB port would carry.
///
/// Three things differ: line ends (a board sends CR LF, the port sends LF, or CR CR LF where the terminal
/// translates as well), the banner (which names the host), and a soft reset, after which a board is back in the
/// REPL it was in, while a new interpreter always begins with the friendly one.
struct SimulatedBoardOutput: Sendable {
  private enum Phase: Sendable, Equatable {
    /// A banner is expected: lines are looked at before they pass.
    case bannerExpected
    /// Everything passes.
    case plain
  }

  /// What to do with output.
  struct Reaction: Equatable {
    var forward: [UInt8] = []
    /// The friendly prompt has come, and the board was in the raw REPL: send Ctrl-A.
    var entersRawREPL = false
  }

  private static let machine = "Raspberry Pi Pico 2 W with RP2350 (simulated)"
  private static let bannerStart = [UInt8]("MicroPython ".utf8)
  private static let help = [UInt8]("Type \"help()\" for more information.\r\n".utf8)
  private static let friendlyPrompt = [UInt8](">>> ".utf8)
  private static let rawBanner = [UInt8]("raw REPL; CTRL-B to exit\r\n>".utf8)

  /// The board's REPL is the raw one.
  private(set) var isRaw = false
  /// A prompt has come since the last start.
  private(set) var hasPrompt = false

  private var phase = Phase.bannerExpected
  private var line: [UInt8] = []
  private var banner: [UInt8] = []
  private var recent: [UInt8] = []
  private var carriageReturns = 0
  private var returnsToRaw = false
  /// After Ctrl-A of ours the port prints CR LF before the banner, which a board that stayed raw does not.
  private var dropsLineEnd = false

  /// A new interpreter starts. After a soft reset the board returns to the REPL it was in.
  mutating func interpreterStarts(isSoftReset: Bool) {
    let wasRaw = isRaw && isSoftReset
    self = SimulatedBoardOutput()
    returnsToRaw = wasRaw
  }

  /// The host sent Ctrl-B, so the banner may come again.
  mutating func expectBanner() { phase = .bannerExpected }

  /// Takes bytes of the interpreter.
  mutating func take(_ bytes: [UInt8]) -> Reaction {
    var reaction = Reaction()
    for byte in lineEndsOfABoard(bytes) {
      if dropsLineEnd, byte == 0x0D || byte == 0x0A {
        dropsLineEnd = byte != 0x0A
      } else if phase == .bannerExpected {
        lookForBanner(byte, &reaction)
      } else {
        reaction.forward.append(byte)
      }
      noteRawBanner(byte)
    }
    return reaction
  }

  /// What is held back when the interpreter ends.
  mutating func takeRest() -> [UInt8] {
    defer { (line, banner, carriageReturns) = ([], [], 0) }
    return banner + line + [UInt8](repeating: 0x0D, count: carriageReturns)
  }

  /// CR* LF becomes CR LF, LF becomes CR LF; a CR without LF passes.
  private mutating func lineEndsOfABoard(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + bytes.count / 16)
    for byte in bytes {
      if byte == 0x0D {
        carriageReturns += 1
      } else {
        let count = byte == 0x0A ? 1 : carriageReturns
        for _ in 0..<count { result.append(0x0D) }
        carriageReturns = 0
        result.append(byte)
      }
    }
    return result
  }

  private mutating func lookForBanner(_ byte: UInt8, _ reaction: inout Reaction) {
    line.append(byte)
    if banner.isEmpty {
      if !line.starts(with: Self.bannerStart.prefix(line.count)) || line.count > 200 {
        release(&reaction)
      } else if byte == 0x0A {
        // The interpreter's own banner names the compiler in brackets; a program's line of that kind does not.
        if line.contains(UInt8(ascii: "[")), line.contains(UInt8(ascii: ";")) {
          (banner, line) = (line, [])
        } else {
          release(&reaction)
        }
      }
    } else if line == Self.help + Self.friendlyPrompt {
      endBanner(&reaction)
    } else if !(Self.help + Self.friendlyPrompt).starts(with: line) {
      release(&reaction)
    }
  }

  /// The bytes held are no banner after all.
  private mutating func release(_ reaction: inout Reaction) {
    reaction.forward += banner + line
    (banner, line) = ([], [])
  }

  private mutating func endBanner(_ reaction: inout Reaction) {
    hasPrompt = true
    phase = .plain
    if returnsToRaw {
      reaction.entersRawREPL = true
      dropsLineEnd = true
    } else {
      let version = banner.prefix { $0 != UInt8(ascii: ";") }
      reaction.forward += version
      reaction.forward += [UInt8]("; \(Self.machine)\r\n".utf8)
      reaction.forward += Self.help + Self.friendlyPrompt
      isRaw = false
    }
    returnsToRaw = false
    (banner, line) = ([], [])
  }

  private mutating func noteRawBanner(_ byte: UInt8) {
    recent.append(byte)
    guard byte == UInt8(ascii: ">") else {
      if recent.count > 256 { recent.removeFirst(recent.count - Self.rawBanner.count) }
      return
    }
    if recent.suffix(Self.rawBanner.count) == Self.rawBanner[...] { isRaw = true }
  }
}
