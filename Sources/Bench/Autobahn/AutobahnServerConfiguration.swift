import Autobahn
import PosixIO
import Results

/// What decides how clients are driven through our scenarios by Autobahn's control protocol.
public struct AutobahnServerConfiguration: Sendable {
  /// The cases; the first is number 1.
  public var cases: EchoCases
  /// The seed of everything random that is ours.
  public var seed: UInt64
  /// How long nothing may move before the server gives up what it waits for.
  public var patience = Self.usualPatience
  /// When it gives up at the latest.
  var longestPatience: Duration { max(.seconds(15), patience * 6) }
  /// What a slow driver in a slow language gets.
  public static let usualPatience = Duration.seconds(10)
  /// How it speaks TLS, to drivers and to their clients alike; nil serves them in clear.
  public var tls: TLSContext?
  /// Whether it ends after the first reports that a driver asks for.
  public var endsAfterReports: Bool
  /// Writes the reports of all clients so far, of which there is one at least, and tells the user what could not be written. A
  /// driver that asks for them waits.
  public var writeReports: @Sendable ([AgentRun]) throws -> Void

  /// Creates a configuration.
  public init(
    cases: EchoCases, seed: UInt64, endsAfterReports: Bool,
    writeReports: @escaping @Sendable ([AgentRun]) throws -> Void
  ) {
    self.cases = cases
    self.seed = seed
    self.endsAfterReports = endsAfterReports
    self.writeReports = writeReports
  }
}

/// What a server for drivers tells while it runs.
public enum DriverEvent: Sendable {
  /// A case was judged.
  case caseEnded(agent: String, CaseResult)
  /// A driver asked for the reports, and they were written.
  case reportsWritten
}
