import BoardLink
import Foundation
import PosixIO
import RawREPL
import TestSupport
import Testing

@Suite(
  "Boards on this computer, with the real interpreters", .serialized,
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
      #expect(identity.modules?.contains("asyncio") == true && identity.modules?.contains("socket") == true)
      #expect(
        identity.tlsLibrary?.contains("TLS") == true && identity.platform != nil && identity.isSimulated)
      #expect(try await bench.run("import sys\nprint('asyncio' in sys.modules)").text == "False\n")
    }
  }

  @Test("CPython in the place of a board says so")
  func pythonIdentity() async throws {
    try await PythonBench.run(PythonBench()) { bench in
      let identity = try #require(await bench.board.identity)
      #expect(identity.implementation == "CPython")
      #expect(identity.machine == "CPython on this computer")
      #expect(identity.version.hasPrefix("3."))
      #expect(identity.uniqueID.isEmpty)
      #expect(identity.freeHeapBytes > 1_000_000)
    }
  }

  @Test("what a secret program says and hears is in no log, what comes after it is")
  func secret() async throws {
    let folder = try TemporaryFolder()
    let log = try SerialLog(path: folder.path + "/serial.log")
    try await SimulatedBench.run(SimulatedBench(log: log)) { bench in
      let output = try await bench.board.execute(
        "print('hush'*3)", deadline: SimulatedBoardSupport.soon, isSecret: true)
      #expect(output.text == "hushhushhush\n")
      let endless = try await bench.board.execute(
        "while True:print('hush')", deadline: .after(.milliseconds(100)), isSecret: true)
      #expect(endless.wasInterrupted)
      _ = try await bench.run("print('aloud')")
    }
    let text = try folder.text("serial.log")
    #expect(!text.contains("hush") && text.contains("aloud") && text.contains("bytes that are not shown"))
  }

  @Test(
    "the board ended a secret source early, whose rest came back as an echo: the passphrase stood in serial.log",
    arguments: ["\u{4}\u{2}", "\u{4}", "')\u{4}\u{2}"])
  func passphraseInSerialLog(_ inserted: String) async throws {
    let folder = try TemporaryFolder()
    let log = try SerialLog(path: folder.path + "/serial.log")
    let fault = LinkFault(
      .pattern(.toBoard, [UInt8]("MyNet".utf8)),
      .replace(.toBoard, skip: 0, count: 0, with: [UInt8](inserted.utf8)))
    let bench = try LocalBench(log: log) { loop in
      let link = try SimulatedBoardLink(
        try SimulatedBoardSupport.configuration(), on: loop, logger: SimulatedBoardSupport.logger)
      return FaultyLink(link, faults: [fault], on: loop, log: log)
    }
    try await LocalBench.run(bench) { bench in
      do {
        _ = try await bench.board.execute(
          "print('MyNet','hush')", deadline: .after(.seconds(2)), isSecret: true)
        _ = try await bench.run("print('aloud')")
      } catch let failure as BoardFailure {
        #expect(!"\(failure)".contains("hush"))
        try await bench.board.recover(from: failure)
        _ = try await bench.run("print('aloud')")
      }
      #expect(await bench.link.happened().count == 1)
    }
    let text = try folder.text("serial.log")
    #expect(!text.contains("hush") && text.contains("aloud"), "\(text)")
  }

  @Test("output, with line ends as a board sends them", arguments: LocalBoard.allCases)
  func output(_ local: LocalBoard) async throws {
    try await local.run { board in
      let output = try await board.run("print('a')\nprint('b\\nc')")
      #expect(output.standardOutput == [UInt8]("a\r\nb\r\nc\r\n".utf8))
      #expect(output.traceback == nil)
    }
  }

  @Test(
    "a source text of every critical size runs whole",
    arguments: LocalBoard.allCases,
    [0, 1, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, 20 * 1024])
  func sourceSizes(_ local: LocalBoard, _ size: Int) async throws {
    try await local.run { board in
      let end = "print('end')"
      let hasRoom = size > end.count
      let filler = String(repeating: "# 4567\n", count: 3000).prefix(max(0, size - end.count - 1))
      let source = hasRoom ? filler + "\n" + end : String(repeating: "1", count: size)
      #expect(source.utf8.count == size)
      let output = try await board.run(source)
      #expect(output.traceback == nil)
      #expect(output.text == (hasRoom ? "end\n" : ""))
    }
  }

  @Test(
    "what is typed behind a soft reset is for the interpreter that comes up: looking for a prompt does that to a raw one",
    arguments: LocalBoard.allCases)
  func typedBehindReset(_ local: LocalBoard) async throws {
    try await local.run { board in
      for _ in 0..<5 {
        try await board.link.write([0x04, 0x03, 0x03, 0x02], deadline: SimulatedBoardSupport.soon)
        let reset = try await board.seen(until: ">>> ")
        #expect(reset.hasPrefix("OK\r\n") && reset.contains("MPY: soft reboot\r\n"), "\(reset)")
        try await board.link.write([0x01], deadline: SimulatedBoardSupport.soon)
        _ = try await board.seen(until: "raw REPL; CTRL-B to exit\r\n>")
      }
      #expect(try await board.run("print(1)").text == "1\n")
    }
  }

  @Test("what is typed behind a change of the prompt is kept", arguments: LocalBoard.allCases)
  func typedBehindPrompt(_ local: LocalBoard) async throws {
    try await local.run { board in
      for _ in 0..<5 {
        let typed = [0x02, 0x01] + [UInt8]("print(6*7)".utf8) + [0x04]
        try await board.link.write(typed, deadline: SimulatedBoardSupport.soon)
        _ = try await board.seen(until: "OK42\r\n\u{4}\u{4}>")
      }
      #expect(try await board.run("print(1)").text == "1\n")
    }
  }

  @Test("a link to CPython is open when its prompt is there")
  func pythonPrompt() async throws {
    let bench = try PythonBench()
    try await bench.link.open(deadline: SimulatedBoardSupport.soon)
    let printed = try await bench.link.read(deadline: .after(.zero))
    #expect(String(decoding: printed, as: UTF8.self).hasSuffix("\r\n>>> "))
    await bench.finish()
  }

  @Test("an exception is a value with type, message and frames", arguments: LocalBoard.allCases)
  func exceptions(_ local: LocalBoard) async throws {
    try await local.run { board in
      let output = try await board.run("def f(n):\n  return 1 // n\nprint('before')\nf(0)")
      #expect(output.text == "before\n")
      let traceback = try #require(output.traceback)
      #expect(traceback.type == "ZeroDivisionError")
      #expect(traceback.frames.map(\.function) == ["<module>", "f"])
      #expect(traceback.frames.map(\.line) == [4, 2])
    }
  }

  @Test(
    "a syntax error ends a long source early, and the next execution works", arguments: LocalBoard.allCases)
  func syntaxError(_ local: LocalBoard) async throws {
    try await local.run { board in
      let output = try await board.run("def f(:\n" + String(repeating: "# more\n", count: 1000))
      #expect(output.traceback?.type == "SyntaxError")
      #expect(try await board.run("print(1)").text == "1\n")
    }
  }

  @Test(
    "a program that does not end is interrupted at the deadline and still hands over its output",
    arguments: LocalBoard.allCases)
  func interruptAtDeadline(_ local: LocalBoard) async throws {
    try await local.run { board in
      // CPython finds no `finally` for an exception at the jump back to the loop's beginning, so that the call takes nearly all of the time.
      let source = "try:\n  while True: sum(range(20000))\nfinally:\n  print('dumped')"
      // Long enough that the program has begun on a busy computer too.
      let output = try await board.execute(source, deadline: .after(.seconds(1)))
      #expect(output.wasInterrupted)
      #expect(output.text == "dumped\n")
      #expect(output.traceback?.type == "KeyboardInterrupt")
      #expect(try await board.run("print(1)").text == "1\n")
    }
  }

  @Test(
    "a program that prints without end is interrupted at the deadline all the same",
    arguments: LocalBoard.allCases)
  func chattyAtDeadline(_ local: LocalBoard) async throws {
    try await local.run { board in
      let start = MonotonicInstant.now()
      let output = try await board.execute(
        "while True: print('chatty')", deadline: .after(.milliseconds(200)))
      #expect(output.wasInterrupted)
      #expect(MonotonicInstant.now() - start < .seconds(5))
      #expect(try await board.run("print(1)").text == "1\n")
    }
  }

  @Test(
    "an interrupt from another task ends every kind of wait",
    arguments: LocalBoard.allCases,
    [
      "while True: pass", "import time\ntime.sleep(60)", "import select\nselect.poll().poll(60000)",
      "import asyncio\nasync def f(): await asyncio.sleep(60)\nasyncio.run(f())",
    ])
  func interruptFromOutside(_ local: LocalBoard, _ source: String) async throws {
    try await local.run { board in
      let started = AsyncStream<Void>.makeStream()
      async let output = board.execute("print('in')\n" + source, deadline: SimulatedBoardSupport.soon) { _ in
        started.continuation.yield()
      }
      for await _ in started.stream { break }
      try await board.interrupt()
      let ended = try await output
      #expect(ended.traceback?.type == "KeyboardInterrupt", "\(ended.traceback as Any)")
      #expect(try await board.run("print(1)").text == "1\n")
    }
  }

  @Test(
    "output arrives while the program runs, foreign text and all bytes but 0x04 included",
    arguments: LocalBoard.allCases)
  func followedOutput(_ local: LocalBoard) async throws {
    try await local.run { board in
      let pieces = LockedBytes()
      let source = """
        import sys
        print('[CYW43] not ours')
        sys.stdout.buffer.write(bytes(b for b in range(256) if b not in (4, 10, 13)))
        for i in range(200): print('record', i)
        """
      let output = try await board.execute(source, deadline: SimulatedBoardSupport.soon) {
        pieces.append($0)
      }
      #expect(pieces.value == output.standardOutput)
      #expect(output.text.hasPrefix("[CYW43] not ours\n"))
      #expect(output.text.hasSuffix("record 199\n"))
      let special = [UInt8](UInt8.min...UInt8.max).filter { ![4, 10, 13].contains($0) }
      #expect(output.standardOutput.dropFirst(18).prefix(special.count).elementsEqual(special))
    }
  }

  @Test("a soft reset gives a new heap in the same raw REPL", arguments: LocalBoard.allCases)
  func softReset(_ local: LocalBoard) async throws {
    try await local.run { board in
      _ = try await board.run("left_over = 1")
      try await board.softReset()
      let output = try await board.run("print('left_over' in globals())")
      #expect(output.text == "False\n")
    }
  }

  @Test(
    "sys.exit() in a program is a soft reset, after which the raw prompt is back",
    arguments: LocalBoard.allCases)
  func exitResets(_ local: LocalBoard) async throws {
    try await local.run { board in
      let output = try await board.run("import sys\nprint('bye')\nsys.exit()")
      #expect(output.didSoftReset)
      #expect(output.text == "bye\n")
      #expect(try await board.run("print(1)").text == "1\n")
    }
  }

  @Test(
    "modules are imported from RAM, in packages too, and their texts can be dropped",
    arguments: LocalBoard.allCases)
  func modules(_ local: LocalBoard) async throws {
    try await local.run { board in
      let ramfs = try String(
        contentsOf: Repository.fixtures.appending(path: "board/ramfs.py"), encoding: .utf8)
      let long = "# " + String(repeating: "ö\u{1}\u{4}", count: 3000) + "\nvalue = 7\n"
      let modules = [
        BoardModule(name: "one.py", bytes: [UInt8](long.utf8)),
        BoardModule(name: "package/__init__.py", bytes: [UInt8]("from .two import name\n".utf8)),
        BoardModule(name: "package/two.py", bytes: [UInt8]("name = __name__\n".utf8)),
      ]
      #expect(try await board.mountFileSystem(ramfs) == nil)
      #expect(try await board.put(modules) == nil)
      #expect(await board.state == .agentLoaded)
      let output = try await board.run("import one, package\nprint(one.value, package.name)")
      #expect(output.text == "7 package.two\n")
      #expect(output.traceback == nil)
      try await board.unmountFileSystem()
      let after = try await board.run(
        "import sys, os\nprint(one.value, '/wsrig' in sys.path, 'wsrig' in os.listdir('/'))\ntry:\n  import nothing_there\nexcept ImportError:\n  print('gone')"
      )
      #expect(after.text == "7 False False\ngone\n")
      #expect(after.traceback == nil)
    }
  }

  @Test(
    "a packed module is unpacked while it is imported, where the firmware can do that",
    arguments: LocalBoard.allCases)
  func packedModules(_ local: LocalBoard) async throws {
    try await local.run { board in
      let ramfs = try String(
        contentsOf: Repository.fixtures.appending(path: "board/ramfs.py"), encoding: .utf8)
      // `way = 'packed'` and ten thousand bytes of comment, by Python's zlib.
      let packed = try #require(
        Data(base64Encoded: "7cahDQAhEAAwzxSXIJiCYQigMDjy279gCpKq9rQvapTd+pqjpBx3AAAAAAAAAAAAAAAAAAAAb5F+"))
      let module = BoardModule(
        name: "one.py", bytes: [UInt8]("way = 'plain'\n".utf8), packed: [UInt8](packed))
      #expect(try await board.mountFileSystem(ramfs) == nil)
      #expect(try await board.put([module]) == nil)
      let output = try await board.run("import one\nprint(one.way)")
      #expect(output.text == (local == .simulated ? "packed\n" : "plain\n"))
    }
  }

  @Test(
    "the serial log holds both directions, and a case's part can be cut out", arguments: LocalBoard.allCases)
  func serialLog(_ local: LocalBoard) async throws {
    let path = NSTemporaryDirectory() + "wsrig-serial-\(UUID().uuidString).log"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let log = try SerialLog(path: path)
    try await local.run(log: log) { board in
      let position = log.position
      _ = try await board.run("print('for the log')")
      let excerpt = log.excerpt(since: position)
      #expect(excerpt.contains(" > b'print(\\'for the log\\')\\x04'"))
      #expect(excerpt.contains(" < b'\\x04"))
      #expect(!excerpt.contains("raw REPL"))
    }
  }
}

