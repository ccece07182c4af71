import BoardLink
import Foundation
import PosixIO
import RawREPL
import Testing

@Suite(
  "A simulated board shared with other programs", .serialized,
  .enabled(if: SimulatedBoardSupport.hasInterpreter, SimulatedBoardSupport.skipReason),
  .timeLimit(.minutes(2)))
struct SharedBoardTests {
  @Test("the rig's own terminal link drives it: output, interrupt, soft reset")
  func terminalLink() async throws {
    try await SimulatedBench.share { path, bench in
      let link = TTYLink(path: path, on: bench.loop)
      let board = Board(
        link: link, on: bench.loop, timeouts: .simulated, logger: SimulatedBoardSupport.logger)
      try await board.attach()
      #expect(await board.identity?.machine.contains("Pico 2 W") == true)
      let output = try await board.execute("while True: pass", deadline: .after(.milliseconds(100)))
      #expect(output.traceback?.type == "KeyboardInterrupt")
      try await board.softReset()
      let again = try await board.execute("print(1)", deadline: SimulatedBoardSupport.soon)
      #expect(again.text == "1\n")
      await board.detach()
    }
  }

  @Test(
    "mpremote executes, runs, copies files and resets",
    .enabled(
      if: SimulatedBoardSupport.mpremote != nil, "no mpremote: run ./scripts/setup or set WSRIG_MPREMOTE"))
  func mpremote() async throws {
    try await SimulatedBench.share { path, bench in
      let folder = NSTemporaryDirectory() + "wsrig-mpremote-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let text = "print('from a file')\n" + String(repeating: "# filler\n", count: 500)
      try text.write(toFile: folder + "/script.py", atomically: true, encoding: .utf8)
      func remote(_ arguments: String...) async throws -> String {
        try await Self.mpremote(["connect", path] + arguments, on: bench.loop)
      }
      #expect(try await remote("exec", "print(6 * 7)") == "42\r\n")
      #expect(try await remote("run", folder + "/script.py") == "from a file\r\n")
      _ = try await remote("cp", folder + "/script.py", ":copied.py")
      #expect(try await remote("ls").contains("copied.py"))
      _ = try await remote("cp", ":copied.py", folder + "/back.py")
      #expect(try String(contentsOfFile: folder + "/back.py", encoding: .utf8) == text)
      _ = try await remote("soft-reset")
      #expect(try await remote("exec", "import copied") == "from a file\r\n")
      #expect(
        try await remote("rm", ":copied.py", "+", "exec", "import os; print(os.listdir())").contains("[]"))
    }
  }

  /// Runs mpremote and returns its standard output; a failure is reported with all it printed.
  private static func mpremote(_ arguments: [String], on loop: EventLoop) async throws -> String {
    let program = try #require(SimulatedBoardSupport.mpremote)
    let child = try await ChildProcess.start(ChildCommand(program, arguments), streams: .pipes, on: loop)
    child.input?.close()
    var output: [UInt8] = []
    while let bytes = try await child.output?.read(deadline: SimulatedBoardSupport.soon), !bytes.isEmpty {
      output += bytes
    }
    var errors: [UInt8] = []
    while let bytes = try await child.errors?.read(deadline: SimulatedBoardSupport.soon), !bytes.isEmpty {
      errors += bytes
    }
    let end = try await child.waitForEnd(deadline: SimulatedBoardSupport.soon)
    let text = String(decoding: output, as: UTF8.self)
    #expect(end == .exited(0), "\(arguments): \(text) \(String(decoding: errors, as: UTF8.self))")
    return text
  }
}
