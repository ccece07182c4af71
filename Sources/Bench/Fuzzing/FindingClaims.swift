import Results
import Verdicts

/// Which groups of findings are looked into, and by whom: each by one board at a time, and none for ever.
struct FindingClaims {
  /// The groups that a board is looking into, each with the finding.
  private(set) var claimed: [String: UnrepeatedFinding] = [:]
  private var sightings: [String: Int] = [:]
  private var attempts: [String: Int] = [:]

  /// Whether this sighting of a finding is to be looked into by the one who asks.
  ///
  /// One that did not come back is chance, or needs what earlier cases have left: it is looked into again at its second sighting after
  /// that, then at the fourth, the eighth and so on, so that it costs ever less and yet hides nothing that does come back.
  mutating func claim(_ finding: BrokenRule, in testCase: String) -> Bool {
    guard claimed[finding.group] == nil else { return false }
    sightings[finding.group, default: 0] += 1
    guard sightings[finding.group, default: 0] >= 1 << min(attempts[finding.group, default: 0], 30) else {
      return false
    }
    sightings[finding.group] = 0
    claimed[finding.group] = UnrepeatedFinding(finding, in: testCase)
    return true
  }

  /// A finding did not come back.
  mutating func takeFlaky(_ group: String) {
    claimed[group] = nil
    attempts[group, default: 0] += 1
  }

  /// A finding was believed, or is looked into no more.
  mutating func release(_ group: String) { claimed[group] = nil }
}

/// The repeats of a case until it is clear whether a finding comes back often enough.
struct Repeats {
  /// So many of the tries must show it.
  let wanted: Int
  /// So many tries there are at most.
  let most: Int
  private(set) var hits = 0
  private(set) var tries = 0

  init(wanted: Int, of most: Int) {
    self.wanted = wanted
    self.most = most
  }

  /// Whether it came back often enough.
  var isConfirmed: Bool { hits >= wanted }
  /// Whether another try can change the outcome.
  var goesOn: Bool { !isConfirmed && tries - hits <= most - wanted }

  /// Takes the outcome of a try.
  mutating func take(isHit: Bool) {
    tries += 1
    if isHit { hits += 1 }
  }
}
