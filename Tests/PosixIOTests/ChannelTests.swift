import Glibc
import PosixIO
import Testing

@Suite("Channels, pseudo-terminals and child processes", .timeLimit(.minutes(1)), .serialized)
struct ChannelTests {
  static let soon = Duration.seconds(5)

  @Test("A pseudo-terminal passes bytes both ways unchanged")
  func terminalIsRaw() async throws {
    let loop = try EventLoop(name: "test").start()
    let terminal = try PseudoTerminal(on: loop)
    let port = try SerialPort.open(path: terminal.path, on: loop)
    let bytes: [UInt8] = [1, 4, 10, 13, 17, 19, 26, 28, 127, 255]
    try await terminal.controller.write(bytes, deadline: .after(Self.soon))
    #expect(try await port.readAll(bytes.count) == bytes)
    try await port.write(bytes, deadline: .after(Self.soon))
    #expect(try await terminal.controller.readAll(bytes.count) == bytes)
    port.close()
    terminal.controller.close()
    _ = try await loop.perform { 0 }
    loop.stopAndWait()
  }

  @Test("A read ends at its deadline, on cancellation, and when the channel is closed")
  func readsEnd() async throws {
    let loop = try EventLoop(name: "test").start()
    let terminal = try PseudoTerminal(on: loop)
    let channel = terminal.controller
    let timedOut = await #expect(throws: PosixError.self) {
      try await channel.read(deadline: .after(.milliseconds(5)))
    }
    #expect(timedOut?.number == .timedOut)
    let reading = Task { try await channel.read(deadline: .never) }
    reading.cancel()
    await #expect(throws: CancellationError.self) { try await reading.value }
    let pending = Task { try await channel.read(deadline: .after(Self.soon)) }
    channel.close()
    await #expect(throws: PosixError.self) { try await pending.value }
    loop.stopAndWait()
  }

  @Test("A write larger than the terminal's buffer waits for the reader, or for its deadline")
  func writesWait() async throws {
    let loop = try EventLoop(name: "test").start()
    let terminal = try PseudoTerminal(on: loop)
    let port = try SerialPort.open(path: terminal.path, on: loop)
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    async let written: Void = port.write(bytes, deadline: .after(Self.soon))
    #expect(try await terminal.controller.readAll(bytes.count) == bytes)
    try await written
    let stuck = await #expect(throws: PosixError.self) {
      try await port.write(bytes, deadline: .after(.milliseconds(20)))
    }
    #expect(stuck?.number == .timedOut)
    loop.stopAndWait()
  }

  @Test(
    "A channel over TCP carries bytes both ways; a peer that has gone is an error and no signal that ends the process"
  )
  func overTCP() async throws {
    let loop = try EventLoop(name: "test").start()
    let (port, echo) = try await loop.perform {
      // Takes one guest, gives back what it says, and leaves at its first 4.
      let echo = OneEcho()
      let listener = try TCPListener(on: loop, .loopbackV4(port: 0)) { socket, _ in
        echo.take(socket, on: loop)
      }
      echo.listener = listener
      return (listener.address.port, echo)
    }
    let channel = try await ByteChannel.connect(
      toFirstOf: [.loopbackV4(port: port)], endpoint: "an echo", on: loop, deadline: .after(Self.soon))
    try await channel.write([1, 2, 3], deadline: .after(Self.soon))
    #expect(try await channel.readAll(3) == [1, 2, 3])
    try await channel.write([4], deadline: .after(Self.soon))
    #expect(try await channel.read(deadline: .after(Self.soon)) == [])
    let failure = await #expect(throws: PosixError.self) {
      // The first tells the kernel that nobody is there, the next is told.
      while true { try await channel.write([5], deadline: .after(Self.soon)) }
    }
    #expect(failure?.number == .brokenPipe || failure?.number == .connectionReset)
    try await loop.perform { echo.listener?.close() }
    channel.close()
    loop.stopAndWait()
  }

  @Test("Nobody there is told with the endpoint")
  func overTCPRefused() async throws {
    let failure = await #expect(throws: PosixError.self) {
      try await ByteChannel.connect(
        toFirstOf: [.loopbackV4(port: 1)], endpoint: "nobody", on: .shared, deadline: .after(Self.soon))
    }
    #expect(failure?.number == .connectionRefused)
  }

  @Test("A child's output is read to its end, and its exit status is told")
  func childWithPipes() async throws {
    let loop = try EventLoop(name: "test").start()
    let child = try await ChildProcess.start(
      ChildCommand("sh", ["-c", "cat; echo $WSRIG_WORD >&2; exit 7"], environment: ["WSRIG_WORD": "hello"]),
      streams: .pipes, on: loop)
    try await child.input?.write(Array("abc".utf8), deadline: .after(Self.soon))
    child.input?.close()
    #expect(try await child.output?.readToEnd() == Array("abc".utf8))
    #expect(try await child.errors?.readToEnd() == Array("hello\n".utf8))
    #expect(try await child.waitForEnd(deadline: .after(Self.soon)) == .exited(7))
    loop.stopAndWait()
  }

  @Test("A child is killed with its group; waiting for a running one ends at the deadline")
  func childIsKilled() async throws {
    let loop = try EventLoop(name: "test").start()
    let child = try await ChildProcess.start(
      ChildCommand("sh", ["-c", "cat /dev/zero > /dev/null"]), on: loop)
    let running = await #expect(throws: PosixError.self) {
      try await child.waitForEnd(deadline: .after(.milliseconds(5)))
    }
    #expect(running?.number == .timedOut)
    child.kill()
    #expect(try await child.waitForEnd(deadline: .after(Self.soon)) == .killed(signal: SIGKILL))
    loop.stopAndWait()
  }

  @Test("A program that does not exist is an error, not a child")
  func missingProgram() async throws {
    let loop = try EventLoop(name: "test").start()
    for name in ["/nonexistent/program", "no-such-program-anywhere"] {
      let error = await #expect(throws: PosixError.self) {
        try await ChildProcess.start(ChildCommand(name), on: loop)
      }
      #expect(error?.number == .notFound)
    }
    loop.stopAndWait()
  }

  @Test(
    "A child on a pseudo-terminal has it as controlling terminal: Ctrl-C interrupts it, Ctrl-Z and Ctrl-\\ do not"
  )
  func childOnTerminal() async throws {
    let loop = try EventLoop(name: "test").start()
    var terminal = try PseudoTerminal(on: loop)
    let script = "trap 'echo interrupted; exit 3' INT; echo ready; while :; do read line; echo got; done"
    let child = try await ChildProcess.start(
      ChildCommand("sh", ["-c", script]), terminal: terminal, on: loop)
    terminal.closeTerminal()
    let channel = terminal.controller
    #expect(try await channel.readAll(6) == Array("ready\n".utf8))
    try await channel.write([26, 28, 10], deadline: .after(Self.soon))
    #expect(try await channel.readAll(4) == Array("got\n".utf8))
    try await channel.write([3], deadline: .after(Self.soon))
    #expect(try await channel.readAll(12) == Array("interrupted\n".utf8))
    #expect(try await child.waitForEnd(deadline: .after(Self.soon)) == .exited(3))
    #expect(try await channel.read(deadline: .after(Self.soon)) == [])
    terminal.close()
    _ = try await loop.perform { 0 }
    loop.stopAndWait()
  }

  @Test("What a program on a terminal has not read when it ends can be taken, and then its end is read")
  func unreadInput() async throws {
    let loop = try EventLoop(name: "test").start()
    var pair = try PseudoTerminal(on: loop)
    let child = try await ChildProcess.start(
      ChildCommand("dd", ["bs=1", "count=1", "status=none"]), terminal: pair, on: loop)
    let terminal = try pair.takeTerminal()
    let channel = pair.controller
    try await channel.write(Array("abc".utf8), deadline: .after(Self.soon))
    #expect(try await child.waitForEnd(deadline: .after(Self.soon)) == .exited(0))
    let unread = try await loop.perform {
      defer { terminal.close() }
      return terminal.takeUnread()
    }
    #expect(unread == Array("bc".utf8))
    #expect(try await channel.readAll(1) == Array("a".utf8))
    #expect(try await channel.read(deadline: .after(Self.soon)) == [])
    pair.close()
    loop.stopAndWait()
  }

  @Test("SIGTERM arrives as a value while the stream is read")
  func signalsArrive() async throws {
    let loop = try EventLoop(name: "test").start()
    var signals = try TerminationSignal.stream(on: loop).makeAsyncIterator()
    kill(getpid(), SIGTERM)
    #expect(await signals.next() == .terminate)
    kill(getpid(), SIGINT)
    #expect(await signals.next() == .interrupt)
    _ = try await loop.perform { 0 }
    loop.stopAndWait()
  }
}

