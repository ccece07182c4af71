import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import WebSocketProtocol

@testable import Verdicts

@Suite("What a client costs the board")
struct ResourceRulesTests {
  private typealias Measurement = ClientEvent.Measurement

  /// A case in which everything is in order, and the board was measured: these figures, one after the other.
  private static func measured(
    _ measurements: [Measurement], _ change: (inout Attempt) -> Void = { _ in }
  ) -> Attempt {
    .open {
      for measurement in measurements {
        $0.wire.server(.text, "hello")
        $0.echoes("hello")
        $0.app(.measured(measurement))
      }
      $0.closes()
      change(&$0)
    }
  }

  private static func free(_ figures: [Int]) -> [Measurement] { figures.map { Measurement(heapFree: $0) } }
  private static func gaps(_ figures: [Int]) -> [Measurement] {
    figures.map { Measurement(longestGapMicroseconds: $0) }
  }

  static let examples: [Example] = [
    Example(
      "memory kept at each repeat", breaks: ["memory-leak:QUALITY"],
      measured(free([300_000, 290_000, 289_800, 289_600, 289_440, 289_200, 289_000]))),
    Example(
      "less free after the case", breaks: ["memory-returned:QUALITY"],
      measured(free([300_000])) {
        $0.client.heapFreeBefore = 300_000
        $0.client.heapFreeAfter = 291_000
      }),
    Example(
      "the heap in small pieces", breaks: ["memory-whole:QUALITY"],
      measured(free([300_000])) {
        $0.client.largestFreeBlockBefore = 100_000
        $0.client.largestFreeBlockAfter = 39_000
      }),
    Example(
      "much allocated for each message", breaks: ["memory-thrifty:QUALITY"],
      measured([Measurement(), Measurement(allocated: 30_000), Measurement(allocated: 13_000)])),
    Example(
      "out of memory", breaks: ["memory-checked:QUALITY"],
      .open {
        $0.threw("MemoryError")
        $0.closes()
      }),
    Example(
      "a loop kept busy each time", breaks: ["loop-kept-free:QUALITY"],
      measured(gaps([1000, 75_000, 61_000, 90_000]))),
  ]

  @Test("each broken limit is found, alone", arguments: examples)
  func broken(_ example: Example) {
    #expect(example.attempt.broken == example.broken, "\(example.attempt.violations)")
  }

  static let kept: [(String, Attempt)] = [
    (
      "a buffer that grew twice is no leak",
      measured(free([300_000, 296_000, 291_500, 291_500, 291_468, 291_500, 291_500, 291_500]))
    ),
    (
      "one repeat that kept much is no leak",
      measured(free([300_000, 299_000, 298_968, 280_000, 279_990, 279_968, 279_968]))
    ),
    ("too few repeats show nothing", measured(free([300_000, 290_000, 280_000, 270_000, 260_000]))),
    ("one gap that was short will do", measured(gaps([500_000, 300_000, 59_000, 300_000]))),
    ("two gaps show nothing", measured(gaps([1000, 75_000, 75_000]))),
    (
      "the thriftiest repeat counts",
      measured([Measurement(), Measurement(allocated: 100_000), Measurement(allocated: 12_000)])
    ),
    (
      "a heap that nobody measured in the case is not judged",
      .open {
        $0.closes()
        $0.client.heapFreeBefore = 300_000
        $0.client.heapFreeAfter = 1000
      }
    ),
    (
      "a connection that opens may allocate",
      .open {
        $0.app(.measured(Measurement()))
        $0.app(.connected(subprotocol: nil))
        $0.app(.measured(Measurement(allocated: 40_000)))
        $0.closes()
      }
    ),
  ]

  @Test("what is chance, or was not measured, breaks nothing", arguments: kept)
  func notBroken(_ name: String, _ attempt: Attempt) {
    #expect(attempt.broken == [], "\(name): \(attempt.violations)")
  }

  @Test("a user's limits take the place of the rig's")
  func limits() {
    let attempt = Self.measured(Self.gaps([1000, 75_000, 61_000, 90_000]))
    let limits = ResourceLimits(gapMilliseconds: 61)
    #expect(Judge.violations(case: attempt.case, trace: attempt.trace, limits: limits) == [])
    let judgement = Judge.judge(
      case: attempt.case, device: attempt.trace, reference: attempt.trace, limits: limits)
    #expect(judgement.verdict == .passed)
    let strict = Judge.violations(
      case: attempt.case, trace: attempt.trace, limits: ResourceLimits(gapMilliseconds: 20))
    #expect(
      strict.map(\.sentence) == [
        "In each of 3 repeats the client let no other task run for at least 61 ms; the limit is 20 ms."
      ])
  }

  @Test(
    "a missed limit is nonStrict, and told beside a broken MUST too: clients that never send a Close hid what they cost"
  )
  func verdict() {
    let attempt = Self.measured(Self.gaps([1000, 75_000, 61_000, 90_000]))
    #expect(
      Judge.judge(case: attempt.case, device: attempt.trace, reference: attempt.trace).verdict == .nonStrict)
    let failing = Self.measured(Self.gaps([1000, 75_000, 61_000, 90_000])) {
      $0.wire.client(.pong, [], mask: .some(nil))
    }
    #expect(failing.broken == ["client-frame-masked", "loop-kept-free:QUALITY"])
  }

  @Test("a limit that a heap in pieces may have set is doubtful, one beside a large free block is not")
  func limitInPieces() {
    for (largest, isDoubtful) in [(9, true), (10, false), (nil, false)] {
      var attempt = Attempt.open {
        $0.wire.server(.text, "hello")
        $0.wire.clientClose(1009)
        $0.wire.end()
        $0.ended()
      }
      attempt.scenario.server = ServerScript([.sendFrame(FrameSpec(.text, .text("hello")))])
      attempt.client.largestFreeBlockBefore = largest
      let judgement = Judge.judge(case: attempt.case, device: attempt.trace, reference: attempt.trace)
      #expect(judgement.verdict == .nonStrict && judgement.restsOnMemoryAlone == isDoubtful)
    }
  }

  @Test("the middle of all slopes is not tilted by outliers")
  func slope() {
    #expect(MedianSlope.of([]) == 0 && MedianSlope.of([7]) == 0)
    #expect(MedianSlope.of([1, 3, 5, 7]) == 2)
    #expect(MedianSlope.of([0, 1, 2, 1000, 4, 5, 6]) == 1)
    #expect(MedianSlope.median([3, 1]) == 2 && MedianSlope.median([9, 1, 5]) == 5)
  }
}
