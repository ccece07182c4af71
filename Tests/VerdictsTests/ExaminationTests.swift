import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import WebSocketProtocol

@testable import Verdicts

@Suite("Cases that nobody wrote: what is allowed follows from the trace")
struct ExaminationTests {
  @Test("what an author expects counts for nothing")
  func authorsExpectations() {
    var attempt = Attempt(expected: Expected(opening: .refused, closeCodes: [1008], failure: true))
    attempt.connected()
    attempt.wire.server(.text, "hello")
    attempt.echoes("hello")
    attempt.wire.close()
    attempt.app(.ended(closeCode: 1000, reason: nil, wasClean: true))
    #expect(Judge.examine(case: attempt.case, trace: attempt.trace).broken.isEmpty)
  }

  @Test("all broken rules are told, each with its place")
  func allBroken() {
    var attempt = Attempt()
    attempt.connected()
    attempt.wire.server(.text, "hello")
    attempt.wire.server(.ping, "there?")
    // The message comes back unmasked, and another than was sent; the Ping goes unanswered.
    attempt.got("hello")
    attempt.sent(Array("hello".utf8))
    attempt.wire.client(.text, Array("hello".utf8), mask: .some(nil))
    let broken = Judge.examine(case: attempt.case, trace: attempt.trace).broken
    #expect(broken.map(\.violation.rule).contains("client-frame-masked"))
    #expect(broken.map(\.violation.rule).contains("pong-for-every-ping"))
    #expect(Set(broken.map(\.group)).count == broken.count)
  }

