import Foundation
import Latency
import Results
import Scenarios
import Steps
import TestSupport
import Traces
import Verdicts
import WebSocketProtocol

/// A run made by hand: a case of each verdict, one in which the reference failed, and texts that a client or a board could have
/// put in to do harm.
enum SampleRun {
  static let hostile = "<script>alert(1)</script> \u{1B}[31mred\u{07}\u{0} & \"quoted\""

  static let run: RunResult = {
    var run = bareRun
    run.ruleIndex = ruleIndex
    return run
  }()

  private static let bareRun = RunResult(
    tool: "wsrig 0.1.0", seed: 7,
    board: BoardRecord(
      selector: "sim", kind: .simulated, machine: "Raspberry Pi Pico 2 W with RP2350 (simulated)",
      firmware: "3.4.0; MicroPython v1.26.0", uniqueID: nil, heapFree: 390_000),
    client: ClientIdentity(
      path: "clients/ws.py", adapter: "async_websocketclient.py",
      files: ["ws.py": "a9993e364706816aba3e25717850c26c9cd0d89d"]),
    startedAt: 1_780_000_000, durationSeconds: 1.23456,
    cases: [
      result("1.passed", .passed), result("2.not-strict", .nonStrict, requirement: .should),
      result("3.informational", .informational, requirement: .may), failed, unsupported, inconclusive,
      referenceFailed,
    ], latency: LatencySummary(series: series), strays: [],
    boardEvents: [
      BoardEventRecord(
        kind: "attach", atSeconds: 0.001, durationSeconds: 0.2, succeeded: true, detail: "the prompt came")
    ], plannedCount: 7)

  /// Two demands that bind a client and are tested, one that is not, one that binds no client.
  private static let ruleIndex: RuleIndex = {
    let text = """
      {"schemaVersion": 1, "sections": [{"section": "5.6", "count": 4}], "entries": [
        {"section": "5.6", "ordinal": 1, "keyword": "MUST", "role": "both", "paraphrase": "Messages come whole.",
         "scenarios": ["1.passed", "5.*", "9.*", "2.ping"], "rules": ["message-delivered"]},
        {"section": "5.6", "ordinal": 2, "keyword": "MUST NOT", "role": "client", "paraphrase": "Pongs come.",
         "scenarios": ["5.failed"], "rules": ["pong-for-every-ping"]},
        {"section": "5.6", "ordinal": 3, "keyword": "MUST", "role": "client", "paraphrase": "Is <b>bold</b>.",
         "reason": "Nobody sees it."},
        {"section": "5.6", "ordinal": 4, "keyword": "MUST", "role": "server", "paraphrase": "Answers."}]}
      """
    guard let index = try? RuleIndex(json: Data(text.utf8)) else { preconditionFailure("the text is JSON") }
    return index
  }()

  static let series = [
    LatencySeries(
      endpoint: .device, measure: .roundTrip, payloadLength: nil, count: 3, minNanoseconds: 850,
      meanNanoseconds: 40_000, p50Nanoseconds: 12_345, p90Nanoseconds: 4_560_000,
      p99Nanoseconds: 1_200_000_000,
      p999Nanoseconds: 1_200_000_000, maxNanoseconds: 1_200_000_000),
    LatencySeries(
      endpoint: .device, measure: .roundTrip, payloadLength: 5, count: 3, minNanoseconds: 850,
      meanNanoseconds: 40_000, p50Nanoseconds: 12_345, p90Nanoseconds: 4_560_000,
      p99Nanoseconds: 1_200_000_000,
      p999Nanoseconds: 1_200_000_000, maxNanoseconds: 1_200_000_000),
  ]

  static func scenario(_ id: String, requirement: Requirement = .must) -> Scenario {
    Scenario(
      id: id, description: "Sends a text of five bytes.", expectation: "It is echoed.", rfc: "5.6",
      requirement: requirement,
      server: ServerScript([
        .sendFrame(FrameSpec(.text, "hello")), .expectMessage(kind: .text, payload: "hello"),
      ]))
  }

  static func violation(_ rule: String, _ sentence: String, _ requirement: Requirement = .must) -> Violation {
    Violation(rule: rule, rfc: "5.6", requirement: requirement, connection: "main", sentence: sentence)
  }