@Suite(
  "CPython in the place of a board", .serialized,
  .enabled(if: Repository.hasPython, "\(Repository.pythonIsMissing)"), .timeLimit(.minutes(1)))
struct PythonBoardTests {
  @Test("its end is told with how it ended, and a hard reset starts it anew")
  func killed() async throws {
    try await PythonBench.run(PythonBench()) { bench in
      let failure = await #expect(throws: BoardFailure.self) {
        try await bench.run("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
      }
      #expect(failure?.cause == .linkEnded("the interpreter was ended by signal 9"))
      try await bench.board.recover(from: try #require(failure))
      #expect(try await bench.run("print(1)").text == "1\n")
    }
  }

  @Test("a soft reset closes sockets and forgets modules, threads and what the environment held")
  func clean() async throws {
    try await PythonBench.run(PythonBench()) { bench in
      let before = """
        import socket, sys, threading, time, os
        s = socket.socket()
        sys.modules['mine'] = sys
        threading.Thread(target=time.sleep, args=(60,)).start()
        print(os.environ.get('PATH'))
        """
      #expect(try await bench.run(before).text == "None\n")
      try await bench.board.softReset()
      let after =
        "import sys, threading, os\nprint('mine' in sys.modules, threading.active_count(), len(os.listdir('/proc/self/fd')))"
      // Standard input, output and error, and the folder that is being listed.
      #expect(try await bench.run(after).text == "False 1 4\n")
    }
  }

  @Test("programs of the host see MicroPython's names, modules that they import see Python")
  func views() async throws {
    try await PythonBench.run(PythonBench()) { bench in
      let source = """
        import time, gc, asyncio, json
        print(time.ticks_diff(time.ticks_us(), time.ticks_us()) <= 0, gc.mem_free() > 0)
        s = asyncio.sleep_ms(0)
        s.state = None
        async def f(): await s; return 5
        print(asyncio.run(f()), hasattr(json.decoder.re, 'ticks_us'))
        import inspect
        print(hasattr(inspect.sys.modules['time'], 'ticks_us'), hasattr(inspect.sys.modules['asyncio'], 'sleep_ms'))
        """
      let output = try await bench.run(source)
      #expect(output.traceback == nil)
      #expect(output.text == "True True\n5 False\nFalse False\n")
    }
  }
}
