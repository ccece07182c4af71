import Scenarios
import Traces
import Verdicts

/// What came of putting a case to the client, judged without its author's expectations.
struct Execution: Sendable {
  /// The device's trace; nil where there is none that can be judged.
  var trace: AttemptTrace?
  /// What the rules say of it.
  var examination: Examination
  /// What they say of the reference, where it went through the case too.
  var reference: Examination?
  /// The reference's trace.
  var referenceTrace: AttemptTrace?

  /// The rules that the client broke.
  var broken: [BrokenRule] { examination.broken }

  /// Whether the client broke that rule at that place.
  func shows(_ group: String) -> Bool { broken.contains { $0.group == group } }

  /// An execution that could not be made.
  init(obstacle: String) { examination = Examination(obstacle: obstacle) }

  /// Judges what came of the attempts.
  init(
    _ outcome: DeviceOutcome, reference: AttemptTrace?, of testCase: Case, limits: ResourceLimits
  ) {
    self.reference = reference.map { Judge.examine(case: testCase, trace: $0, limits: limits) }
    referenceTrace = reference
    switch outcome {
    case .traced(let trace):
      self.trace = trace
      examination = Judge.examine(case: testCase, trace: trace, limits: limits)
    case .boardLost:
      let judgement = outcome.judgement(of: testCase, reference: AttemptTrace.none, limits: limits)
      examination =
        judgement.violations.first.map(Examination.init(boardLost:))
        ?? Examination(obstacle: judgement.reason ?? "")
    case .lost(let failure, _), .quarantined(let failure, _):
      examination = Examination(obstacle: "\(failure)")
    case .unusable(let reason), .unsupported(let reason): examination = Examination(obstacle: reason)
    }
  }
}

extension AttemptTrace {
  /// The trace of a reference that did not take part.
  fileprivate static let none = AttemptTrace(endpoint: .reference, connections: [], client: ClientTrace())
}
