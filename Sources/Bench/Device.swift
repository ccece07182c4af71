import BoardLink
import Results
import Scenarios

/// What plays the client side of an attempt as the client under test: a client on a board, or the reference in process.
///
/// It outlives the cases of a run. Several devices may work side by side against one server.
protocol Device: Sendable {
  /// How many attempts it can play at a time.
  var lanes: Int { get }

  /// The bytes of its link; nil where they are not kept, or there is no link.
  var serialLog: SerialLog? { get }

  /// The bytes of its heap that are held where TLS is spoken, because what TLS takes there is not taken of it.
  var tlsBallast: Int { get }

  /// Gets it ready to play, and says what it is.
  /// - Throws: `MissingBoard`; `ConfigurationError` where the client does not load.
  func prepare() async throws -> BoardRecord

  /// Sets it apart from what it did before, and gets it ready for an attempt.
  func setApart(by isolation: Isolation) async -> Readiness

  /// Puts it through one attempt at a case. Whatever fails on the way is in the outcome; what can be repaired is repaired.
  /// - Parameters:
  ///   - token: the attempt's token on the server.
  ///   - isLastAttempt: nothing but this attempt can tell a client that hangs from a board that did not get to run.
  func attempt(_ testCase: Case, token: String, pace: Pace, isLastAttempt: Bool) async -> DeviceOutcome

  /// Has it connect to a server that is not the rig's, and echo until the connection ends.
  func echo(_ visit: Visit) async -> VisitOutcome

  /// A case has come to its verdict on a board that works: losses before it count no more.
  func noteProgress() async

  /// What happened to the board since the last call, with times from the start of the run.
  func takeEvents() async -> [BoardEventRecord]

  /// Lets go of it, in an orderly state where that can be had.
  func leave() async
}

/// What came of setting a device apart.
enum Readiness {
  /// It is ready, after this; nil where nothing of it outlives an attempt, so that there was nothing to do.
  case ready(Isolation?)
  /// It is not, and this takes the place of the attempt.
  case failed(DeviceOutcome)
}
