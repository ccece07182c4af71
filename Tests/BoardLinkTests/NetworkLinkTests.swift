import BoardLink
import Foundation
import PosixIO
import RawREPL
import TestSupport
import Testing

extension Ser2net {
  fileprivate static let isThere = program != nil
  fileprivate static let skipReason: Comment = "no ser2net: run ./scripts/setup --tests"

  /// A source that prints every byte that standard output may hold, and what comes of it.
  fileprivate static let everyByte =
    "import sys; sys.stdout.buffer.write(bytes(n for n in range(256) if n != 4 and n != 10) * 40)"
  fileprivate static let everyByteOutput: [UInt8] = {
    let once = [UInt8](0...255).filter { $0 != 4 && $0 != 10 }
    return [[UInt8]](repeating: once, count: 40).flatMap { $0 }
  }()
}

@Suite("Links over TCP", .timeLimit(.minutes(2)))
struct NetworkLinkTests {
  @Test("nobody there is a failure with a sentence", arguments: [true, false])
  func refused(_ controlsLine: Bool) async throws {
    let port = try await Ser2net.freePort()
    let link = NetworkLink(host: "127.0.0.1", port: port, controlsLine: controlsLine, on: .shared)
    let failure = await #expect(throws: BoardFailure.self) {
      try await link.open(deadline: .after(.seconds(5)))
    }
    #expect(failure?.description.contains("127.0.0.1:\(port): nothing listens there") == true)
    await link.close()
  }

  @Test(
    "a board behind ser2net is driven like one on its own terminal: output with every byte, interrupt, both resets",
    .enabled(if: Ser2net.isThere, Ser2net.skipReason),
    .enabled(if: SimulatedBoardSupport.hasInterpreter, SimulatedBoardSupport.skipReason),
    arguments: [false, true])
  func ser2net(_ controlsLine: Bool) async throws {
    try await SimulatedBench.share { path, bench in
      let (server, port) = try await Ser2net.serve(path, controlsLine: controlsLine)
      defer { server.kill() }
      let link = NetworkLink(host: "127.0.0.1", port: port, controlsLine: controlsLine, on: bench.loop)
      let board = Board(
        link: link, on: bench.loop, timeouts: .simulated, logger: SimulatedBoardSupport.logger)
      try await board.attach()
      #expect(await board.identity?.machine.contains("Pico 2 W") == true)
      // 255 is what Telnet speaks in, 0 and 13 what it would change in text.
      let output = try await board.run(Ser2net.everyByte)
      #expect(output.errorOutput.isEmpty)
      #expect(output.standardOutput == Ser2net.everyByteOutput)
      let source = "print(len('" + String(repeating: "x", count: 3000) + "'), ord('ÿ'))"
      #expect(try await board.run(source).text == "3000 255\n")
      let stopped = try await board.execute("while True: pass", deadline: .after(.milliseconds(100)))
      #expect(stopped.traceback?.type == "KeyboardInterrupt")
      _ = try await board.run("kept = 1")
      try await board.softReset()
      #expect(try await board.run("print('kept' in globals())").text == "False\n")
      _ = try await board.run("kept = 1")
      try await board.hardReset()
      #expect(try await board.run("print('kept' in globals())").text == "False\n")
      await board.detach()
    }
  }

  @Test(
    "a server that ends the connection ends the link, and a hard reset makes it anew once the server is back",
    .enabled(if: Ser2net.isThere, Ser2net.skipReason), arguments: [false, true])
  func serverGone(_ controlsLine: Bool) async throws {
    let terminal = try PseudoTerminal(on: .shared)
    let (server, port) = try await Ser2net.serve(terminal.path, controlsLine: controlsLine)
    let link = NetworkLink(host: "127.0.0.1", port: port, controlsLine: controlsLine, on: .shared)
    try await link.open(deadline: SimulatedBoardSupport.soon)
    try await link.write([65, 255, 66], deadline: SimulatedBoardSupport.soon)
    #expect(try await terminal.controller.read(deadline: SimulatedBoardSupport.soon).first == 65)
    server.kill()
    let failure = await #expect(throws: BoardFailure.self) {
      while true { _ = try await link.read(deadline: SimulatedBoardSupport.soon) }
    }
    #expect(failure?.isLinkEnded == true)
    // Its connection ends before its listener, which would take the next one to its grave.
    _ = try await server.finish()
    async let reset: Void = link.hardReset(deadline: .after(.seconds(30)))
    let (again, _) = try await Ser2net.serve(terminal.path, port: port, controlsLine: controlsLine)
    defer { again.kill() }
    try await reset
    try await terminal.controller.write([7, 255, 8], deadline: SimulatedBoardSupport.soon)
    var received: [UInt8] = []
    while received.count < 3 { received += try await link.read(deadline: SimulatedBoardSupport.soon) }
    #expect(received.suffix(3) == [7, 255, 8])
    await link.close()
  }

  @Test(
    "a server that speaks no RFC 2217 is refused in words, at the deadline",
    .enabled(if: Ser2net.isThere, Ser2net.skipReason))
  func plainServer() async throws {
    let terminal = try PseudoTerminal(on: .shared)
    let (server, port) = try await Ser2net.serve(terminal.path, controlsLine: false)
    defer { server.kill() }
    let link = NetworkLink(host: "127.0.0.1", port: port, controlsLine: true, on: .shared)
    let failure = await #expect(throws: BoardFailure.self) {
      try await link.open(deadline: .after(.seconds(1)))
    }
    #expect(failure?.description.contains("does not agree on control of its port (RFC 2217)") == true)
    await link.close()
  }
}
