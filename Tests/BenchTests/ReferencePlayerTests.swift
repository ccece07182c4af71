import PosixIO
import Scenarios
import Steps
import WebSocketProtocol
import Testing
import Traces
import WebSocketPeers

@testable import Bench

@Suite("The reference plays the client side", .timeLimit(.minutes(1)))
struct ReferencePlayerTests {
  /// Plays both sides and returns what the client reported and what the server saw.
  private func play(_ server: ServerScript, _ client: ClientScript) async throws -> AttemptTrace {
    try await Attempt.play(
      Case(
        scenario: Scenario(
          id: "1.x", description: "d", expectation: "e", rfc: "5", requirement: .must, server: server,
          client: client)
      ), seed: 1)
  }

  private func kinds(_ trace: AttemptTrace, _ task: String = "main") -> [String] {
    trace.client.events.filter { $0.task == task }.map { String("\($0.kind)".prefix { $0 != "(" }) }
  }

  @Test("echo: every message comes back and is told with its digest")
  func echo() async throws {
    let trace = try await play(
      ServerScript([
        .sendFrame(FrameSpec(.text, "é")), .expectMessage(kind: .text, payload: "é"),
        .sendFrame(FrameSpec(.binary, [1, 2, 3])), .expectMessage(kind: .binary, payload: [1, 2, 3]),
      ]), .echo)
    #expect(kinds(trace) == ["connected", "message", "sent", "message", "sent", "ended"])
    let digest = MessageDigest(isText: true, payload: Array("é".utf8))
    #expect(trace.client.events[1].kind == .message(digest) && trace.client.events[2].kind == .sent(digest))
    #expect(trace.client.events.map(\.microseconds) == trace.client.events.map(\.microseconds).sorted())
    #expect(trace.client.ending == .completed)
    #expect(
      !trace.connections.flatMap(\.events).contains {
        if case .expectationMissed = $0.kind { true } else { false }
      })
  }

  @Test("send, ping, close")
  func sends() async throws {
    let trace = try await play(
      ServerScript([.expectMessage(kind: .text, payload: "abab"), .expectClose]),
      ClientScript([
        .connect(ConnectStep()), .send(kind: .text, payload: .repeated(unit: Array("ab".utf8), count: 2)),
        .ping(),
        .close(code: 4000, reason: "done"),
      ]))
    #expect(kinds(trace) == ["connected", "sent", "pong", "closed"])
    let close = DecodedConnection(trace.connections[0]).client.frames.last
    #expect(close?.payload == [0x0F, 0xA0] + Array("done".utf8))
  }

  @Test("two connections in two tasks that meet at a barrier")
  func twoConnections() async throws {
    let scripts = ["left", "right"].map { name in
      ConnectionScript(
        name: name,
        steps: [
          .barrier("both"), .sendFrame(FrameSpec(.text, .text(name))),
          .expectMessage(kind: .text, payload: .text(name)),
        ])
    }
    func steps(_ name: String) -> [ClientStep] {
      [
        .connect(ConnectStep(connection: name, target: "/{token}/\(name)")), .barrier("open"),
        .echo(connection: name),
      ]
    }
    let client = ClientScript(tasks: [
      ClientTask(name: "main", steps: [.start(task: "other")] + steps("left") + [.join(task: "other")]),
      ClientTask(name: "other", steps: steps("right")),
    ])
    let trace = try await play(ServerScript(connections: scripts), client)
    #expect(trace.connections.map(\.name) == ["left", "right"])
    #expect(kinds(trace) == ["connected", "message", "sent", "ended"])
    #expect(kinds(trace, "other") == ["connected", "message", "sent", "ended"])
    #expect(
      trace.connections.map { DecodedConnection($0).client.messages.map(\.payload) } == [
        [Array("left".utf8)], [Array("right".utf8)],
      ])
  }

  @Test("a cancelled task ends and says so")
  func cancel() async throws {
    let client = ClientScript(tasks: [
      ClientTask(
        name: "main",
        steps: [
          .connect(ConnectStep()), .start(task: "reader"), .receive(count: 0), .pause(milliseconds: 20),
          .cancel(task: "reader"), .join(task: "reader"), .close(),
        ]),
      ClientTask(name: "reader", steps: [.receive()]),
    ])
    let trace = try await play(ServerScript([.expectClose]), client)
    #expect(kinds(trace, "reader") == ["cancelled"])
    #expect(kinds(trace) == ["connected", "closed"])
  }

  @Test("a refused opening ends the task with the error's words")
  func refused() async throws {
    let head = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
    let trace = try await play(
      ServerScript([.respond(.raw(.text(head)))], ending: .endOfStream),
      ClientScript([.connect(ConnectStep()), .echo()]))
    #expect(kinds(trace) == ["connectFailed"])
    guard case .connectFailed(let error) = trace.client.events.first?.kind else { return }
    #expect(error.message.contains("403"))
  }

  @Test("a step on a connection that is not open is an exception, not a trap")
  func notConnected() async throws {
    let client = ClientScript([.send(kind: .text, payload: "x")])
    let trace = try await play(ServerScript([]), client)
    #expect(kinds(trace) == ["exception"])
  }
}

