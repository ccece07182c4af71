import Results
import Scenarios
import Testing
import Verdicts

@Suite("What several boards come to")
struct SeveralBoardsTests {
  private static let testCase = Case(scenario: Catalogue.all[0])

  private static func trouble(attempt: Int, _ reason: String) -> BenchTrouble {
    BenchTrouble(kind: .quarantine, attempt: attempt, reason: reason, serialLog: "", trace: nil)
  }

  private static func event(_ kind: String, of board: String) -> BoardEventRecord {
    BoardEventRecord(kind: kind, atSeconds: 1, durationSeconds: 1, succeeded: false, detail: "").of(
      board: board)
  }

  @Test("a board that was given up, whose case another one took over, left no black box")
  func takenOver() {
    var first = CaseResult(notRun: Self.testCase, .inconclusive, because: "x was lost.", durationSeconds: 3)
    first.attempts = 2
    first.troubles = [Self.trouble(attempt: 0, "before"), Self.trouble(attempt: 2, "x was lost")]
    first.boardEvents = [Self.event("quarantined", of: "x")]
    var second = CaseResult(notRun: Self.testCase, .passed, because: "", durationSeconds: 2)
    second.attempts = 1
    second.board = "y"
    second.troubles = [Self.trouble(attempt: 0, "earlier"), Self.trouble(attempt: 1, "y too")]
    second.boardEvents = [Self.event("interrupt", of: "y")]
    let whole = second.after(first)
    #expect(whole.judgement.verdict == .passed && whole.board == "y")
    #expect(whole.attempts == 3 && whole.durationSeconds == 5)
    #expect(whole.troubles.map(\.reason) == ["before", "x was lost", "earlier", "y too"])
    #expect(whole.troubles.map(\.attempt) == [0, 2, 0, 3])
    #expect(whole.boardEvents.map(\.name) == ["x quarantined", "y interrupt"])
  }

  private static func run(isWithoutBoard: Bool) -> RunResult {
    var run = RunResult(
      tool: "", seed: 1, board: BoardRecord(selector: "sim", kind: .simulated, machine: "", firmware: ""),
      client: ClientIdentity(path: "", adapter: "", files: [:]), startedAt: 0, plannedCount: 1)
    run.cases = [CaseResult(notRun: testCase, .passed, because: "")]
    run.isWithoutBoard = isWithoutBoard
    return run
  }

  @Test("with --each, results of all boards did not name one that was given up on the way")
  func lostOnTheWay() {
    let runs = ["x": true, "y": false].sorted { $0.key < $1.key }.map { id, isLost in
      BoardRun(id: id, folder: id, result: Self.run(isWithoutBoard: isLost))
    }
    let joined = RunResult.joined(runs, missing: ["z"])
    #expect(joined?.lostBoards == ["z", "x"] && joined?.plannedCount == 3)
    #expect(RunResult.joined(Array(runs.suffix(1)))?.lostBoards == [])
  }
}
