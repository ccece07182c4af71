import Bench
import Foundation
import Reports
import Results

/// A run and the folder that its reports go to.
struct ReportedRun: Sendable {
  var plan: RunConfiguration
  let folder: ReportFolder
  /// Why there is no board to begin with; nil where there is one.
  var missing: MissingBoard?
  /// Adds to a result what only the command line knows.
  let finish: @Sendable (inout RunResult, [BenchBoard]) -> Void

  /// How a run ended.
  struct End: Sendable {
    /// Its first board.
    let board: BenchBoard
    /// With a result, whose reports are written, or before its first case.
    let end: Result<RunResult, any Error>
    /// What its reports say where a board was not ready; nil where there are none.
    var unready: RunResult?
  }

  /// Carries the runs out, all at a time.
  static func run(_ parts: [ReportedRun], _ progress: LiveProgress) async -> [End] {
    await sideBySide(parts) { await $0.run(progress) }
  }

  private func run(_ progress: LiveProgress) async -> End {
    let start = Date()
    defer { folder.abandon() }
    do {
      return End(board: plan.boards[0], end: .success(try await result(progress)))
    } catch let missing as MissingBoard {
      return End(
        board: plan.boards[0], end: .failure(missing), unready: reportUnready(because: missing, since: start))
    } catch {
      return End(board: plan.boards[0], end: .failure(error))
    }
  }

  private func result(_ progress: LiveProgress) async throws -> RunResult {
    if let missing { throw missing }
    var plan = plan
    plan.serialLog = folder.serialLog
    let board = plan.boards[0].id
    var result = try await ConformanceRun(plan) { [folder] in
      // What cannot be written now cannot be written at the end either, which then says so.
      try? Self.keep($0, in: folder)
      progress.receive($0, from: board)
    }.run()
    finish(&result, plan.boards)
    try folder.begin()
    try folder.write(RunReport.files(of: result, folder: folder.name, hasTraces: false))
    return result
  }

  /// Writes what an event tells, before the user hears of it.
  private static func keep(_ event: RunEvent, in folder: ReportFolder) throws {
    switch event {
    case .started: try folder.begin()
    case .caseEnded(let result): try folder.write(RunReport.traceFiles(of: result))
    case .troubleBeside(let result): try folder.write(RunReport.blackBoxFiles(of: result))
    default: break
    }
  }

  /// Writes the reports of the run where a board was not ready: every case is inconclusive, and a black box has what is known.
  /// - Returns: what they say; nil where they could not be written, which the user is told beside the missing board.
  private func reportUnready(because missing: MissingBoard, since start: Date) -> RunResult? {
    var result = plan.unready(because: missing, since: start)
    finish(&result, plan.boards)
    do {
      try folder.begin()
      for outcome in result.cases { try folder.write(RunReport.traceFiles(of: outcome)) }
      try folder.write(RunReport.files(of: result, folder: folder.name, hasTraces: false))
      return result
    } catch {
      Console.complain("\(error)")
      return nil
    }
  }
}

/// The ends of all runs of a command.
struct RunEnds {
  private let ends: [ReportedRun.End]
  private let folder: ReportFolder
  private let isSeparate: Bool

  /// - Parameters:
  ///   - folder: the report folder of all of them.
  ///   - isSeparate: whether each has a folder of its own in it.
  init(_ ends: [ReportedRun.End], folder: ReportFolder, isSeparate: Bool) {
    self.ends = ends
    self.folder = folder
    self.isSeparate = isSeparate
  }

  /// All runs as one, where each of several boards has one; otherwise nil. Boards that were not ready are in it where no other came to
  /// a case.
  var joined: RunResult? {
    guard isSeparate else { return nil }
    let missing = ends.filter { if case .failure = $0.end { true } else { false } }.map(\.board.id)
    if let joined = RunResult.joined(runs { try? $0.end.get() }, missing: missing) { return joined }
    var unready = RunResult.joined(runs(\.unready))
    unready?.lostBoards = missing
    return unready
  }

  private func runs(_ result: (ReportedRun.End) -> RunResult?) -> [BoardRun] {
    ends.compactMap { run in
      result(run).map { BoardRun(id: run.board.id, folder: run.board.fileName, result: $0) }
    }
  }

  /// Says what came of each run.
  /// - Returns: the worst of their statuses.
  /// - Throws: what kept the only run from its first case.
  func tell(wasInterrupted: Bool) throws -> ExitStatus {
    guard isSeparate else {
      if ends[0].unready != nil { Console.say("Reports: \(folder.publish())") }
      let result = try ends[0].end.get()
      say(result, folder: folder.publish())
      return wasInterrupted ? .interrupted : result.outcome.exitStatus
    }
    var statuses: [ExitStatus] = []
    let path = folder.publish()
    for run in ends {
      Console.say("\n== \(run.board.id)")
      switch run.end {
      case .success(let result):
        say(result, folder: "\(path)/\(run.board.fileName)")
        statuses.append(result.outcome.exitStatus)
      case .failure(let error):
        statuses.append(WSRig.report(error))
        if run.unready != nil { Console.say("Reports: \(path)/\(run.board.fileName)") }
      }
    }
    // What cannot be used at all first, then failures, then what is not known.
    let worst = [ExitStatus.usage, .caseFailed, .inconclusive].first(where: statuses.contains) ?? .success
    return wasInterrupted ? .interrupted : worst
  }

  private func say(_ result: RunResult, folder: String) {
    Console.say("\n" + TerminalReport(style: Console.style).summary(of: result, reportFolder: folder))
  }
}
