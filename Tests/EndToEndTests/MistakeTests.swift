import Foundation
import PosixIO
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("Mistakes of the user: one sentence, the documented status")
  struct MistakeTests {
    private let folder: TemporaryFolder
    private static let quick = ["run", "--only", "0.status-404"]

    init() throws { folder = try TemporaryFolder() }

    @Test("an unknown case is told with the nearest ones")
    func unknownCase() async throws {
      let child = try await Tool.run(["run", "--only", "7.code-10000"], in: folder)
      expectComplaint(child, status: 2, ["\"7.code-10000\"", "did you mean 7.code-1000", "--list"])
      #expect(!folder.has("reports"))
    }

    @Test("an unknown tag, delivery or board")
    func unknownChoices() async throws {
      let tag = try await Tool.run(["run", "--tag", "utf7"], in: folder)
      expectComplaint(tag, status: 2, ["No scenario has the tag \"utf7\"", "utf8"])
      let delivery = try await Tool.run(["run", "--deliveries", "bytwise"], in: folder)
      expectComplaint(delivery, status: 2, ["did you mean bytewise"])
      let board = try await Tool.run(Self.quick + ["--board", "pico"], in: folder)
      expectComplaint(board, status: 2, ["pico", "sim", "tty:"])
    }

    @Test("an unknown option and a bad value are usage errors")
    func usage() async throws {
      let option = try await Tool.run(["run", "--boord", "sim"], in: folder)
      expectComplaint(option, status: 2, ["--boord"], lines: 1...6)
      let value = try await Tool.run(["run", "--port", "many"], in: folder)
      expectComplaint(value, status: 2, ["--port", "many"], lines: 1...8)
      let file = try await Tool.run(["replay"], in: folder)
      expectComplaint(file, status: 2, ["file"], lines: 1...10)
    }

    @Test("an empty host was told as a name that cannot be looked up, without the name")
    func emptyHost() async throws {
      let child = try await Tool.run(Self.quick + ["--host", ""], in: folder)
      expectComplaint(child, status: 2, ["--host is empty"], lines: 1...8)
      try folder.write("client = \"nope.py\"\n", to: "wsrig.toml")
      let client = try await Tool.run(Self.quick, in: folder)
      expectComplaint(client, status: 2, ["nope.py", "check client in wsrig.toml"])
      try folder.write("[server]\nhost = \"192.0.2.1\"\n", to: "wsrig.toml")
      let host = try await Tool.run(Self.quick, in: folder)
      expectComplaint(host, status: 2, ["192.0.2.1", "server.host in wsrig.toml"])
    }

    @Test("a number below the range is told with the range, not as missing")
    func negative() async throws {
      let times = try await Tool.run(["run", "--repeat-failed", "-1"], in: folder)
      expectComplaint(times, status: 2, ["--repeat-failed is -1", "from 0 to 255"], lines: 1...8)
      let gap = try await Tool.run(["run", "--limit-gap", "-3"], in: folder)
      expectComplaint(gap, status: 2, ["--limit-gap is -3", "from 0"], lines: 1...8)
      let block = try await Tool.run(["run", "--limit-block", "500"], in: folder)
      expectComplaint(block, status: 2, ["--limit-block is 500", "from 0 to 100"], lines: 1...8)
    }

    @Test(
      "what Autobahn's servers and drivers make no use of was taken: no time, no name, options of the echo server"
    )
    func uselessForAutobahn() async throws {
      let url = "ws://127.0.0.1:9"
      let time = try await Tool.run(["autobahn", url, "--case-time", "0"], in: folder)
      expectComplaint(time, status: 2, ["--case-time", "more than 0"], lines: 1...8)
      let agent = try await Tool.run(["autobahn", url, "--agent", ""], in: folder)
      expectComplaint(agent, status: 2, ["--agent", "empty"], lines: 1...8)
      for option in [["--no-compression"], ["--max-message", "1K"]] {
        let serve = try await Tool.run(["serve", "--autobahn", "--port", "0"] + option, in: folder)
        expectComplaint(serve, status: 2, [option[0], "do not go with --autobahn"], lines: 1...8)
      }
      #expect(!folder.has("reports"))
    }

    @Test("a file to be written in a folder that is missing: the folder is named")
    func missingFolder() async throws {
      let child = try await Tool.run(["export", "7.code-1000", "--output", "nix/x.json"], in: folder)
      expectComplaint(child, status: 2, ["nix/x.json", "the folder 'nix' does not exist", "--output"])
    }

    @Test(
      "mutants ran for hours before a file was found that cannot be written",
      arguments: ["--json", "--table"])
    func filesOfMutants(_ option: String) async throws {
      let words = ["mutants", "--only", "accept-any-counts", "--cases", "0.accept-empty", "--matrix"]
      let missing = try await Tool.run(words + [option, "nix/x"], in: folder)
      expectComplaint(missing, status: 2, ["'nix/x'", "the folder 'nix' does not exist", option])
      #expect(missing.output.isEmpty, "\(missing.everything)")
      let itself = try await Tool.run(words + [option, "."], in: folder)
      expectComplaint(itself, status: 2, ["it is a folder", option])
      let empty = try await Tool.run(words + [option, ""], in: folder)
      expectComplaint(empty, status: 2, [option, "empty"])
    }

    @Test(
      "a pattern where one id is wanted, and deliveries that stand alone", arguments: ["explain", "export"])
    func pattern(_ command: String) async throws {
      let child = try await Tool.run([command, "7.code-100*"], in: folder)
      expectComplaint(
        child, status: 2, ["the id of one case", "\"7.code-100*\" is a pattern", "7.code-1000"])
      let list = try await Tool.run(["run", "--list", "--deliveries", "whole,all"], in: folder)
      expectComplaint(list, status: 2, ["default and all stand alone"])
    }

    @Test("a missing interpreter")
    func interpreter() async throws {
      let child = try await Tool.run(Self.quick + ["--micropython", "/no/such/micropython"], in: folder)
      expectComplaint(child, status: 2, ["/no/such/micropython", "--micropython"])
    }

    @Test("a program that is no MicroPython")
    func wrongInterpreter() async throws {
      let child = try await Tool.run(Self.quick + ["--micropython", "/bin/true"], in: folder)
      #expect([2, 3].contains(child.status), "\(child.everything)")
      expectComplaint(child, status: child.status ?? -1, ["board"])
      #expect(child.errors.ranges(of: "before its prompt").count == 1, "\(child.everything)")
    }

    @Test(
      "a port in use", arguments: [["run", "--only", "0.status-404"], ["serve", "--host", "127.0.0.1"]])
    func port(_ command: [String]) async throws {
      let loop = try EventLoop(name: "holder").start()
      defer { loop.stop() }
      let held = try await loop.perform {
        let listener = try TCPListener.listenOnAll(on: loop, [.loopbackV4(port: 0)]) { _, _ in }
        return HeldPort(listeners: listener)
      }
      let child = try await Tool.run(command + ["--port", "\(held.port)"], in: folder)
      expectComplaint(child, status: 2, ["127.0.0.1:\(held.port)", "another process already uses this port"])
      try await loop.perform { held.close() }
    }

    @Test("a report folder that cannot be written")
    func reports() async throws {
      try folder.write("a file", to: "reports")
      let child = try await Tool.run(Self.quick, in: folder)
      expectComplaint(child, status: 2, ["/reports' is no folder", "--report"])
      let proc = try await Tool.run(Self.quick + ["--report", "/proc/wsrig"], in: folder)
      expectComplaint(
        proc, status: 2, ["Cannot make the folder '/proc/wsrig': nothing can be made in '/proc'", "--report"])
    }

    @Test("a broken adapter is told with its traceback")
    func adapter() async throws {
      let raises = try folder.write("import nothing_like_it\n", to: "raises.py")
      let child = try await Tool.run(Self.quick + ["--adapter", raises], in: folder)
      expectComplaint(
        child, status: 2, ["ImportError", "nothing_like_it", "Traceback", "raises.py"], lines: 2...12)
      let kind = try folder.write("KIND = 'threads'\nFEATURES = ()\n", to: "kind.py")
      let wrong = try await Tool.run(Self.quick + ["--adapter", kind], in: folder)
      expectComplaint(wrong, status: 2, ["KIND", "kind.py"], lines: 1...12)
      let unknown = try await Tool.run(Self.quick + ["--adapter", "asyncws"], in: folder)
      expectComplaint(unknown, status: 2, ["no built-in adapter 'asyncws'", "async_websocketclient"])
    }

    @Test("a client with a syntax error is told with its traceback")
    func syntax() async throws {
      let client = try folder.write("class AsyncWebsocketClient\n    pass\n", to: "client.py")
      let child = try await Tool.run(Self.quick + ["--client", client], in: folder)
      expectComplaint(child, status: 2, ["SyntaxError", "client.py", "line 1"], lines: 2...12)
      let missing = try await Tool.run(Self.quick + ["--client", "none.py"], in: folder)
      expectComplaint(missing, status: 2, ["none.py", "--client"])
    }

    @Test("a client that does not fit the heap")
    func heap() async throws {
      let rows = (0..<12_000).map { "    'key number \($0)': 'value number \($0)'," }
      let client = try folder.write("TABLE = {\n" + rows.joined(separator: "\n") + "\n}\n", to: "client.py")
      let child = try await Tool.run(Self.quick + ["--client", client], in: folder)
      expectComplaint(child, status: 2, ["MemoryError", "client.py"], lines: 1...12)
      let small = try await Tool.run(Self.quick + ["--sim-heap", "64K"], in: folder)
      expectComplaint(small, status: 2, ["MemoryError"], lines: 1...12)
      let tiny = try await Tool.run(Self.quick + ["--sim-heap", "1"], in: folder)
      expectComplaint(tiny, status: 2, ["--sim-heap", "64K"], lines: 1...6)
    }

    @Test("a scenario file with a typo: the file, where in it, and what is allowed")
    func scenarioFile() async throws {
      let client = try #require(Tool.publishedClient)
      _ = try await Tool.run(["run", "--client", client, "--only", "5.text-two"], in: folder)
      let text = try folder.text("reports/latest/cases/5.text-two/scenario.json")
      #expect(text.contains("\"sendFrame\""))
      try folder.write(text.replacing("\"sendFrame\"", with: "\"sendFrme\""), to: "typo.json")
      let child = try await Tool.run(["replay", "typo.json"], in: folder)
      expectComplaint(
        child, status: 2, ["typo.json", "server", "sendFrme", "allowed here", "did you mean sendFrame"])
      try folder.write(String(text.dropLast(20)), to: "cut.json")
      expectComplaint(try await Tool.run(["replay", "cut.json"], in: folder), status: 2, ["cut.json"])
      let missing = try await Tool.run(["replay", "none.json"], in: folder)
      expectComplaint(missing, status: 2, ["none.json"])
    }

    @Test("a board that is not there is exit 3, never replaced by the simulated one")
    func missingBoard() async throws {
      let child = try await Tool.run(Self.quick + ["--board", "tty:/nonexistent"], in: folder)
      expectComplaint(child, status: 3, ["tty:/nonexistent"])
      let noBoard = try await Tool.run(Self.quick + ["--board", "tty:/dev/null"], in: folder)
      expectComplaint(noBoard, status: 3, ["tty:/dev/null"])
    }
  }
}

/// A port that the test holds. `@unchecked Sendable`: made, used and closed on its loop.
private final class HeldPort: @unchecked Sendable {
  private let listeners: [TCPListener]
  let port: UInt16

  init(listeners: [TCPListener]) {
    self.listeners = listeners
    port = listeners[0].address.port
  }

  func close() { for listener in listeners { listener.close() } }
}
