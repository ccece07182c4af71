import Results
import Scenarios
import Verdicts

/// The boards of a run. Each case goes to whichever is free; a board that is given up leaves, and another one takes its case over.
actor Crew {
  /// All boards, those that were given up included.
  nonisolated let workers: [Worker]
  /// How many attempts all of them together play at a time.
  nonisolated var lanes: Int { workers.reduce(0) { $0 + $1.setup.device.lanes } }

  /// One entry for each attempt that a board could begin now, by the board's index.
  private var free: [Int]
  private var waiting: [CheckedContinuation<Int, Never>] = []
  private var lost: Set<Int> = []

  init(_ workers: [Worker]) {
    self.workers = workers
    let most = workers.map(\.setup.device.lanes).max() ?? 1
    // Turn about, so that the first cases go to different boards.
    free = (0..<most).flatMap { lane in
      workers.indices.filter { lane < workers[$0].setup.device.lanes }
    }
  }

  /// Runs a case on the board of that id, if it is free, otherwise on the next that is. What a board was given up in runs once more
  /// on another one; a case that costs two boards costs no third.
  nonisolated func run(
    _ testCase: Case, tokens: AttemptTokens, preferring id: String? = nil
  ) async -> CaseResult {
    let index = await take(id)
    let first = await workers[index].run(testCase, tokens: tokens)
    guard workers[index].isLost, first.judgement.verdict == .inconclusive, await leave(index) else {
      await release(index)
      return first
    }
    let other = await take(nil)
    let second = await workers[other].run(testCase, tokens: tokens)
    await release(other)
    return second.after(first)
  }

  /// The ids of the boards that were given up.
  nonisolated var lostIDs: [String] { workers.filter(\.isLost).map { $0.id ?? $0.record.selector } }

  private func take(_ id: String?) async -> Int {
    if free.isEmpty { return await withCheckedContinuation { waiting.append($0) } }
    let wanted = id.flatMap { id in free.firstIndex { workers[$0].id == id } }
    return free.remove(at: wanted ?? 0)
  }

  private func release(_ index: Int) {
    // The last one stays although it is lost: it says of every case that follows why it could not run.
    if lost.contains(index) || (workers[index].isLost && depart(index)) { return }
    if waiting.isEmpty { free.append(index) } else { waiting.removeFirst().resume(returning: index) }
  }

  /// Takes a board out that is lost; false where no other would be left.
  private func leave(_ index: Int) -> Bool { lost.contains(index) || depart(index) }

  private func depart(_ index: Int) -> Bool {
    guard lost.count + 1 < workers.count else { return false }
    lost.insert(index)
    free.removeAll { $0 == index }
    return true
  }
}
