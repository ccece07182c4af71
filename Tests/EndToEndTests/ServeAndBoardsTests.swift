import Foundation
import PosixIO
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("wsrig serve and wsrig boards")
  struct ServeAndBoardsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let echo = """
      import asyncio, os, sys, websockets

      async def main():
          for url in sys.argv[1:]:
              async with websockets.connect(url, max_size=None) as ws:
                  for message in ("", "h\\u00e9llo", b"\\x00\\xff", os.urandom(70000)):
                      await ws.send(message)
                      assert await ws.recv() == message, url
                  await (await ws.ping())
              assert ws.close_code == 1000, ws.close_code
              print("echoed", url)

      asyncio.run(asyncio.wait_for(main(), 20))
      """

    @Test("serve echoes for Python's websockets over IPv4 and IPv6, and ends on Ctrl-C with 0")
    func serve() async throws {
      let server = try await Tool.start(["serve", "--port", "0"], in: folder)
      var urls: [String] = []
      for part in ["ws://127.0.0.1:", "ws://[::1]:"] {
        let line = try await server.line(containing: part)
        urls.append(String(try #require(line.split(separator: " ").last)))
      }
      let python = try #require(Repository.python)
      let child = try await RunningChild.run(python, ["-c", Self.echo] + urls)
      #expect(child.status == 0, "\(child.everything)")
      for url in urls { #expect(child.output.contains("echoed \(url)\n")) }
      server.signal(SIGINT)
      let end = try await server.finish()
      #expect(end.status == 0 && end.errors.isEmpty, "\(end.everything)")
    }

    @Test("serve accepts compression, and declines it with --no-compression", arguments: [true, false])
    func compression(accepts: Bool) async throws {
      let server = try await Tool.start(
        ["serve", "--port", "0"] + (accepts ? [] : ["--no-compression"]), in: folder)
      let line = try await server.line(containing: "ws://127.0.0.1:")
      let url = String(try #require(line.split(separator: " ").last))
      let program = """
        import asyncio, sys, websockets

        async def main():
            async with websockets.connect(sys.argv[1]) as ws:
                await ws.send("Hello")
                assert await ws.recv() == "Hello"
                print("Sec-WebSocket-Extensions" in ws.response.headers)

        asyncio.run(asyncio.wait_for(main(), 20))
        """
      let child = try await RunningChild.run(try #require(Repository.python), ["-c", program, url])
      #expect(child.output == (accepts ? "True\n" : "False\n"), "\(child.everything)")
      server.signal(SIGINT)
      #expect(try await server.finish().status == 0)
    }

    @Test("serve --tls serves whoever trusts the authority that certs exports, and logs its keys")
    func secure() async throws {
      let environment = ["XDG_DATA_HOME": folder.path + "/data"]
      let server = try await Tool.start(
        ["serve", "--tls", "--port", "0", "--tls-keylog", "keys.log"], in: folder, environment: environment)
      var urls: [String] = []
      for part in ["wss://127.0.0.1:", "wss://[::1]:"] {
        let line = try await server.line(containing: part)
        urls.append(String(try #require(line.split(separator: " ").last)))
      }
      urls.append(urls[0].replacing("127.0.0.1", with: "localhost"))
      let certs = try await Tool.run(
        ["certs", "--pem", "root.pem", "--der", "root.der"], in: folder, environment: environment)
      #expect(certs.status == 0 && certs.output.isEmpty, "\(certs.everything)")
      let python = try #require(Repository.python)
      let trusting = ["SSL_CERT_FILE": folder.path + "/root.pem"]
      let child = try await RunningChild.run(python, ["-c", Self.echo] + urls, environment: trusting)
      #expect(child.status == 0, "\(child.everything)")
      let stranger = try await RunningChild.run(python, ["-c", Self.echo] + urls)
      #expect(stranger.errors.contains("CERTIFICATE_VERIFY_FAILED"), "\(stranger.everything)")
      server.signal(SIGINT)
      let end = try await server.finish()
      #expect(end.status == 0 && end.errors.isEmpty, "\(end.everything)")
      #expect(try folder.text("keys.log").contains("SERVER_TRAFFIC_SECRET_0 "))
    }

    @Test(
      "A certificate that cannot be had or served is one sentence and exit 2",
      arguments: [
        (["--tls", "--tls-cert", "missing.pem", "--tls-key", "missing.pem"], "missing.pem"),
        (["--tls", "--tls-cert", "missing.pem"], "--tls-key"),
        (["--tls-keylog", "keys.log"], "--tls"),
        (["--tls", "--tls-keylog", "no/such/folder/keys.log"], "no/such/folder/keys.log"),
        (["--tls", "--authority", "/proc/none"], "/proc/none"),
      ])
    func noCertificate(options: [String], part: String) async throws {
      let child = try await Tool.run(
        ["serve", "--port", "0"] + options, in: folder, environment: ["XDG_DATA_HOME": folder.path])
      expectComplaint(child, status: 2, [part], lines: 1...3)
    }

    @Test("boards lists what is there, the simulated board always")
    func list() async throws {
      let child = try await Tool.run(["boards"], in: folder)
      #expect(
        child.status == 0 && ["sim ", "python ", "reference "].allSatisfy(child.output.contains),
        "\(child.everything)")
    }

    /// Types at a program on a pseudo-terminal of its own: each argument is waited for, then the next is typed.
    private static let typist = """
      import os, pty, select, sys, termios, time
      pid, terminal = pty.fork()
      if pid == 0: os.execv(sys.argv[1], sys.argv[1].split("/")[-1:] + ["boards", "console"])
      before = termios.tcgetattr(terminal)
      seen = b""
      def wait(text):
          global seen
          end = time.monotonic() + 20
          while text not in seen:
              assert select.select([terminal], [], [], end - time.monotonic())[0], (text, seen)
              seen += os.read(terminal, 65536)
          seen = seen[seen.index(text) + len(text):]
      wait(b">>> ")
      raw = termios.tcgetattr(terminal)[3] & (termios.ECHO | termios.ICANON | termios.ISIG) == 0
      os.write(terminal, b"6*7\\r"); wait(b"42"); wait(b">>> ")
      os.write(terminal, b"while True: print(6 * 8)\\r\\r\\r"); wait(b"48\\r\\n")
      os.write(terminal, b"\\x03"); wait(b"KeyboardInterrupt"); wait(b">>> ")
      os.write(terminal, b"\\x1d")
      status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
      print(status, raw, termios.tcgetattr(terminal) == before)
      """

    @Test(
      "boards console is the friendly prompt, Ctrl-C reaches the board, Ctrl-] leaves the terminal as it was")
    func console() async throws {
      let python = try #require(Repository.python)
      let child = try await RunningChild.run(
        python, ["-c", Self.typist, try #require(Tool.path)], in: folder.url)
      #expect(child.output == "0 True True\n", "\(child.everything)")
    }

    @Test("a board that is not there was told by the console nested three deep, with its advice twice")
    func noConsole() async throws {
      let child = try await Tool.run(["boards", "console", "--board", "tty:/dev/no-such"], in: folder)
      expectComplaint(
        child, status: 3,
        [
          "wsrig: The board tty:/dev/no-such could not be got ready: could not open /dev/no-such: No such file or directory; "
            + "check --board and the cable.\n"
        ])
      let usb = try await Tool.run(["boards", "console", "--board", "usb:no-such-board"], in: folder)
      expectComplaint(usb, status: 3, ["The board usb:no-such-board could not be got ready: "])
      #expect(usb.errors.ranges(of: "check ").count <= 1 && !usb.errors.contains("link could not be opened"))
    }

    private static let pipe = #"printf 'print(6*7)\rprint(6*8)\r' | "$0" boards console --board "$1""#

    @Test("what comes of what a pipe typed at the console was not waited for", arguments: [true, false])
    func pipedConsole(_ isSimulated: Bool) async throws {
      let shared = isSimulated ? nil : try await Tool.start(["boards", "--simulate"], in: folder)
      let line = try await shared?.line(containing: "simulated board on ")
      let board = line?.split(separator: " ").last.map { "tty:\($0)" } ?? "sim"
      let child = try await RunningChild.run(
        "/bin/sh", ["-c", Self.pipe, try #require(Tool.path), board], in: folder.url, within: .seconds(120))
      #expect(child.status == 0 && child.output.contains("\r\n42\r\n>>> "), "\(child.everything)")
      #expect(child.output.hasSuffix("\r\n48\r\n>>> "), "\(child.everything)")
      shared?.signal(SIGINT)
      _ = try await shared?.finish()
    }

    @Test("a run of a service and one from a shell, whose environments differ, had one board at a time each")
    func lockOfAllEnvironments() async throws {
      // It never answers.
      let terminal = try PseudoTerminal(on: .shared)
      func words(_ report: String) -> [String] {
        ["run", "--report", report, "--only", "1.text-1", "--board", "tty:\(terminal.path)"]
      }
      let first = try await Tool.start(
        words("r1"), in: folder, environment: ["XDG_RUNTIME_DIR": folder.path, "HOME": folder.path])
      let typed = try await terminal.controller.read(deadline: .after(.seconds(60)))
      #expect(!typed.isEmpty)
      let second = try await Tool.run(
        words("r2"), in: folder, environment: ["XDG_RUNTIME_DIR": nil, "TMPDIR": folder.path])
      expectComplaint(second, status: 3, ["it is in use by process \(first.id) ("])
      first.signal(SIGINT)
      _ = try await first.finish()
      terminal.controller.close()
    }

    private static let killer = """
      import os, pty, select, signal, sys, termios, time
      pid, terminal = pty.fork()
      if pid == 0: os.execv(sys.argv[1], sys.argv[1].split("/")[-1:] + ["boards", "console"])
      before = termios.tcgetattr(terminal)
      seen = b""
      end = time.monotonic() + 20
      while b">>> " not in seen:
          assert select.select([terminal], [], [], end - time.monotonic())[0], seen
          seen += os.read(terminal, 65536)
      while select.select([terminal], [], [], 1)[0]: seen += os.read(terminal, 65536)
      os.kill(pid, int(sys.argv[2]))
      status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
      print(status, termios.tcgetattr(terminal) == before, seen.count(b"MicroPython"))
      """

    @Test(
      "a signal that ended boards console left the terminal raw; the banner was shown twice",
      arguments: [SIGTERM, SIGINT, SIGHUP])
    func consoleLeftRaw(_ signal: Int32) async throws {
      let python = try #require(Repository.python)
      let child = try await RunningChild.run(
        python, ["-c", Self.killer, try #require(Tool.path), "\(signal)"], in: folder.url)
      #expect(child.output == "130 True 1\n", "\(child.everything)")
    }

    @Test("a board that was lost while it was attached ended the run, whatever --board-wait said")
    func lostWhileAttached() async throws {
      // It says nothing, and leaves.
      var silent = try PseudoTerminal(on: .shared)
      let link = folder.path + "/device"
      let manager = FileManager.default
      try manager.createSymbolicLink(atPath: link, withDestinationPath: silent.path)
      let tool = try await Tool.start(
        [
          "run", "--report", "r", "--only", "1.text-1", "--deliveries", "whole", "--board", "tty:\(link)",
          "--board-wait", "90",
        ], in: folder)
      let typed = try await silent.controller.read(deadline: .after(.seconds(60)))
      #expect(!typed.isEmpty)
      try manager.removeItem(atPath: link)
      silent.close()
      let board = try await Tool.start(["boards", "--simulate"], in: folder)
      let line = try await board.line(containing: "simulated board on ")
      let path = String(try #require(line.split(separator: " ").last))
      try manager.createSymbolicLink(atPath: link, withDestinationPath: path)
      let child = try await tool.finish(within: .seconds(200))
      #expect(child.status == 0, "\(child.everything)")
      let results = try await Results.read(folder, "r")
      let kinds = results.boardEvents.map { $0.kind + ($0.succeeded ? "" : "!") }
      #expect(
        kinds.starts(with: ["attach!", "attach!", "quarantine", "comeBack", "attach"]), "\(child.everything)")
      board.signal(SIGINT)
      _ = try await board.finish()
    }

    @Test("a board on a terminal that stays at a reset could not be reset: its banner shows that it was")
    func resetOnLineThatStays() async throws {
      let board = try await Tool.start(["boards", "--simulate"], in: folder)
      let line = try await board.line(containing: "simulated board on ")
      let path = String(try #require(line.split(separator: " ").last))
      let child = try await Tool.run(
        ["run", "--report", "r", "--only", "1.binary-1", "--deliveries", "whole", "--board", "tty:\(path)"]
          + ["--isolation", "hard-reset"], in: folder)
      #expect(child.status == 0, "\(child.everything)")
      let results = try await Results.read(folder, "r")
      let events = results.boardEvents + results.cases.flatMap(\.boardEvents)
      #expect(!events.contains { !$0.succeeded }, "\(child.everything)")
      #expect(results.cases.map(\.isolation) == ["hard reset"])
      board.signal(SIGINT)
      _ = try await board.finish()
    }

    @Test("mpremote and a run both use a simulated board that is kept running")
    func simulate() async throws {
      let temporary = folder.path + "/temporary"
      try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: false)
      let board = try await Tool.start(
        ["boards", "--simulate"], in: folder, environment: ["TMPDIR": temporary])
      let line = try await board.line(containing: "simulated board on ")
      let path = String(try #require(line.split(separator: " ").last))
      let mpremote = try #require(Repository.program("mpremote"))
      let child = try await RunningChild.run(
        mpremote, ["connect", path, "exec", "import os; print(os.uname().machine, 6 * 7)"],
        within: .seconds(120))
      #expect(child.output.contains("Pico 2 W") && child.output.contains(" 42"), "\(child.everything)")
      let run = try await Tool.run(["run", "--board", "tty:\(path)", "--only", "1.text-1"], in: folder)
      #expect(run.status == 0, "\(run.everything)")
      // It counted as hardware: simulatedBehindTerminal.
      #expect(try folder.text("reports/latest/results.json").contains("\"kind\" : \"simulated\""))
      #expect(run.output.contains("simulated board (") && run.output.contains(" on tty:"), "\(run.output)")
      board.signal(SIGINT)
      let end = try await board.finish()
      #expect(end.status == 0 && end.errors.isEmpty, "\(end.everything)")
      // It left the image of its flash behind.
      #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty)
    }

    @Test(
      "a run reaches a board behind ser2net, as plain bytes and with control of the line",
      .enabled(if: Ser2net.program != nil, "no ser2net: run ./scripts/setup --tests"),
      arguments: ["tcp", "rfc2217"])
    func behindServer(scheme: String) async throws {
      let board = try await Tool.start(["boards", "--simulate"], in: folder)
      let line = try await board.line(containing: "simulated board on ")
      let path = String(try #require(line.split(separator: " ").last))
      let (server, port) = try await Ser2net.serve(path, controlsLine: scheme == "rfc2217")
      let name = "\(scheme):127.0.0.1:\(port)"
      let run = try await Tool.run(["run", "--board", name, "--only", "1.text-1"], in: folder)
      #expect(run.status == 0 && run.output.contains("on \(name)"), "\(run.everything)")
      server.kill()
      board.signal(SIGINT)
      _ = try await board.finish()
    }

    @Test(
      "a board on USB that is not there is missing, and a server that is not there too",
      arguments: [
        ("usb:no-such-board", "no USB device has the serial number or position no-such-board"),
        ("tcp:127.0.0.1:1", "nothing listens there"), ("rfc2217:127.0.0.1:1", "nothing listens there"),
      ])
    func missing(name: String, reason: String) async throws {
      let run = try await Tool.run(["run", "--board", name, "--only", "1.text-1"], in: folder)
      expectComplaint(run, status: 3, ["board \(name)", reason], lines: 1...3)
    }
  }
}