  @Test("the same breach with other figures is at the same place")
  func places() {
    let groups = [(UInt8(3), "a"), (12, "another")].map { opcode, payload in
      var attempt = Attempt()
      attempt.connected()
      attempt.wire.server(Opcode(rawValue: opcode), payload)
      attempt.wire.server(.ping, "there?")
      attempt.wire.client(.pong, "there?")
      return Judge.examine(case: attempt.case, trace: attempt.trace).broken.map(\.group)
    }
    #expect(
      groups[0] == groups[1] && groups[0] == ["violation-fails-connection: after the reserved opcode N"])
  }

  @Test("the token of an attempt in what the client threw made each attempt a group of its own")
  func tokens() {
    let groups = ["ws://127.0.0.1:4281/t58ypnon1a2x", "ws://127.0.0.1:39111/t144m94n1a1x"].map { url in
      let attempt = Attempt.make {
        $0.app(.connectFailed(ClientException(type: "ValueError", message: "\(url) is no URI")), step: 0)
      }
      return Judge.examine(case: attempt.case, trace: attempt.trace).broken.map(\.group)
    }
    #expect(groups[0].count == 1 && groups[0] == groups[1], "\(groups)")
  }

  @Test("who gave up before the bad byte was sent was taken to have failed for it: no cause comes later")
  func failureBeforeItsCause() {
    func broken(_ build: (inout Attempt) -> Void) -> [String] {
      let attempt = Attempt.open {
        build(&$0)
        $0.wire.end()
        $0.ended()
      }
      return Judge.examine(case: attempt.case, trace: attempt.trace).broken.map(\.violation.rule)
    }
    let frame = Frame(.text, [0xF4, 0x90]).encoded()
    let early = broken {
      $0.wire.server(bytes: Array(frame.dropLast()))
      $0.wire.clientClose(1007)
      $0.wire.server(bytes: [frame[frame.count - 1]])
    }
    #expect(early == ["no-failure-without-cause"])
    let inTime = broken {
      $0.wire.server(bytes: frame)
      $0.wire.clientClose(1007)
    }
    #expect(inTime.isEmpty)
  }

  @Test("at a server that is not the rig's, a Ping that was given time has to be answered before a Close")
  func pingWithTime() {
    func broken(milliseconds: UInt64) -> [String] {
      let attempt = Attempt.open {
        $0.wire.server(.ping, "there?")
        $0.wire.now += milliseconds * 1_000_000
        $0.wire.serverClose(1001)
        $0.wire.clientClose(1001)
        $0.wire.end()
        $0.ended(1001, clean: true)
      }
      return Judge.examine(
        echoing: attempt.case, wire: attempt.trace.connections, client: attempt.client
      ).broken.map(\.violation.rule)
    }
    #expect(broken(milliseconds: 600) == ["pong-for-every-ping"])
    #expect(broken(milliseconds: 5).isEmpty)
  }

  @Test("a trace that says nothing about the client is no finding")
  func benchTrouble() {
    var attempt = Attempt()
    attempt.client.ending = .unusable(detail: "the cable was pulled")
    let examination = Judge.examine(case: attempt.case, trace: attempt.trace)
    #expect(examination.broken.isEmpty && examination.obstacle == "the cable was pulled")
  }

  @Test("who sends back the server's Close 1009 has met no limit of its own")
  func echoOf1009() {
    var attempt = Attempt()
    attempt.connected()
    attempt.wire.server(.text, [0x61], isFinal: false)
    attempt.wire.serverClose(1009)
    attempt.wire.clientClose(1009)
    attempt.wire.end()
    attempt.app(.ended(closeCode: 1009, reason: nil, wasClean: true))
    #expect(Judge.examine(case: attempt.case, trace: attempt.trace).broken.isEmpty)
  }

  @Test("a wrong message of the right length was told as merged with the next: notMerged")
  func notMerged() {
    func sentence(_ delivered: String) -> String? {
      var attempt = Attempt()
      attempt.connected()
      for text in ["ab", "cd"] { attempt.wire.server(.text, Array(text.utf8)) }
      attempt.app(.message(MessageDigest(isText: true, payload: Array(delivered.utf8))))
      attempt.closes()
      return Judge.examine(case: attempt.case, trace: attempt.trace).broken
        .first { $0.violation.rule == "message-as-sent" }?.violation.sentence
    }
    #expect(sentence("xy")?.contains("merged") == false, "\(sentence("xy") ?? "")")
    #expect(sentence("abcd")?.contains("merged with the next") == true, "\(sentence("abcd") ?? "")")
    #expect(sentence("wxyz")?.contains("merged") == false)
  }

  @Test("a Close that the application wanted is no answer to the server's, which breaks a rule")
  func crossedClose() {
    var attempt = Attempt(ClientScript([.connect(ConnectStep()), .close()]))
    attempt.connected()
    attempt.wire.clientClose(1000)
    attempt.wire.server(.close, [0x03, 0xE8] + Array(repeating: 0x78, count: 128))
    attempt.wire.end()
    attempt.app(.closed)
    #expect(Judge.examine(case: attempt.case, trace: attempt.trace).broken.isEmpty)
  }

  @Test(
    "a Connection header that is no list of tokens may be refused beside one that has Upgrade",
    arguments: ["keep-alive Upgrade", "", ", ,"])
  func malformedConnection(value: String) {
    var attempt = Attempt()
    attempt.wires = [WireBuilder(opens: false)]
    attempt.wire.request()
    attempt.wire.respond(WireBuilder.responseLines + ["Connection: \(value)"])
    attempt.app(.connectFailed(ClientException(type: "InvalidHeaderFormat", message: "")), step: 0)
    attempt.wire.note(.receivedEnd)
    #expect(Judge.examine(case: attempt.case, trace: attempt.trace).broken.isEmpty)
  }

  @Test(
    "an application that asks for an Origin header twice gets two; a client that doubles one breaks the rule")
  func doubledHeader() {
    func broken(asked: Int) -> [String] {
      let origin = ConnectStep.HeaderField("Origin", "https://board.example")
      let step = ConnectStep(headers: Array(repeating: origin, count: asked))
      var attempt = Attempt(ClientScript([.connect(step), .echo()]))
      attempt.wires = [WireBuilder(opens: false)]
      attempt.wire.request(
        WireBuilder.requestLines + Array(repeating: "Origin: https://board.example", count: 2))
      attempt.wire.respond()
      attempt.connected()
      return Judge.examine(case: attempt.case, trace: attempt.trace).broken.map(\.violation.rule)
    }
    #expect(!broken(asked: 2).contains("request-form") && broken(asked: 1).contains("request-form"))
  }

  @Test("a client that could not get rid of its echo was blamed for not failing at once behind it")
  func blockedClient() {
    var reading = Attempt().case
    reading.scenario.server = ServerScript([.text("hello")])
    var blocked = reading
    blocked.scenario.server = ServerScript([.stopReading, .text("hello"), .resumeReading])
    #expect(reading.withDerivedExpectations.scenario.expected.failFast)
    #expect(!blocked.withDerivedExpectations.scenario.expected.failFast)
  }

  // MARK: URLs

  private static let lawful = [
    "ws://{host}:{port}/{token}", "WS://{host}:{port}/{token}?a=b", "ws://localhost:{port}/{token}",
    "ws://[::1]:{port}/{token}",
  ]
  private static let undecided = [
    " ws://{host}:{port}/{token}", "ws://{host}:{port}/{token}#top", "ws://user:pw@{host}:{port}/{token}",
    "ws://{host}:0{port}/{token}", "ws://{host}:{port}/{token}/a b", "ws://{host}:{port}/{token}/ä",
  ]
  private static let unlawful = [
    "http://{host}:{port}/{token}", "wsx://{host}:{port}/{token}", "ws:/{host}:{port}/{token}",
    "ws:///{host}:{port}/{token}", "ws://:{port}/{token}", "ws://{host} :{port}/{token}",
    "ws://[{host}]:{port}/{token}", "ws://[{host}:{port}/{token}", "ws://{host}:{overflowingPort}/{token}",
    "ws://{host}:{port}x/{token}", "ws://{host}:+{port}/{token}", "ws://{host}:{port}:{port}/{token}",
    "ws://{host}:http/{token}", "ws://{host}:0/{token}", "ws://{host}/{token}", "wss://{host}:{port}/{token}",
    "//{host}:{port}/{token}",
  ]

  private func opening(of url: String) -> Expected.Opening {
    let attempt = Attempt(ClientScript([.connect(ConnectStep(url: url)), .echo()]))
    return attempt.case.withDerivedExpectations.scenario.expected.opening
  }

  @Test("a URL has to be opened, may be refused, or must be", arguments: lawful)
  func lawfulURLs(url: String) { #expect(opening(of: url) == .accepted) }

  @Test("what the RFCs do not agree on is left open", arguments: undecided)
  func undecidedURLs(url: String) { #expect(opening(of: url) == .either) }

  @Test("what is no URL, or leads elsewhere, must be refused", arguments: unlawful)
  func unlawfulURLs(url: String) { #expect(opening(of: url) == .refused) }

  @Test("the catalogue says the same of its URLs")
  func catalogue() {
    for scenario in Catalogue.all where scenario.id.hasPrefix("0.url-") && scenario.server.port == nil {
      let derived = Case(scenario: scenario).withDerivedExpectations.scenario.expected.opening
      #expect(derived == scenario.expected.opening, "\(scenario.id)")
    }
  }
}
