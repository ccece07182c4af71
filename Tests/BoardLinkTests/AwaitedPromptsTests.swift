@testable import BoardLink
import Testing

@Suite("What a console still waits for once nobody types any more")
struct AwaitedPromptsTests {
  private static let banner = "\r\nMicroPython v1; a board\r\nType \"help()\" for more information.\r\n>>> "

  @Test(
    "the first prompt, and one behind each line that was typed, however they arrive", arguments: [1, 3, 4096])
  func lines(_ pieceBytes: Int) {
    let prompts = AwaitedPrompts(behindBanner: true)
    prompts.type([UInt8]("print(6*7)\rif 1:\r".utf8))
    let whole = [UInt8]((Self.banner + "print(6*7)\r\n42\r\n>>> if 1:\r\n").utf8)
    for start in stride(from: 0, to: whole.count, by: pieceBytes) {
      prompts.receive(Array(whole[start..<min(start + pieceBytes, whole.count)]))
      #expect(!prompts.haveCome)
    }
    prompts.receive([UInt8]("... ".utf8))
    #expect(prompts.haveCome)
  }

  @Test("control codes bring a prompt too; what looks like one within a line is none")
  func others() {
    let prompts = AwaitedPrompts(behindBanner: true)
    prompts.type([0x03])
    prompts.receive([UInt8]((Self.banner + "see >>> \r\na>>> ").utf8))
    #expect(!prompts.haveCome)
    prompts.receive([UInt8]("\r\n>>> ".utf8))
    #expect(prompts.haveCome)
  }

  @Test("what the board has shown by itself before it was asked is no prompt behind a line: promptOfTheStart")
  func promptOfTheStart() {
    let prompts = AwaitedPrompts(behindBanner: true)
    prompts.type([UInt8]("print(6*7)\rprint(6*8)\r".utf8))
    prompts.receive([UInt8]((">>> " + Self.banner + Self.banner + "print(6*7)\r\n42\r\n>>> ").utf8))
    #expect(!prompts.haveCome)
    prompts.receive([UInt8]("print(6*8)\r\n48\r\n>>> ".utf8))
    #expect(prompts.haveCome)
  }

  @Test("a console that asked for no banner takes the first prompt as it comes")
  func withoutBanner() {
    let prompts = AwaitedPrompts(behindBanner: false)
    prompts.receive([UInt8]("\r\n>>> ".utf8))
    #expect(prompts.haveCome)
  }
}
