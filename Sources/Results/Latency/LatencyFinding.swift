import Latency
import Steps
import Traces

/// Something about a latency run that its numbers do not say by themselves.
public struct LatencyFinding: Sendable, Hashable, Codable {
  /// What it is.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// The client writes a frame in pieces with Nagle's algorithm on, and waits for the acknowledgement of the first.
    case stalledWrites
    /// The client writes a frame in pieces, and waits between them by itself.
    case piecewiseWrites
    /// The client's TCP holds acknowledgements back.
    case delayedAcknowledgements
    /// The kernel does not tell when bytes leave.
    case noKernelInstants
    /// The server could not keep its own schedule.
    case lateSchedule
    /// The computer had other work.
    case busyComputer
    /// The processor's frequency changes with its load.
    case governor
    /// There are too few rounds to compare the run with another one.
    case fewSamples
  }

  /// What it is.
  public var kind: Kind
  /// The name of the conditions; nil where it is about the whole run.
  public var conditions: String?
  /// It, in one or two sentences.
  public var sentence: String

  /// Creates a finding.
  public init(_ kind: Kind, conditions: String? = nil, _ sentence: String) {
    self.kind = kind
    self.conditions = conditions
    self.sentence = sentence
  }
}

/// A client that writes a frame in pieces with Nagle's algorithm on: its TCP sends the first piece, and the others only when that was
/// acknowledged, which the server's TCP does after 40 ms unless it has something to send.
public struct WriteStall: Sendable, Hashable {
  /// How many echoes stalled.
  public var count: Int
  /// Of how many.
  public var total: Int
  /// The median of the waits, in nanoseconds.
  public var waitNanoseconds: Int
  /// The bytes of the first piece, as most of them had it.
  public var firstPieceLength: Int

  /// Waits of a delayed acknowledgement: Linux waits 40 ms at least and 200 ms at the most, a busy computer may find out later.
  private static let waits = 25_000_000...300_000_000

  /// Looks for it; nil where fewer than half of the echoes stalled.
  public init?(_ exchanges: [Exchange]) {
    let stalled = exchanges.filter { $0.pieces > 1 && Self.waits.contains($0.longestGapNanoseconds) }
    guard !stalled.isEmpty, stalled.count * 2 >= exchanges.count else { return nil }
    count = stalled.count
    total = exchanges.count
    waitNanoseconds = LatencyComparison.median(stalled.map(\.longestGapNanoseconds))
    firstPieceLength = LatencyComparison.median(stalled.map(\.firstPieceLength))
  }
}

extension LatencyEnvironment {
  /// Whether the kernel tells when bytes come, leave and are acknowledged.
  fileprivate var isToldAll: Bool { kernelInstants == "receivedAndSent" }
}

extension LatencyFinding {
  /// What deserves to be said of a run.
  public static func all(of run: LatencyRun) -> [LatencyFinding] {
    let device = run.series.filter { $0.endpoint == .device }
    return device.compactMap { stall(in: $0, run) } + device.compactMap(delayed)
      + device.compactMap(lateSchedule)
      + (run.environment.isToldAll ? device.compactMap(lostInstants) : [])
      + [fewRounds(in: run)].compactMap(\.self) + environment(run)
  }

  private static func stall(in series: LatencyMeasurement, _ run: LatencyRun) -> LatencyFinding? {
    guard let stall = WriteStall(series.exchanges) else { return nil }
    let pieces =
      "in \(stall.count) of \(stall.total) echoes the first \(stall.firstPieceLength) bytes went out, and the rest "
      + "\(milliseconds(stall.waitNanoseconds)) later (median)"
    // A server that acknowledges at once ends the wait of Nagle's algorithm, and no other.
    let median = LatencyComparison.median(series.exchanges.map(\.wireNanoseconds))
    let control = run.controls[series.conditions]
    if let control, control > median - stall.waitNanoseconds / 2 {
      return LatencyFinding(
        .piecewiseWrites, conditions: series.conditions.name,
        "The client writes a frame in pieces: \(pieces), also where the server acknowledges at once: it is the client that waits. "
          + "It should write a frame in one piece.")
    }
    let atOnce = control.map {
      " With a server that acknowledges at once the median is \(milliseconds($0))."
    }
    return LatencyFinding(
      .stalledWrites, conditions: series.conditions.name,
      "The client writes a frame in pieces with Nagle's algorithm on: \(pieces), when the server's TCP had acknowledged them."
        + "\(atOnce ?? "") It should write a frame in one piece, or set TCP_NODELAY."
    )
  }