extension ByteChannel {
  fileprivate func readAll(_ count: Int) async throws -> [UInt8] {
    var all: [UInt8] = []
    while all.count < count {
      let part = try await read(upTo: count - all.count, deadline: .after(.seconds(5)))
      if part.isEmpty { break }
      all += part
    }
    return all
  }

  fileprivate func readToEnd() async throws -> [UInt8] {
    try await readAll(.max)
  }
}

/// Echoes what one guest says, until a 4. `@unchecked Sendable`: touched on the loop's thread only.
private final class OneEcho: ReadinessHandler, @unchecked Sendable {
  var listener: TCPListener?
  private var socket: TCPSocket?
  private var registration: Registration?

  func take(_ guest: consuming TCPSocket, on loop: EventLoop) {
    registration = try? loop.register(guest.descriptor, .readable, self)
    socket = consume guest
  }

  func isReady(_ readiness: Readiness) {
    guard var guest = socket.take() else { return }
    var bytes = [UInt8](repeating: 0, count: 16)
    let moved = bytes.withUnsafeMutableBytes { guest.receive(into: $0) }
    guard case .moved(let count) = moved, bytes[0] != 4 else { return guest.close() }
    _ = bytes.withUnsafeBytes { guest.send(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    socket = consume guest
  }
}
