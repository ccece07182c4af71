import Scenarios
import Synchronization
import Traces

/// For many runs of which only the verdicts are wanted: no comparison with the reference, no latency, no traces in the results; and
/// the reference goes through each case once for all of them, as far as there is room for its traces. They are those of one seed.
public final class RunThrift: Sendable {
  private struct Kept {
    var traces: [String: AttemptTrace] = [:]
    var byteCount = 0
  }

  private let kept = Mutex(Kept())

  /// How much of captured streams is kept. What finds no more room is made anew each time, which takes time but changes nothing.
  private static let mostBytes = 16 << 20

  /// Creates one that knows no trace yet.
  public init() {}

  /// The reference's trace of a case, where one of the runs has made it and it was kept.
  func trace(of testCase: Case) -> AttemptTrace? { kept.withLock { $0.traces[testCase.id] } }

  /// Keeps the reference's trace of a case, if there is room.
  func keep(_ trace: AttemptTrace, of testCase: Case) {
    let count = trace.capturedByteCount
    kept.withLock { kept in
      guard kept.traces[testCase.id] == nil, kept.byteCount + count <= Self.mostBytes else { return }
      kept.byteCount += count
      kept.traces[testCase.id] = trace
    }
  }
}

extension AttemptTrace {
  /// What its streams take in memory.
  fileprivate var capturedByteCount: Int {
    connections.reduce(0) { $0 + $1.clientStream.bytes.count + $1.serverStream.bytes.count }
  }
}
