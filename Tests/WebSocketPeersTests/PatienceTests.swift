import PosixIO
import Steps
import Synchronization
import Testing
import Traces
import WebSocketPeers
import WebSocketProtocol

@Suite("Patience of the scripted server", .timeLimit(.minutes(1)))
struct PatienceTests {
  /// Plays a script with a patience against what `body` does as the client.
  func play(
    _ script: ServerScript, _ patience: Patience,
    _ body: @escaping @Sendable (RawClient, EventLoop) async throws -> Void
  ) async throws -> (trace: ConnectionTrace, took: Duration) {
    try await withLoop { loop in
      // On the loop, which no other test keeps busy: the times are part of the test.
      try await loop.run {
        let server = try await ScriptedServer.start(on: loop)
        let begun = MonotonicInstant.now()
        let attempt = try await server.prepare(script, token: "t0k3n", patience: patience)
        let client = try await RawClient.open(server.addresses[0], "/t0k3n", on: loop)
        let task = Task(executorPreference: loop) { @concurrent in try await body(client, loop) }
        let record = await attempt.record()
        let took = MonotonicInstant.now() - begun
        task.cancel()
        _ = await task.result
        try await server.stop()
        return (try #require(record.connections.first), took)
      }
    }
  }

  @Test("As long as bytes move, the server waits")
  func extends() async throws {
    let patience = Patience(.milliseconds(500), atMost: .seconds(30))
    let (trace, took) = try await play(ServerScript([.expectClose]), patience) { client, loop in
      for _ in 0..<10 {
        try await client.send(clientFrame(.text, [0x61]))
        try await loop.pause(until: .after(.milliseconds(100)))
      }
      try await client.send(clientFrame(.close, [3, 0xE8]))
      try await client.endSending()
    }
    #expect(took >= .seconds(1))
    let gaveUp = trace.gaveUp
    #expect(!gaveUp)
  }

  @Test("Until the first connection the client has all the time, as it may not have been told yet what to do")
  func firstConnection() async throws {
    try await withLoop { loop in
      try await loop.run {
        let server = try await ScriptedServer.start(on: loop)
        let attempt = try await server.prepare(
          ServerScript([.expectClose]), token: "t0k3n",
          patience: Patience(.milliseconds(50), atMost: .seconds(30)))
        try await loop.pause(until: .after(.milliseconds(200)))
        let client = try await RawClient.open(server.addresses[0], "/t0k3n", on: loop)
        try await client.send(clientFrame(.close, [3, 0xE8]))
        try await client.endSending()
        let trace = try #require(await attempt.record().connections.first)
        let gaveUp = trace.gaveUp
        #expect(!gaveUp)
        #expect(try await server.takeStrays().isEmpty)
        try await server.stop()
      }
    }
  }

  @Test("When nothing moves any more, it gives up, and not before")
  func quiet() async throws {
    let patience = Patience(.milliseconds(300), atMost: .seconds(30))
    let (trace, took) = try await play(ServerScript([.expectClose]), patience) { _, _ in }
    #expect(took >= .milliseconds(300) && took < .seconds(20))
    let gaveUp = trace.gaveUp
    #expect(gaveUp)
  }

  @Test("However much moves, it waits no longer than said")
  func atMost() async throws {
    let patience = Patience(.milliseconds(300), atMost: .milliseconds(600))
    let (trace, took) = try await play(ServerScript([.expectClose]), patience) { client, loop in
      while !Task.isCancelled {
        try await client.send(clientFrame(.text, [0x61]))
        try await loop.pause(until: .after(.milliseconds(20)))
      }
    }
    #expect(took >= .milliseconds(600) && took < .seconds(20))
    let gaveUp = trace.gaveUp
    #expect(gaveUp)
  }

  @Test("What was sent gives the client time to work on it, in which nothing moves")
  func largeMessage() async throws {
    let size = 1 << 20
    let script = ServerScript([
      .sendFrame(FrameSpec(.binary, .repeated(unit: [7], count: size))), .expectClose,
    ])
    let patience = Patience(.milliseconds(100), atMost: .milliseconds(200))
    let (trace, took) = try await play(script, patience) { client, loop in
      try await client.waitFor { $0.count > size }
      // Three times the patience, and less than what it grows by.
      try await loop.pause(until: .after(.milliseconds(500)))
      try await client.send(clientFrame(.close, [3, 0xE8]))
      try await client.endSending()
    }
    #expect(took >= .milliseconds(500))
    let gaveUp = trace.gaveUp
    #expect(!gaveUp)
  }

  @Test("Who gets on in a long script gets more time than the limit of a short one")
  func longScript() async throws {
    let count = 40
    let steps = (0..<count).flatMap { _ -> [ServerStep] in [.expectMessage(kind: .text, payload: .text("a"))]
    }
    let patience = Patience(.milliseconds(400), atMost: .milliseconds(300))
    let (trace, took) = try await play(ServerScript(steps + [.expectClose]), patience) { client, loop in
      for _ in 0..<count {
        try await client.send(clientFrame(.text, [0x61]))
        try await loop.pause(until: .after(.milliseconds(20)))
      }
      try await client.send(clientFrame(.close, [3, 0xE8]))
      try await client.endSending()
    }
    #expect(took >= .milliseconds(800))
    let gaveUp = trace.gaveUp
    #expect(!gaveUp)
  }

  @Test("The server's own pauses are nobody's fault: the client has its time all the same")
  func ownPauses() async throws {
    let script = ServerScript([
      .pause(milliseconds: 2000), .sendFrame(FrameSpec(.text, .text("late"))),
      .expectMessage(kind: .text, payload: .text("a")),
    ])
    let patience = Patience(.milliseconds(2000), atMost: .milliseconds(2200))
    let (trace, took) = try await play(script, patience) { client, loop in
      try await client.waitFor { $0.count > 129 }
      // Later than the server has ever waited before its pause was counted, sooner than it has been quiet for too long.
      try await loop.pause(until: .after(.milliseconds(1000)))
      try await client.send(clientFrame(.text, [0x61]))
      try await client.send(clientFrame(.close, [3, 0xE8]))
      try await client.endSending()
    }
    #expect(took >= .milliseconds(3000))
    let gaveUp = trace.gaveUp
    #expect(!gaveUp)
  }

  @Test("A client side that goes on after its server has ended is told of once")
  func silence() async throws {
    try await withAttempt { attempt, loop in
      let calls = Mutex(0)
      attempt.whenSilent(for: .milliseconds(20)) { calls.withLock { $0 += 1 } }
      _ = await attempt.record()
      try await loop.pause(until: .after(.milliseconds(150)))
      #expect(calls.withLock { $0 } == 1)
      attempt.clientHasEnded()
      try await loop.pause(until: .after(.milliseconds(60)))
      #expect(calls.withLock { $0 } == 1)
    }
  }

  @Test("A client side that has ended is not told of, whenever it was asked for", arguments: [true, false])
  func calledOff(askedFirst: Bool) async throws {
    try await withAttempt { attempt, loop in
      let calls = Mutex(0)
      let ask = { @Sendable in
        attempt.whenSilent(for: .milliseconds(20)) { calls.withLock { $0 += 1 } }
      }
      if askedFirst { ask() }
      attempt.clientHasEnded()
      if !askedFirst { ask() }
      _ = await attempt.record()
      try await loop.pause(until: .after(.milliseconds(150)))
      #expect(calls.withLock { $0 } == 0)
    }
  }

  @Test("Asking again for silence replaces the first time")
  func replaced() async throws {
    try await withAttempt { attempt, loop in
      let calls = Mutex<[String]>([])
      _ = await attempt.record()
      attempt.whenSilent(for: .milliseconds(20)) { calls.withLock { $0.append("first") } }
      attempt.whenSilent(for: .milliseconds(40)) { calls.withLock { $0.append("second") } }
      try await loop.pause(until: .after(.milliseconds(200)))
      #expect(calls.withLock { $0 } == ["second"])
    }
  }

  /// An attempt that nobody connects to and that ends at once.
  private func withAttempt(_ body: (ScriptedAttempt, EventLoop) async throws -> Void) async throws {
    try await withLoop { loop in
      let server = try await ScriptedServer.start(on: loop)
      let attempt = try await server.prepare(
        ServerScript([]), token: "t0k3n", patience: Patience(.milliseconds(5), atMost: .milliseconds(5)))
      try await body(attempt, loop)
      try await server.stop()
    }
  }
}

extension ConnectionTrace {
  fileprivate var gaveUp: Bool {
    events.contains { if case .deadlinePassed = $0.kind { true } else { false } }
  }
}
