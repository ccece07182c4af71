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

  /// How the client broke that rule at that place; nil where it did not.
  func finding(of group: String) -> BrokenRule? { examination.finding(of: group) }

  /// Whether it did.
  func shows(_ group: String) -> Bool { finding(of: group) != nil }

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

extension Examination {
  /// What was broken of that group; nil where nothing was.
  func finding(of group: String) -> BrokenRule? { broken.first { $0.group == group } }
}