  static func result(_ id: String, _ verdict: Verdict, requirement: Requirement = .must) -> CaseResult {
    let broken = verdict == .passed ? [] : [violation("some-rule", "It did something else.", requirement)]
    return CaseResult(
      case: Case(scenario: scenario(id, requirement: requirement)),
      judgement: Judgement(verdict: verdict, violations: broken, reason: broken.first?.sentence), attempts: 1,
      durationSeconds: 0.0512345, device: trace(.device, echoes: true),
      reference: trace(.reference, echoes: true),
      serialLog: "0.1 < b'OK'\n", serverSHA1: "a9993e364706816aba3e25717850c26c9cd0d89d")
  }

  static let failed: CaseResult = {
    let sentence = "The client threw OSError(\"\(hostile)\")."
    var judgement = Judgement(
      verdict: .failed,
      violations: [
        violation("message-delivered", sentence), violation("close-answered", "It sent no Close."),
      ],
      reason: sentence)
    judgement.differences = [
      Difference(
        connection: "main", index: 2, device: nil, reference: "text hello", rule: "message-delivered")
    ]
    var device = trace(.device, echoes: false)
    device.client.foreignOutput = hostile
    var result = CaseResult(
      case: Case(scenario: scenario("5.failed"), delivery: .split), judgement: judgement, attempts: 2,
      durationSeconds: 0.9, device: device, reference: trace(.reference, echoes: true),
      boardEvents: [
        BoardEventRecord(
          kind: "soft reset", atSeconds: 0.7, durationSeconds: 0.1, succeeded: true,
          detail: "after \(hostile)")
      ], serialLog: "0.7 < b'\\x1b[31m'\n", isolation: .softReset)
    result.repeats = [.failed, .passed, .inconclusive]
    return result
  }()

  static let unsupported = CaseResult(
    case: Case(scenario: scenario("2.ping")),
    judgement: Judgement(verdict: .unsupported, reason: "The client's adapter does not support ping."),
    attempts: 1,
    durationSeconds: 0.1, device: trace(.device, echoes: true), reference: trace(.reference, echoes: true))

  static let inconclusive = CaseResult(
    case: Case(scenario: scenario("9.lost")),
    judgement: Judgement(verdict: .inconclusive, reason: "board sim: the link ended: killed by signal 9"),
    attempts: 2,
    durationSeconds: 0.4, device: nil, reference: trace(.reference, echoes: true))

  static let referenceFailed: CaseResult = {
    var result = Self.result("6.reference", .passed)
    result.judgement.referenceViolations = [violation("pong-for-every-ping", "The reference sent no Pong.")]
    return result
  }()

  /// A connection over TLS that TLS ends.
  static var secured: AttemptTrace {
    var wire = WireBuilder(opens: false)
    wire.note(
      .secured(
        TLSFacts(
          version: "TLSv1.2", cipher: "ECDHE-ECDSA-AES128-GCM-SHA256", group: "secp256r1",
          serverName: "localhost",
          clientSubject: "CN=board", handshakeNanoseconds: 1_000_000)))
    wire.note(
      .tlsFailed(reason: "could not read over TLS from x: the peer refused with alert 20 (bad record mac)"))
    return AttemptTrace(endpoint: .device, connections: [wire.trace], client: ClientTrace())
  }

  static func trace(_ endpoint: AttemptTrace.Endpoint, echoes: Bool) -> AttemptTrace {
    let hello = Array("hello".utf8)
    let digest = MessageDigest(
      isText: true, length: 5, sha1: "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d", head: hello)
    var wire = WireBuilder()
    wire.maskingKey = MaskingKey(0x37, 0xFA, 0x21, 0x3D)
    wire.server(.text, hello)
    var kinds: [ClientEvent.Kind] = [.connected(subprotocol: nil)]
    if echoes {
      wire.client(.text, hello)
      wire.close()
      kinds += [.message(digest), .sent(digest), .ended(closeCode: 1000, reason: "", wasClean: true)]
    } else {
      wire.client(bytes: [0x81, 0x85, 1, 2])
      wire.note(.receivedReset)
      wire.note(.expectationMissed(index: 1, reason: "the client reset the connection"))
      kinds += [.exception(ClientException(type: "OSError", message: hostile))]
    }
    let events = kinds.enumerated().map { index, kind in
      ClientEvent(
        microseconds: index * 100, task: "main", step: min(index, 1), connection: "main", kind: kind)
    }
    return AttemptTrace(
      endpoint: endpoint, connections: [wire.trace],
      client: ClientTrace(
        events: events, heapFreeBefore: endpoint == .device ? 300_000 : nil,
        heapFreeAfter: endpoint == .device ? 299_000 : nil,
        heartbeat: endpoint == .device
          ? .init(
            periodMicroseconds: 10_000, count: 5, longestGapMicroseconds: 11_000, countSinceLastEvent: 1)
          : nil)
    )
  }
}
