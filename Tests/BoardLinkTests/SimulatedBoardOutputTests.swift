import Testing

@testable import BoardLink

@Suite("What the simulated board's port carries")
struct SimulatedBoardOutputTests {
  static let banner =
    "MicroPython 1a2b on 2026-07-05; linux [GCC 14.2.1] version\r\n"
    + "Type \"help()\" for more information.\r\n>>> "
  static let ours =
    "MicroPython 1a2b on 2026-07-05; Raspberry Pi Pico 2 W with RP2350 (simulated)\r\n"
    + "Type \"help()\" for more information.\r\n>>> "

  @Test(
    "line ends become CR LF, once",
    arguments: [
      ("a\nb", "a\r\nb"), ("a\r\nb", "a\r\nb"), ("a\r\r\nb", "a\r\nb"), ("a\rb", "a\rb"),
      ("\r\r\rb", "\r\r\rb"),
    ])
  func lineEnds(_ printed: String, _ carried: String) {
    var output = started()
    #expect(feed(&output, printed) == carried)
    var bytewise = started()
    #expect(printed.unicodeScalars.map { feed(&bytewise, String($0)) }.joined() == carried)
  }

  @Test("the banner names the board, wherever it is cut; what boot files print passes before it")
  func banner() {
    let printed = "boot\nMicroPython is mine\n" + Self.banner
    for split in 0...printed.utf8.count {
      var output = SimulatedBoardOutput()
      output.interpreterStarts(isSoftReset: false)
      let bytes = [UInt8](printed.utf8)
      let carried =
        output.take([UInt8](bytes[..<split])).forward + output.take([UInt8](bytes[split...])).forward
      #expect(String(decoding: carried, as: UTF8.self) == "boot\r\nMicroPython is mine\r\n" + Self.ours)
      #expect(output.hasPrompt)
    }
  }

  @Test("after a soft reset in the raw REPL the friendly banner is hidden and Ctrl-A is asked for")
  func returnsToRaw() {
    var output = started()
    _ = feed(&output, "\r\nraw REPL; CTRL-B to exit\r\n>")
    #expect(output.isRaw)
    output.interpreterStarts(isSoftReset: true)
    let reaction = output.take([UInt8](("boot\n" + Self.banner).utf8))
    #expect(reaction.entersRawREPL)
    #expect(String(decoding: reaction.forward, as: UTF8.self) == "boot\r\n")
    #expect(feed(&output, "\r\nraw REPL; CTRL-B to exit\r\n>") == "raw REPL; CTRL-B to exit\r\n>")
    #expect(output.isRaw)
  }

  @Test("Ctrl-B brings the banner again, and the board is in the friendly REPL")
  func leavesRaw() {
    var output = started()
    _ = feed(&output, "\r\nraw REPL; CTRL-B to exit\r\n>")
    output.expectBanner()
    #expect(feed(&output, "\r\n" + Self.banner) == "\r\n" + Self.ours)
    #expect(!output.isRaw)
  }

  @Test("a program's line that begins like the banner passes")
  func lookAlike() {
    var output = started()
    output.expectBanner()
    #expect(feed(&output, "MicroPython rocks\nx") == "MicroPython rocks\r\nx")
  }

  private func started() -> SimulatedBoardOutput {
    var output = SimulatedBoardOutput()
    output.interpreterStarts(isSoftReset: false)
    _ = output.take([UInt8](Self.banner.utf8))
    return output
  }

  private func feed(_ output: inout SimulatedBoardOutput, _ text: String) -> String {
    String(decoding: output.take([UInt8](text.utf8)).forward, as: UTF8.self)
  }
}
