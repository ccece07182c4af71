import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import Verdicts
import WebSocketProtocol

@Suite("Verdicts")
struct JudgeTests {
  static let lawful = Attempt.open {
    $0.wire.server(.text, "hello"); $0.echoes("hello"); $0.closes()
  }

  private func judge(_ device: Attempt, reference: Attempt = lawful) -> Judgement {
    Judge.judge(case: device.case, device: device.trace, reference: reference.trace)
  }

  /// The examples by their names.
  static let examples = Dictionary(
    (BrokenFrameTests.frames + BrokenMessageTests.closings + BrokenMessageTests.endings).map {
      ($0.name, $0)
    },
    uniquingKeysWith: { first, _ in first })

  @Test(
    "from what was broken to the verdict",
    arguments: [
      ("a Close not answered", Verdict.failed),
      ("another code than the server's", .nonStrict),
      ("a code that the scenario does not allow", .informational),
      ("two Closes", .nonStrict),
      ("hung for no reason", .failed),
      ("a duty not supported", .failed),
    ])
  func verdict(_ name: String, _ verdict: Verdict) throws {
    let example = try #require(Self.examples[name])
    let judgement = judge(example.attempt)
    #expect(judgement.verdict == verdict)
    #expect(judgement.reason == judgement.violations.first?.sentence)
  }

  @Test("what the RFC makes optional may be unsupported", arguments: OptionalFeature.allCases)
  func unsupported(_ feature: OptionalFeature) {
    let device = Attempt.open(ClientScript([.connect(ConnectStep()), .ping(), .echo()])) {
      $0.app(.unsupported(step: feature.rawValue))
      $0.closes()
    }
    #expect(judge(device).verdict == .unsupported)
  }

  @Test("a word that only sounds like something optional talks nobody out of a duty")
  func unknownWords() {
    for word in ["stopping", "Ping", "close_code_check", ""] {
      let device = Attempt.open {
        $0.app(.unsupported(step: word))
        $0.closes()
      }
      #expect(device.broken == ["optional-only-unsupported"], "\(word)")
    }
  }

  @Test("an unusable trace is the bench's fault")
  func unusable() {
    var device = Self.lawful
    device.client.ending = .unusable(detail: "records incomplete")
    #expect(judge(device).verdict == .inconclusive)
    #expect(judge(device).reason == "records incomplete")
    #expect(judge(Self.lawful, reference: device).verdict == .inconclusive)
  }

  @Test("a message too big for the board's heap")
  func tooBig() {
    var device = Attempt.open {
      $0.wire.server(.binary, [UInt8](repeating: 1, count: 3000))
      $0.threw("MemoryError")
      $0.wire.note(.receivedEnd)
    }
    device.client.heapFreeBefore = 100_000
    #expect(judge(device).verdict == .failed)
    device.client.heapFreeBefore = 5000
    #expect(judge(device).verdict == .unsupported)
  }

  @Test("the reference is judged by the same rules")
  func referenceFails() throws {
    let broken = try #require(BrokenMessageTests.closings.first).attempt
    let judgement = judge(Self.lawful, reference: broken)
    #expect(judgement.verdict == .passed)
    #expect(judgement.referenceFailed)
    #expect(!judgement.agreesWithReference)
  }

  @Test("the strongest comes first and names the place")
  func order() throws {
    let device = Attempt.open {
      $0.wire.server(.pong, "p")
      $0.wire.client(.pong, "p")
      $0.wire.client(.pong, [], mask: .some(nil))
      $0.closes()
    }
    let found = judge(device).violations
    #expect(found.map(\.requirement) == [.must, .quality])
    let head = try #require(device.wire.trace.requestHeadLength)
    #expect(found.map(\.streamOffset) == [head + 7, head])
    #expect(
      found[0].sentence
        == "The client's Pong frame of 0 bytes is not masked. Every frame of a client is masked.")
  }
}
