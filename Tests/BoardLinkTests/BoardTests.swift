import BoardLink
import Foundation
import PosixIO
import RawREPL
import TestSupport
import Testing

@Suite(
  "Board and simulated link, with the real interpreter", .serialized,
  .enabled(if: SimulatedBoardSupport.hasInterpreter, SimulatedBoardSupport.skipReason),
  .timeLimit(.minutes(2)))
struct BoardTests {
  @Test("an attached board says who it is, and that it is simulated")
  func identity() async throws {
    try await SimulatedBench.run { bench in
      let identity = try #require(await bench.board.identity)
      #expect(identity.implementation == "MicroPython")
      #expect(identity.machine.contains("simulated"))
      #expect(identity.uniqueID == "53494d0000000001")
      #expect(identity.freeHeapBytes > 100_000)
    }
  }

  @Test("output, with line ends as a board sends them")
  func output() async throws {
    try await SimulatedBench.run { bench in
      let output = try await bench.run("print('a')\nprint('b\\nc')")
      #expect(output.standardOutput == [UInt8]("a\r\nb\r\nc\r\n".utf8))
      #expect(output.traceback == nil)
    }
  }

  @Test(
    "a source text of every critical size runs whole",
    arguments: [0, 1, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, 20 * 1024])
  func sourceSizes(_ size: Int) async throws {
    try await SimulatedBench.run { bench in
      let end = "print('end')"
      let hasRoom = size > end.count
      let filler = String(repeating: "# 4567\n", count: 3000).prefix(max(0, size - end.count - 1))
      let source = hasRoom ? filler + "\n" + end : String(repeating: "1", count: size)
      #expect(source.utf8.count == size)
      let output = try await bench.run(source)
      #expect(output.traceback == nil)
      #expect(output.text == (hasRoom ? "end\n" : ""))
    }
  }

  @Test("an exception is a value with type, message and frames")
  func exceptions() async throws {
    try await SimulatedBench.run { bench in
      let output = try await bench.run("def f(n):\n  return 1 // n\nprint('before')\nf(0)")
      #expect(output.text == "before\n")
      let traceback = try #require(output.traceback)
      #expect(traceback.type == "ZeroDivisionError")
      #expect(traceback.frames.map(\.function) == ["<module>", "f"])
      #expect(traceback.frames.map(\.line) == [4, 2])
    }
  }

  @Test("a syntax error ends a long source early, and the next execution works")
  func syntaxError() async throws {
    try await SimulatedBench.run { bench in
      let output = try await bench.run("def f(:\n" + String(repeating: "# more\n", count: 1000))
      #expect(output.traceback?.type == "SyntaxError")
      #expect(try await bench.run("print(1)").text == "1\n")
    }
  }

  @Test("a program that does not end is interrupted at the deadline and still hands over its output")
  func interruptAtDeadline() async throws {
    try await SimulatedBench.run { bench in
      let source = "try:\n  while True: pass\nfinally:\n  print('dumped')"
      let output = try await bench.board.execute(source, deadline: .after(.milliseconds(150)))
      #expect(output.wasInterrupted)
      #expect(output.text == "dumped\n")
      #expect(output.traceback?.type == "KeyboardInterrupt")
      #expect(try await bench.run("print(1)").text == "1\n")
    }
  }

  @Test("a program that prints without end is interrupted at the deadline all the same")
  func chattyAtDeadline() async throws {
    try await SimulatedBench.run { bench in
      let start = MonotonicInstant.now()
      let output = try await bench.board.execute(
        "while True: print('chatty')", deadline: .after(.milliseconds(200)))
      #expect(output.wasInterrupted)
      #expect(MonotonicInstant.now() - start < .seconds(5))
      #expect(try await bench.run("print(1)").text == "1\n")
    }
  }

