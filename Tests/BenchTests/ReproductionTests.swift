import Foundation
import Results
import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import Verdicts
import WebSocketProtocol

@testable import Bench

@Suite("The programs that show a finding")
struct ReproductionTests {
  private let fixtures: Fixtures
  private let client: ClientBundle

  init() throws {
    fixtures = try Fixtures(path: Repository.fixtures.path)
    client = try ClientBundle(client: nil, adapter: nil, fixtures: fixtures)
  }

  /// The value that stands behind a name at the beginning of a line.
  private func value(_ name: String, in program: String) throws -> String {
    let line = program.split(separator: "\n").first { $0.hasPrefix("\(name) = ") }
    return String(try #require(line).dropFirst(name.count + 3))
  }

  private func programs(_ group: FindingGroup) throws -> (client: String, server: String) {
    let made = try Reproduction(group, client: client, fixtures: fixtures)
    guard case .programs(let client, let server) = made else {
      Issue.record("there are none: \(made)")
      throw CancellationError()
    }
    return (client, server)
  }

  private func reason(_ group: FindingGroup, _ client: ClientBundle? = nil) throws -> String? {
    if case .impossible(let reason) = try Reproduction(
      group, client: client ?? self.client, fixtures: fixtures)
    {
      return reason
    }
    return nil
  }

  @Test(
    "the programs left out what a finding about the request, keys or the order of ends was about",
    arguments: [
      ("request-line", "request"), ("request-key", "request"), ("deflate-offered", "request"),
      ("masking-key-unpredictable", "keys"), ("request-then-wait", "start"), ("close-awaits-answer", "end"),
      ("send-whole", "whole"), ("pong-payload", "frames"),
    ])
  func aspects(_ rule: String, _ aspect: String) throws {
    #expect(Rule.names.contains(rule))
    let server = try programs(SampleFinding(rule, wire: SampleFinding.repeatedKeys).group).server
    #expect(try value("ABOUT", in: server) == "'\(aspect)'")
  }

  @Test("the request, the masking keys and the instants of the finding are in the programs")
  func seen() throws {
    let (client, server) = try programs(SampleFinding("request-line").group)
    let seen = try value("SEEN", in: server)
    #expect(seen.contains("GET /t0k HTTP/1.1") && seen.contains("b'\\x81\\x82"))
    #expect(seen.hasSuffix("(137, False))]"), "\(seen)")
    #expect(try value("PLACE", in: server) == "('127.0.0.1', 8080)")
    #expect(try value("TOKEN", in: client) == "'t0k'")
    #expect(
      try value("SEEN", in: client) == "[('main', 'connected', 'chat'), ('main', 'ended', 1000, 'bye', True)]"
    )
  }

