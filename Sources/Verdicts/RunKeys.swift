import Scenarios
import Traces

/// The keys that a device's client drew in a whole run, gathered case by case: whether they are predictable shows in many of them only
/// (RFC 6455 sections 5.3 and 10.3).
public struct RunKeys: Sendable {
  /// Keys of either kind that are kept; later ones are not looked at, so that a long run does not fill the memory.
  public static let mostKeys = 1 << 16

  private var keys = ClientKeys()

  /// Begins without keys.
  public init() {}

  /// How many masking keys were gathered.
  public var maskingCount: Int { keys.masking.count }
  /// How many keys of opening handshakes were gathered.
  public var handshakeCount: Int { keys.handshakes.count }
  /// The chance that random keys break one of the two rules over the run.
  public static let falseAlarmProbability = 2 * ClientKeys.runPortion

  /// Adds the keys of an attempt.
  public mutating func add(_ attempt: AttemptTrace) {
    let more = ClientKeys(of: attempt.connections.map(DecodedConnection.init))
    keys.masking += more.masking.prefix(max(0, Self.mostKeys - keys.masking.count))
    keys.handshakes += more.handshakes.prefix(max(0, Self.mostKeys - keys.handshakes.count))
  }

  static let maskingID = "run-masking-keys-unpredictable"
  static let handshakeID = "run-handshake-keys-random"

  /// The rules that the keys break.
  public var violations: [Violation] {
    let found = [
      (Self.maskingID, "5.3", keys.maskingDefect(spending: ClientKeys.runPortion)),
      (Self.handshakeID, "4.1", keys.handshakeDefect(spending: ClientKeys.runPortion)),
    ]
    return found.compactMap { rule, section, sentence in
      sentence.map {
        Violation(
          rule: rule, rfc: section, requirement: .must, connection: "", sentence: "Over the run: \($0)")
      }
    }
  }
}
