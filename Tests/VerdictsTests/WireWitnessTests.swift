import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import Verdicts
import WebSocketProtocol

@Suite("A client that says nothing of itself is judged by the wire")
struct WireWitnessTests {
  private func judge(_ attempt: Attempt, reference: Attempt? = nil) -> Judgement {
    let connections = attempt.wires.map(\.trace)
    let reference = reference ?? attempt
    return Judge.judge(case: attempt.case, wire: connections, reference: reference.trace).judgement
  }

  /// The examples of lawful clients whose side is an echo loop.
  static let lawful =
    (KeptTests.echoes + KeptTests.pings + KeptTests.failures + KeptTests.closings + KeptTests.openings)
    .filter { $0.attempt.scenario.client == .echo && $0.attempt.wires.count == 1 }

  @Test("a lawful client raises no alarm", arguments: lawful)
  func noFalseAlarm(_ example: Example) {
    #expect(judge(example.attempt).violations == [])
  }

  /// What only the application can tell.
  private static let unseen: Set = ["message-after-violation"]

  /// Defects that the wire shows by itself, each with the rules that tell of it.
  static let unlawful = (BrokenFrameTests.frames + BrokenMessageTests.failures + BrokenMessageTests.closings)
    .filter {
      $0.attempt.scenario.client == .echo && $0.attempt.wires.count == 1 && !unseen.isSuperset(of: $0.broken)
    }

  @Test("what is broken on the wire is found without the client's word", arguments: unlawful)
  func finds(_ example: Example) {
    let found = Set(judge(example.attempt).violations.map(\.rule))
    let told = Set(example.broken.map { String($0.prefix { $0 != ":" }) })
    #expect(!found.isDisjoint(with: told), "\(found.sorted()) in place of \(told.sorted())")
  }

  /// A server that sends a message and waits for its echo.
  private static func awaitingEcho(_ build: (inout Attempt) -> Void) -> Attempt {
    var attempt = Attempt.make { build(&$0) }
    attempt.scenario.server = ServerScript([
      .sendFrame(FrameSpec(.text, "hello")), .expectMessage(kind: .text, payload: "hello"),
    ])
    return attempt
  }

  private static let echoed = awaitingEcho {
    $0.connected()
    $0.wire.server(.text, "hello"); $0.echoes("hello"); $0.closes()
  }

  private static let silent = awaitingEcho {
    $0.wire.server(.text, "hello")
    $0.wire.note(.deadlinePassed(index: 1))
    $0.wire.end()
  }

  @Test("an echo that never comes is found, where the server waited for it")
  func missing() {
    let judgement = judge(Self.silent, reference: Self.echoed)
    #expect(judgement.verdict == .failed)
    #expect(judgement.violations.map(\.rule) == ["echo-missing"])
    #expect(judgement.violations.first?.sentence.contains("text message of 5 bytes \"hello\"") == true)
  }

  @Test("an echo of something else is found")
  func altered() {
    let device = Self.awaitingEcho {
      $0.wire.server(.text, "hello"); $0.wire.client(.text, "jello"); $0.wire.close()
    }
    let judgement = judge(device, reference: Self.echoed)
    #expect(judgement.verdict == .failed)
    #expect(judgement.violations.map(\.rule) == ["echo-as-sent"])
  }

  @Test("text that comes back as binary data is found")
  func otherType() {
    let device = Self.awaitingEcho {
      $0.wire.server(.text, "hello"); $0.wire.client(.binary, "hello"); $0.wire.close()
    }
    #expect(judge(device, reference: Self.echoed).violations.map(\.rule) == ["echo-as-sent"])
  }

  @Test("a client that leaves a lawful answer without a word has not opened the connection")
  func neverOpened() {
    let device = Self.awaitingEcho { $0.wire.note(.receivedEnd) }
    #expect(judge(device, reference: Self.echoed).violations.map(\.rule) == ["opening-accepted"])
  }

  @Test("where a client may refuse, to leave behind the server's first frame is to have refused")
  func mayRefuse() {
    var device = Attempt.make {
      $0.wire.server(.close, [0x03, 0xE8])
      $0.wire.note(.receivedEnd)
    }
    #expect(judge(device).violations.map(\.rule) == ["close-answered"])
    device.scenario.expected.opening = .either
    #expect(judge(device).violations == [])
  }

  @Test(
    "what a client sends back shows that it had been given it: from behind a violation, that is one too many")
  func deliveredBehindViolation() {
    let device = Attempt.make {
      $0.wire.server(.text, Array("a".utf8), reservedBits: 4)
      $0.wire.server(.text, "b")
      $0.wire.client(.text, "a")
      $0.wire.client(.text, "b")
      $0.wire.end()
    }
    #expect(judge(device).violations.map(\.rule).contains("message-after-violation"))
  }

  @Test("another URL than the scenario's is no fault, and what was inferred is in the trace")
  func otherURL() {
    let target = "/runCase?case=1&agent=a%20b"
    let device = Self.awaitingEcho {
      $0.wires = [WireBuilder(opens: false)]
      $0.wire.request(["GET \(target) HTTP/1.1"] + WireBuilder.requestLines.dropFirst())
      $0.wire.respond()
      $0.wire.server(.text, "hello"); $0.wire.client(.text, "hello"); $0.wire.close()
    }
    let (judgement, trace) = Judge.judge(
      case: device.case, wire: device.wires.map(\.trace), reference: Self.echoed.trace)
    #expect(judgement.verdict == .passed && !judgement.referenceFailed)
    #expect(judgement.agreesWithReference)
    let digest = MessageDigest(isText: true, payload: Array("hello".utf8))
    #expect(
      trace.client.events.map(\.kind) == [
        .connected(subprotocol: nil), .message(digest), .sent(digest),
        .ended(closeCode: nil, reason: nil, wasClean: nil),
      ])
  }
}