@Suite("Same seed, same bytes", .timeLimit(.minutes(1)))
struct SameBytesTests {
  /// A sample of the cases whose payloads are drawn.
  private static func cases(seed: UInt64) throws -> [Case] {
    let drawn = Catalogue.all.filter { $0.concrete(seed: 1) != $0.concrete(seed: 2) }.map(\.id)
    return Array(
      try RunPlan.cases(of: Catalogue.all, deliveries: "whole", only: drawn, seed: seed).prefix(12))
  }

  private static func bytes(seed: UInt64) async throws -> [String: [[UInt8]]] {
    var all: [String: [[UInt8]]] = [:]
    for testCase in try cases(seed: seed) {
      let trace = try await Attempt.play(testCase, seed: seed)
      all[testCase.id] = trace.connections.map {
        Array($0.serverStream.bytes.dropFirst($0.responseHeadLength ?? 0))
      }
    }
    return all
  }

  @Test("two runs with a seed send the same frames, another seed sends others")
  func same() async throws {
    let first = try await Self.bytes(seed: 7)
    let other = try await Self.bytes(seed: 8)
    let second = try await Self.bytes(seed: 7)
    #expect(!first.isEmpty && first == second)
    for (id, bytes) in first { #expect(other[id] != bytes, "\(id)") }
  }

  @Test("the digest of a trace covers the frames of all connections, not the heads")
  func digest() async throws {
    let testCase = try #require(try Self.cases(seed: 7).first)
    let first = try await Attempt.play(testCase, seed: 7)
    let second = try await Attempt.play(testCase, seed: 7)
    #expect(first.serverSHA1 == second.serverSHA1)
    var changed = first
    try #require(!changed.connections.isEmpty)
    changed.connections[0].serverStream.bytes[0] ^= 1
    #expect(changed.serverSHA1 == first.serverSHA1)
    changed.connections[0].serverStream.bytes[changed.connections[0].serverStream.bytes.count - 1] ^= 1
    #expect(changed.serverSHA1 != first.serverSHA1)
  }
}

/// Plays a case once, the reference against the scripted server.
private enum Attempt {
  static func play(_ testCase: Case, seed: UInt64) async throws -> AttemptTrace {
    let serverLoop = try EventLoop(name: "server").start()
    let loop = try EventLoop(name: "reference").start()
    defer {
      serverLoop.stop()
      loop.stop()
    }
    let server = try await ScriptedServer.start(listeningOn: [.loopbackV4(port: 0)], on: serverLoop)
    // Not the pace of a run: beside other tests everything may take its time.
    let attempt = try await server.prepare(
      testCase.scenario.server, token: "tok", delivery: testCase.delivery, deadline: .after(.seconds(40)))
    let player = ReferencePlayer(
      testCase.scenario.client, at: ServerAddress(host: "127.0.0.1", port: attempt.port), token: "tok",
      seed: seed, on: loop)
    let client = await player.play()
    attempt.clientHasEnded(allowing: .seconds(10))
    let trace = AttemptTrace(
      endpoint: .reference, connections: await attempt.record().connections, client: client)
    try await server.stop()
    return trace
  }
}
