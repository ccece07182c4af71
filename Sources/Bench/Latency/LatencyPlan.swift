import Latency
import Steps
import WebSocketPeers

/// What a latency run measures.
public struct LatencyPlan: Sendable {
  /// Under what messages are echoed; the power mode comes from `powers`.
  public var conditions: [LatencyConditions]
  /// The power modes of the board's radio, one after the other; empty is what wsrig.toml says, otherwise
  /// `none`, where the board has a radio.
  public var powers: [WLANPower] = []
  /// How often device and reference take turns.
  public var rounds = defaultRounds
  /// How many echoes each turn has that count.
  public var count = defaultCount
  /// How many go before them in each turn and do not count.
  public var warmUp = defaultWarmUp
  /// Whether phases of connections, throughput and the client's costs are measured, too.
  public var measuresRest = true

  /// So many that a difference of 10 % is found also where rounds differ (`LatencyComparison`): rounds tell more than echoes in them do.
  public static let defaultRounds = 30
  /// With the rounds 1,500 samples, enough for a 99.9th percentile. See ``defaultRounds``.
  public static let defaultCount = 50
  /// The default of ``warmUp``.
  public static let defaultWarmUp = 5

  /// Creates a plan.
  public init(conditions: [LatencyConditions]) { self.conditions = conditions }

  /// The power mode of a board's radio where the plan names none: a radio that sleeps would show in every gap between messages.
  static func usualPower(on board: BenchBoard) -> WLANPower { board.wlan?.power ?? WLANPower.none }

  /// How long the messages of a turn may take at the most, for what spaces them: there are many turns, the agent keeps its records until
  /// one is over, and a board that is lost meanwhile has wasted it.
  private static let longestTurnMilliseconds = 20_000

  /// How many echoes that count a turn has under these conditions: fewer where the messages are far apart.
  func count(under conditions: LatencyConditions) -> Int {
    guard conditions.spacingMilliseconds > 0 else { return count }
    let uncounted = conditions.load == .open ? warmUp : 0
    return max(1, min(count, Self.longestTurnMilliseconds / conditions.spacingMilliseconds - uncounted))
  }

  /// How many bytes of a connection the server has to keep, each way, so that no message of a turn is missing in its record.
  /// - Throws: `ConfigurationError` where it would have to keep too many, or where so many are written one by one that they cannot all be told
  ///   apart.
  func captureLimit(atLeast least: Int) throws -> Int {
    for conditions in conditions {
      let bytes = bytes(under: conditions)
      let chunks = ScriptedServer.mostRecordedChunks / 2
      if conditions.delivery == .bytewise, bytes > chunks {
        throw ConfigurationError(
          "A turn of \(conditions.name) writes up to \(bytes) bytes one by one, and \(chunks) writes can be told apart; choose a smaller "
            + "--size, or fewer --echoes.")
      }
      if bytes > Self.mostBytes {
        throw ConfigurationError(
          "A turn of \(conditions.name) sends up to \(bytes) bytes, and \(Self.mostBytes) can be kept; choose a smaller --size, or fewer "
            + "--echoes.")
      }
    }
    return max(least, Self.headBytes + (conditions.map(bytes).max() ?? 0))
  }

  private static let mostBytes = 64 << 20
  /// More than the heads of the opening handshake, and a Close, take.
  private static let headBytes = 64 << 10

  /// The bytes of a turn's messages on the wire, at the most.
  private func bytes(under conditions: LatencyConditions) -> Int {
    (warmUp + count(under: conditions))
      * (conditions.payloadLength + conditions.frameCount * Self.longestHeader)
  }

  /// The bytes of the longest header of a frame, its masking key included (RFC 6455 section 5.2).
  private static let longestHeader = 14
}
