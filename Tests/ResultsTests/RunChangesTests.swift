import Results
import Testing
import Verdicts

@Suite("What changed from one run to another")
struct RunChangesTests {
  private func changes(_ old: [RecordedCase], _ new: [RecordedCase]) throws -> RunChanges {
    let today = try #require(CalendarDay("2026-11-26"))
    return RunChanges(from: recorded(old), named: "the old run", to: recorded(new), today: today)
  }

  private func difference(_ device: String) -> Difference {
    Difference(connection: "main", index: 0, device: device, reference: "Close 1002")
  }

  @Test("the same run twice has no changes")
  func same() throws {
    let rows = [RecordedCase(id: "1.a", verdict: .passed), RecordedCase(id: "1.b", verdict: .failed)]
    let changes = try changes(rows, rows)
    #expect(changes.cases.isEmpty && changes.unchangedCount == 2 && changes.outcome == .allWell)
  }

  @Test("verdicts, added and removed cases; new failures are regressions, mended ones are not")
  func verdicts() throws {
    let changes = try changes(
      [
        RecordedCase(id: "1.a", verdict: .passed), RecordedCase(id: "1.b", verdict: .failed),
        RecordedCase(id: "1.gone", verdict: .passed),
      ],
      [
        RecordedCase(id: "1.a", verdict: .failed), RecordedCase(id: "1.b", verdict: .passed),
        RecordedCase(id: "1.new", verdict: .nonStrict),
      ])
    #expect(changes.cases.map(\.case) == ["1.a", "1.b", "1.new", "1.gone"])
    #expect(changes.regressions.map(\.case) == ["1.a"] && changes.outcome == .caseFailed)
  }

  @Test(
    "frames that differ from the reference's in another way than before are a change, whatever the masking key of a cut frame"
  )
  func frames() throws {
    var (old, new) = (RecordedCase(id: "1.a", verdict: .failed), RecordedCase(id: "1.a", verdict: .failed))
    old.differences = [difference("incomplete frame: 82 fe 01"), difference("Close 1000")]
    new.differences = [difference("incomplete frame: 82 fe 02"), difference("nothing more")]
    #expect(
      try changes([old], [new]).cases.map(\.frames) == [["nothing more where the reference has Close 1002"]])
  }

  @Test("where each board ran all cases, what failed on one of them is new on another")
  func boards() throws {
    func run(_ verdicts: [(board: String, verdict: Verdict)]) -> RecordedRun {
      var run = recorded(
        verdicts.map { board, verdict in
          var row = RecordedCase(id: "1.a", verdict: verdict)
          row.board = board
          return row
        })
      run.each = true
      return run
    }
    let old = run([("x", .failed), ("y", .passed)])
    let today = try #require(CalendarDay("2026-11-26"))
    let new = run([("x", .failed), ("y", .failed)])
    let changes = RunChanges(from: old, named: "the old run", to: new, today: today)
    #expect(changes.cases.map(\.case) == ["1.a on y"] && changes.regressions.count == 1)
    #expect(changes.unchangedCount == 1 && changes.outcome == .caseFailed)
    let mended = RunChanges(from: new, named: "the old run", to: old, today: today)
    #expect(mended.cases.map(\.case) == ["1.a on y"] && mended.outcome == .allWell)
  }

  @Test("what the new run cannot tell is no regression, and no success either")
  func inconclusive() throws {
    let changes = try changes(
      [RecordedCase(id: "1.a", verdict: .passed)], [RecordedCase(id: "1.a", verdict: .inconclusive)])
    #expect(
      changes.inconclusive == ["1.a"] && changes.regressions.isEmpty && changes.outcome == .inconclusive)
  }
}
