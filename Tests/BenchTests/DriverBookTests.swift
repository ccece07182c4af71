import Autobahn
import Results
import Scenarios
import Steps
import Synchronization
import Testing
import Verdicts

@testable import Bench

@Suite("What is known of driven clients")
struct DriverBookTests {
  private let cases = ["1.a", "1.b"].map { id in
    Case(
      scenario: Scenario(
        id: id, description: "d", expectation: "e", rfc: "5.6", requirement: .must, server: ServerScript([])))
  }

  private func result(_ index: Int, _ verdict: Verdict) -> CaseResult {
    CaseResult(
      case: cases[index], judgement: Judgement(verdict: verdict), attempts: 1, durationSeconds: 0,
      device: nil,
      reference: nil)
  }

  /// What somebody was told, in order.
  private final class Told: Sendable {
    private let words = Mutex<[String]>([])
    var all: [String] { words.withLock { $0 } }
    func note(_ word: String) { words.withLock { $0.append(word) } }
  }

  @Test("whoever asks for a verdict waits while the case is under way, also when it was begun again")
  func waits() {
    let book = DriverBook(cases: cases, seed: 1)
    let told = Told()
    book.whenJudged(0, of: "a") { told.note($0?.rawValue ?? "nothing") }
    #expect(told.all == ["nothing"])
    book.begin(0, of: "a")
    book.begin(0, of: "a")
    book.whenJudged(0, of: "a") { told.note($0?.rawValue ?? "nothing") }
    _ = book.end(0, of: "a", result(0, .failed), wire: nil)
    #expect(told.all == ["nothing"])
    _ = book.end(0, of: "a", result(0, .passed), wire: nil)
    #expect(told.all == ["nothing", "OK"])
  }

  @Test("reports wait for all cases of their agent, not for those of others")
  func idle() {
    let book = DriverBook(cases: cases, seed: 1)
    let told = Told()
    for index in cases.indices { book.begin(index, of: "a") }
    book.begin(0, of: "b")
    book.whenIdle("a") { told.note("a") }
    _ = book.end(1, of: "a", result(1, .passed), wire: nil)
    #expect(told.all == [])
    _ = book.end(0, of: "a", result(0, .passed), wire: nil)
    #expect(told.all == ["a"])
  }

  @Test(
    "the end waits for the cases of all agents, of whom it knows which are in one, and no case begins before it"
  )
  func finish() {
    let book = DriverBook(cases: cases, seed: 1)
    let told = Told()
    book.begin(0, of: "a")
    book.begin(1, of: "b")
    #expect(book.agentsUnderWay == ["a", "b"] && !book.isEnding)
    book.finish { told.note("end") }
    #expect(book.isEnding)
    _ = book.end(0, of: "a", result(0, .passed), wire: nil)
    #expect(told.all == [] && book.agentsUnderWay == ["b"])
    _ = book.end(1, of: "b", result(1, .passed), wire: nil)
    #expect(told.all == ["end"] && book.agentsUnderWay == [])
    book.finish { told.note("again") }
    #expect(told.all == ["end", "again"])
  }

  @Test("each agent has a run of its own, its cases in order; what ends after the close counts no more")
  func runs() {
    let book = DriverBook(cases: cases, seed: 1)
    for (index, agent) in [(1, "b"), (0, "b"), (0, "a")] {
      book.begin(index, of: agent)
      #expect(book.end(index, of: agent, result(index, .passed), wire: nil))
    }
    book.begin(1, of: "a")
    book.close()
    #expect(!book.end(1, of: "a", result(1, .failed), wire: nil))
    let runs = book.runs
    #expect(runs.map(\.agent) == ["b", "a"])
    #expect(runs.map { $0.result.cases.map(\.case.id) } == [["1.a", "1.b"], ["1.a"]])
    #expect(runs.map(\.result.plannedCount) == [2, 2])
    #expect(runs[0].result.outcome == .allWell && runs[1].result.outcome == .inconclusive)
  }
}