  @Test(
    "an interrupt from another task ends every kind of wait",
    arguments: [
      "while True: pass", "import time\ntime.sleep(60)", "import select\nselect.poll().poll(60000)",
      "import asyncio\nasync def f(): await asyncio.sleep(60)\nasyncio.run(f())",
    ])
  func interruptFromOutside(_ source: String) async throws {
    try await SimulatedBench.run { bench in
      let board = bench.board
      let started = AsyncStream<Void>.makeStream()
      async let output = board.execute("print('in')\n" + source, deadline: SimulatedBoardSupport.soon) { _ in
        started.continuation.yield()
      }
      for await _ in started.stream { break }
      try await board.interrupt()
      let ended = try await output
      #expect(ended.traceback?.type == "KeyboardInterrupt", "\(ended.traceback as Any)")
      #expect(try await bench.run("print(1)").text == "1\n")
    }
  }

  @Test("output arrives while the program runs, foreign text and all bytes but 0x04 included")
  func followedOutput() async throws {
    try await SimulatedBench.run { bench in
      let pieces = LockedBytes()
      let source = """
        import sys
        print('[CYW43] not ours')
        sys.stdout.buffer.write(bytes(b for b in range(256) if b not in (4, 10, 13)))
        for i in range(200): print('record', i)
        """
      let output = try await bench.board.execute(source, deadline: SimulatedBoardSupport.soon) {
        pieces.append($0)
      }
      #expect(pieces.value == output.standardOutput)
      #expect(output.text.hasPrefix("[CYW43] not ours\n"))
      #expect(output.text.hasSuffix("record 199\n"))
      let special = [UInt8](UInt8.min...UInt8.max).filter { ![4, 10, 13].contains($0) }
      #expect(output.standardOutput.dropFirst(18).prefix(special.count).elementsEqual(special))
    }
  }

  @Test("a soft reset gives a new heap in the same raw REPL")
  func softReset() async throws {
    try await SimulatedBench.run { bench in
      _ = try await bench.run("left_over = 1")
      try await bench.board.softReset()
      let output = try await bench.run("print('left_over' in globals())")
      #expect(output.text == "False\n")
    }
  }

  @Test("sys.exit() in a program is a soft reset, after which the raw prompt is back")
  func exitResets() async throws {
    try await SimulatedBench.run { bench in
      let output = try await bench.run("import sys\nprint('bye')\nsys.exit()")
      #expect(output.didSoftReset)
      #expect(output.text == "bye\n")
      #expect(try await bench.run("print(1)").text == "1\n")
    }
  }

  @Test("modules are imported from RAM, in packages too, and their texts can be dropped")
  func modules() async throws {
    try await SimulatedBench.run { bench in
      let ramfs = try String(
        contentsOf: Repository.fixtures.appending(path: "board/ramfs.py"), encoding: .utf8)
      let long = "# " + String(repeating: "ö\u{1}\u{4}", count: 3000) + "\nvalue = 7\n"
      let modules = [
        BoardModule(name: "one.py", bytes: [UInt8](long.utf8)),
        BoardModule(name: "package/__init__.py", bytes: [UInt8]("from .two import name\n".utf8)),
        BoardModule(name: "package/two.py", bytes: [UInt8]("name = __name__\n".utf8)),
      ]
      #expect(try await bench.board.loadModules(modules, fileSystem: ramfs) == nil)
      #expect(await bench.board.state == .agentLoaded)
      let output = try await bench.run("import one, package\nprint(one.value, package.name)")
      #expect(output.text == "7 package.two\n")
      #expect(output.traceback == nil)
      try await bench.board.dropModules()
      let after = try await bench.run(
        "import sys, os\nprint(one.value, '/wsrig' in sys.path, 'wsrig' in os.listdir('/'))\nimport nothing_there"
      )
      #expect(after.text == "7 False False\n")
      #expect(after.traceback?.type == "ImportError")
    }
  }

  @Test("the serial log holds both directions, and a case's part can be cut out")
  func serialLog() async throws {
    let path = NSTemporaryDirectory() + "wsrig-serial-\(UUID().uuidString).log"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let log = try SerialLog(path: path)
    try await SimulatedBench.run(log: log) { bench in
      let position = log.position
      _ = try await bench.run("print('for the log')")
      let excerpt = log.excerpt(since: position)
      #expect(excerpt.contains(" > b'print(\\'for the log\\')\\x04'"))
      #expect(excerpt.contains(" < b'\\x04"))
      #expect(!excerpt.contains("raw REPL"))
    }
  }
}