  /// So many late acknowledgements of a hundred are worth a word.
  private static let latePercent = 10

  private static func delayed(in series: LatencyMeasurement) -> LatencyFinding? {
    let layers = LatencyLayers(series.exchanges, handshakes: series.handshakes)
    let late = layers.count(.late)
    guard late * 100 >= series.exchanges.count * latePercent, late > 0 else { return nil }
    return LatencyFinding(
      .delayedAcknowledgements, conditions: series.conditions.name,
      "The client's TCP held the acknowledgement back in \(late) of \(series.exchanges.count) exchanges, until a timer sent it or its "
        + "application had read: those say nothing of the network, and are left out of its figures."
    )
  }

  /// A message of a schedule that is later than that was not sent on time, in nanoseconds.
  private static let latenessNanoseconds = 2_000_000

  private static func lateSchedule(in series: LatencyMeasurement) -> LatencyFinding? {
    let timed = series.rounds.flatMap(\.self)
    let late = timed.filter { timed in
      timed.due.map { timed.exchange.handed > $0 + UInt64(latenessNanoseconds) } ?? false
    }
    guard !late.isEmpty else { return nil }
    let own = late.count { ($0.ownLatenessNanoseconds ?? 0) > latenessNanoseconds }
    let others = late.count - own
    let reasons = [
      own > 0 ? "\(own) of them because this computer did not get to it" : nil,
      others > 0 ? "\(others) of them because \(reason(in: series.conditions))" : nil,
    ].compactMap(\.self).joined(separator: ", ")
    return LatencyFinding(
      .lateSchedule, conditions: series.conditions.name,
      "\(late.count) of \(timed.count) messages left more than 2 ms after their time, \(reasons); the corrected figures count that in."
    )
  }

  /// What keeps a sender that is on time from its next message.
  private static func reason(in conditions: LatencyConditions) -> String {
    [.whole, .coalesced].contains(conditions.delivery)
      ? "the kernel had not taken all bytes before, as where a client reads too slowly"
      : "the bytes before were still being sent, as --delivery \(conditions.delivery.rawValue) has it"
  }

  /// So many messages of a hundred without a stamp are worth a word.
  private static let lostPercent = 1

  private static func lostInstants(in series: LatencyMeasurement) -> LatencyFinding? {
    let exchanges = series.exchanges
    let lost = exchanges.count { $0.sent == nil && !$0.waitedForWindow }
    guard lost * 100 > exchanges.count * lostPercent else { return nil }
    return LatencyFinding(
      .noKernelInstants, conditions: series.conditions.name,
      "The kernel did not tell of \(lost) of \(exchanges.count) messages when they left: those count from when the server handed them "
        + "over.")
  }

  private static func fewRounds(in run: LatencyRun) -> LatencyFinding? {
    let rows = run.comparables.count { $0.endpoint == .device }
    let least = LatencyComparison.leastRounds(rows: rows)
    guard rows > 0, run.rounds < least else { return nil }
    return LatencyFinding(
      .fewSamples,
      "\(run.rounds) \(run.rounds == 1 ? "round is" : "rounds are") too few to compare the run with another one; \(least) are the least."
    )
  }

  private static func environment(_ run: LatencyRun) -> [LatencyFinding] {
    var findings: [LatencyFinding] = []
    if !run.environment.isToldAll {
      findings.append(
        LatencyFinding(
          .noKernelInstants,
          "The kernel does not tell when bytes leave and are acknowledged: the figures are those that the server itself sees, its own "
            + "time included, and network and client cannot be told apart."))
    }
    let load = max(run.environment.loadAtStart ?? 0, run.environment.loadAtEnd ?? 0)
    if load > Double(run.environment.processorCount) {
      findings.append(
        LatencyFinding(
          .busyComputer,
          "The load average was \((load * 10).rounded() / 10) on \(run.environment.processorCount) processors: what waits for a "
            + "processor is in the figures."))
    }
    if let governor = run.environment.governor, governor != "performance" {
      findings.append(
        LatencyFinding(
          .governor,
          "The processor's governor is \(governor): its frequency follows the load, and messages far apart find it low."
        ))
    }
    return findings
  }

  private static func milliseconds(_ nanoseconds: Int) -> String {
    "\((Double(nanoseconds) / 1e5).rounded() / 10) ms"
  }
}