  @Test(
    "back-pressure was not played: the server had no act for it, and the client's sockets took everything")
  func backpressure() throws {
    let (client, server) = try programs(SampleFinding("send-not-lost").group)
    let acts = try value("ACTS", in: server)
    #expect(
      acts.hasPrefix(
        "[(0, 'send', 0, 129), (0, 'stop'), (0, 'pause', 0.02), (0, 'resume'), (0, 'wait', 8), "),
      "\(acts)")
    #expect(acts.hasSuffix("(0, 'wait', None), (0, 'end')]"), "\(acts)")
    #expect(try value("SOCKETS", in: client).contains("_BUFFER = 6400"))
  }

  @Test("a program that never fails, or always, was written for what needs the board")
  func obstacles() throws {
    #expect(try reason(SampleFinding("loop-kept-free").group)?.contains("measurements") == true)
    #expect(try reason(SampleFinding("memory-leak").group)?.contains("measurements") == true)
    #expect(try reason(SampleFinding("board-lost").group)?.contains("board") == true)
    let memory = ClientEvent.Kind.exception(ClientException(type: "MemoryError", message: ""))
    #expect(try reason(SampleFinding("message-limit", more: memory).group)?.contains("memory") == true)
    var reset = SampleFinding("failure-close-frame").group
    #expect(try reason(reset) == nil)
    reset.trace?.connections[0].events.append(WireEvent(instantNanoseconds: 9, kind: .receivedReset))
    #expect(try reason(reset)?.contains("moment") == true)
    let differing = try reason(SampleFinding("masking-key-unpredictable").group)
    #expect(differing?.contains("generator") == true)
  }

  @Test("a client that hangs is shown where it lets others run, without the end that the rig made")
  func hung() throws {
    var hung = SampleFinding("client-hung").group
    hung.trace?.client.ending = .hung(detail: "in main")
    let end = try #require(hung.trace?.connections[0].events.firstIndex { $0.kind == .receivedEnd })
    hung.trace?.connections[0].events[end - 1].kind = .deadlinePassed(index: 3)
    hung.trace?.client.heartbeat = ClientTrace.Heartbeat(
      periodMicroseconds: 10_000, count: 200, longestGapMicroseconds: 10_100, countSinceLastEvent: 150)
    let (client, server) = try programs(hung)
    #expect(try value("SEEN", in: server).hasSuffix("], None)]"))
    #expect(try value("SEEN", in: client).hasSuffix("('main', 'hung')]"))
    #expect(try value("LINGER", in: client) == "4500")
    hung.trace?.client.heartbeat?.countSinceLastEvent = 0
    #expect(try reason(hung)?.contains("nothing else run") == true)
  }

  @Test("nobody was told why TLS, cut traces and a lost trace have no programs")
  func silent() throws {
    var tls = SampleFinding("pong-payload").group
    tls.smallest = tls.smallest.overTLS
    #expect(try reason(tls)?.contains("TLS") == true)
    var cut = SampleFinding("pong-payload").group
    cut.trace?.connections[0].clientStream.totalCount += 1
    #expect(try reason(cut)?.contains("more bytes") == true)
    var lost = SampleFinding("pong-payload").group
    lost.trace = nil
    #expect(try reason(lost)?.contains("nothing is known") == true)
    #expect(try reason(SampleFinding("pong-payload").group, .reference)?.contains("own") == true)
    #expect(try reason(SampleFinding("pong-payload").group) == nil)
  }

  @Test("the server could be reached from this computer only")
  func reachable() throws {
    let (client, server) = try programs(SampleFinding("pong-payload").group)
    #expect(server.contains("\"--host\"") && server.contains("\"--port\""))
    #expect(client.contains("--host 0.0.0.0"))
  }
}

/// A finding made by hand: the server stops reading for a while, and the client ends TCP before it.
struct SampleFinding {
  var group: FindingGroup

  static let ownKeys = WireBuilder()
  static let repeatedKeys: WireBuilder = {
    var wire = WireBuilder()
    wire.maskingKey = MaskingKey(memoryWord: 7)
    return wire
  }()

  init(_ rule: String, wire start: WireBuilder = ownKeys, more: ClientEvent.Kind? = nil, text: String = "me")
  {
    let steps: [ServerStep] = [.stopReading, .pause(milliseconds: 20), .resumeReading]
    let scenario = Scenario(
      id: "fuzz.sample", description: "Stops reading, with \(text).", expectation: "All is echoed.",
      rfc: "5",
      requirement: .must, server: ServerScript(steps + [.text(.bytes(Array(text.utf8)))]))
    let violation = Violation(
      rule: rule, rfc: "5.5.2", requirement: .must, connection: "main", sentence: "It did not.")
    group = FindingGroup(
      BrokenRule(violation: violation, place: "on an open connection"), smallest: Case(scenario: scenario),
      trace: Self.trace(start, more), firstCase: "fuzz.sample", repeats: (2, 2))
  }

  private static func trace(_ start: WireBuilder, _ more: ClientEvent.Kind?) -> AttemptTrace {
    var wire = start
    for step in 0..<3 { wire.note(.stepStarted(index: step)) }
    wire.client(.text, "me")
    wire.server(.text, "and me")
    wire.clientClose()
    wire.note(.receivedEnd)
    wire.note(.sentEnd)
    let kinds: [ClientEvent.Kind] =
      [.connected(subprotocol: "chat")] + (more.map { [$0] } ?? [])
      + [.ended(closeCode: 1000, reason: "bye", wasClean: true)]
    let events = kinds.map {
      ClientEvent(microseconds: 0, task: "main", step: 0, connection: "main", kind: $0)
    }
    return AttemptTrace(
      endpoint: .device, connections: [wire.trace], client: ClientTrace(events: events),
      server: ServerAddress(host: "127.0.0.1", port: 8080))
  }
}

