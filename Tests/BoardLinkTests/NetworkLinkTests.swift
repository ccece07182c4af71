import BoardLink
import Foundation
import PosixIO
import RawREPL
import TestSupport
import Testing

/// Debian's server of serial lines.
private enum Ser2net {
  static let program = ["/usr/sbin/ser2net", "/usr/bin/ser2net"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }
  static let isThere = program != nil
  static let skipReason: Comment = "no ser2net: run ./scripts/setup --tests"

  /// A source that prints every byte that standard output may hold, and what comes of it.
  static let everyByte =
    "import sys; sys.stdout.buffer.write(bytes(n for n in range(256) if n != 4 and n != 10) * 40)"
  static let everyByteOutput: [UInt8] = {
    let once = [UInt8](0...255).filter { $0 != 4 && $0 != 10 }
    return [[UInt8]](repeating: once, count: 40).flatMap { $0 }
  }()
}

@Suite("Links over TCP", .timeLimit(.minutes(2)))
struct NetworkLinkTests {
  @Test("nobody there is a failure with a sentence", arguments: [true, false])
  func refused(_ controlsLine: Bool) async throws {
    let port = try await Self.freePort()
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
      let port = try await Self.freePort()
      let server = try await Self.serve(path, port: port, controlsLine: controlsLine)
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
    let port = try await Self.freePort()
    let server = try await Self.serve(terminal.path, port: port, controlsLine: controlsLine)
    let link = NetworkLink(host: "127.0.0.1", port: port, controlsLine: controlsLine, on: .shared)
    try await link.open(deadline: SimulatedBoardSupport.soon)
    try await link.write([65, 255, 66], deadline: SimulatedBoardSupport.soon)
    #expect(try await terminal.controller.read(deadline: SimulatedBoardSupport.soon).first == 65)
    server.kill()
    let failure = await #expect(throws: BoardFailure.self) {
      while true { _ = try await link.read(deadline: SimulatedBoardSupport.soon) }
    }
    #expect(failure?.isLinkEnded == true)
    async let reset: Void = link.hardReset(deadline: .after(.seconds(30)))
    let again = try await Self.serve(terminal.path, port: port, controlsLine: controlsLine)
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
    let port = try await Self.freePort()
    let terminal = try PseudoTerminal(on: .shared)
    let server = try await Self.serve(terminal.path, port: port, controlsLine: false)
    defer { server.kill() }
    let link = NetworkLink(host: "127.0.0.1", port: port, controlsLine: true, on: .shared)
    let failure = await #expect(throws: BoardFailure.self) {
      try await link.open(deadline: .after(.seconds(1)))
    }
    #expect(failure?.description.contains("does not agree on control of its port (RFC 2217)") == true)
    await link.close()
  }

  /// Starts ser2net on a terminal, and waits until it listens.
  private static func serve(_ path: String, port: UInt16, controlsLine: Bool) async throws -> RunningChild {
    let folder = try TemporaryFolder()
    let accepter = controlsLine ? "telnet(rfc2217),tcp" : "tcp"
    let configuration = try folder.write(
      """
      connection: &board
        accepter: \(accepter),127.0.0.1,\(port)
        connector: serialdev,\(path),115200n81,local
      """, to: "ser2net.yaml")
    let server = try await RunningChild.start(
      try #require(Ser2net.program), ["-n", "-d", "-c", configuration])
    try await awaitListener(on: port, deadline: SimulatedBoardSupport.soon)
    return server
  }

  /// Waits for a port to be listened on, without connecting: ser2net has one guest at a time, and says nothing when it is ready.
  private static func awaitListener(on port: UInt16, deadline: Deadline) async throws {
    let listening =
      "0100007F:\(String(0x10000 + Int(port), radix: 16, uppercase: true).suffix(4)) 00000000:0000 0A"
    while try !String(contentsOfFile: "/proc/net/tcp", encoding: .utf8).contains(listening) {
      try #require(!deadline.hasPassed(at: .now()), "ser2net does not listen")
      try await EventLoop.shared.pause(until: .after(.milliseconds(20)))
    }
  }

  /// A port that nobody listens on.
  private static func freePort() async throws -> UInt16 {
    try await EventLoop.shared.perform {
      let listener = try TCPListener(on: .shared, .loopbackV4(port: 0))
      defer { listener.close() }
      return listener.address.port
    }
  }
}
