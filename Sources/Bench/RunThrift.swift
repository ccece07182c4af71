import Scenarios
import Synchronization
import Traces

/// For many runs of which only the verdicts are wanted: no comparison with the reference, no latency, no traces in the results; and
/// the reference goes through each case once for all of them. Its traces are those of one seed.
public final class RunThrift: Sendable {
  private let traces = Mutex<[String: AttemptTrace]>([:])

  /// Creates one that knows no trace yet.
  public init() {}

  /// The reference's trace of a case, where one of the runs has made it.
  func trace(of testCase: Case) -> AttemptTrace? { traces.withLock { $0[testCase.id] } }

  /// Keeps the reference's trace of a case.
  func keep(_ trace: AttemptTrace, of testCase: Case) { traces.withLock { $0[testCase.id] = trace } }
}