@Suite("The folder of findings")
struct FindingFolderTests {
  private let folder: TemporaryFolder
  private let findings: FindingFolder

  /// The fixtures, but with a folder of its own for scenarios.
  init() throws {
    folder = try TemporaryFolder()
    for name in ["board", "fuzz"] {
      try FileManager.default.createDirectory(
        at: folder.url.appending(path: "fixtures"), withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        at: folder.url.appending(path: "fixtures/\(name)"),
        withDestinationURL: Repository.fixtures.appending(path: name))
    }
    try FileManager.default.createDirectory(
      at: folder.url.appending(path: "fixtures/scenarios"), withIntermediateDirectories: true)
    let client = try ClientBundle(
      client: nil, adapter: nil, fixtures: Fixtures(path: Repository.fixtures.path))
    findings = FindingFolder(
      path: folder.path + "/found", isSaved: true, client: client,
      fixtures: try Fixtures(path: folder.url.appending(path: "fixtures").path), seed: 1)
  }

  private func names(_ path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path + "/" + path).sorted()
  }

  @Test("old programs stood beside a new scenario, and old groups stayed")
  func stale() throws {
    try findings.check()
    for number in 1...2 { _ = try findings.write(SampleFinding("pong-payload").group, number: number) }
    #expect(
      try names("found/pong-payload-1") == ["client.py", "explanation.txt", "scenario.json", "server.py"])
    // The section is that of the rule, not that of what the scenario was generated for.
    #expect(try folder.text("found/pong-payload-1/scenario.json").contains(#""rfc": "5.5.2""#))
    var lost = SampleFinding("pong-payload").group
    lost.trace = nil
    _ = try findings.write(lost, number: 1)
    #expect(try names("found/pong-payload-1") == ["explanation.txt", "scenario.json"])
    let explanation = try folder.text("found/pong-payload-1/explanation.txt")
    #expect(explanation.hasPrefix("pong-payload (MUST, 5.5.2), ") && explanation.contains("nothing is known"))
    // A run that never begins leaves what is there.
    try findings.check()
    #expect(try names("found") == ["pong-payload-1", "pong-payload-2"])
    try findings.clear()
    #expect(try names("found").isEmpty)
  }

  @Test("foreign files stay, and folders that are none of ours")
  func foreign() throws {
    try findings.check()
    _ = try findings.write(SampleFinding("pong-payload").group, number: 1)
    try folder.write("mine", to: "found/pong-payload-1/notes.txt")
    try folder.write("mine", to: "found/my-scenario-1/scenario.json")
    try folder.write("mine", to: "found/pong-payload-2/client.py")
    try folder.write("mine", to: "found/scenario.json")
    try findings.clear()
    #expect(try names("found") == ["my-scenario-1", "pong-payload-1", "pong-payload-2", "scenario.json"])
    #expect(try names("found/pong-payload-1") == ["notes.txt"])
    #expect(try names("found/my-scenario-1") == ["scenario.json"])
    #expect(try names("found/pong-payload-2") == ["client.py"])
  }

  @Test("of two cases of one rule that were saved the first was lost")
  func saved() throws {
    try findings.check()
    for text in ["me", "you", "me"] {
      _ = try findings.write(SampleFinding("pong-payload", text: text).group, number: 1)
    }
    let both = try names("fixtures/scenarios")
    #expect(both.count == 2 && both.allSatisfy { $0.hasPrefix("pong-payload-seed-1-") }, "\(both)")
    let first = try #require(both.first)
    try folder.write("changed by hand", to: "fixtures/scenarios/\(first)")
    for text in ["me", "you"] {
      _ = try findings.write(SampleFinding("pong-payload", text: text).group, number: 1)
    }
    #expect(try names("fixtures/scenarios").count == 3)
    #expect(try folder.text("fixtures/scenarios/\(first)") == "changed by hand")
  }
}
