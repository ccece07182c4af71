import ArgumentParser
import Bench
import Latency
import Steps

/// What a latency run measures.
struct LatencyOptions: ParsableArguments {
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "The payload of a message. May be given several times. (default: 16 and 1024)", valueName: "size"))
  var size: [ByteCount] = []

  @Option(
    help:
      "Who decides when the next message is sent: the echo (closed), a fixed schedule (open), or both in turn."
  )
  var load = Load.both

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Closed load: the pause between an echo and the next message. May be given several times. (default: 0)",
      valueName: "ms"))
  var spacing: [Int] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Open load: a message each so many milliseconds, whatever the client does. May be given several times. (default: 10)",
      valueName: "ms"))
  var every: [Int] = []

  @Option(help: "Whether messages go in clear, over TLS, or both in turn.")
  var over = Carrier.clear

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "The most payload bytes in a frame of the server's; 0 is each message in one frame. May be given several times. (default: 0)",
      valueName: "size"))
  var fragment: [ByteCount] = []

  @Option(
    help: ArgumentHelp(
      "How the server's bytes are delivered: \(Delivery.allCases.map(\.rawValue).joined(separator: ", ")). May be given several "
        + "times. (default: whole)", valueName: "delivery"))
  var delivery: [Delivery] = []

  @Option(
    help: ArgumentHelp(
      "The power mode of the board's radio: \(WLANPower.allCases.map(\.rawValue).joined(separator: ", ")). May be given several "
        + "times. (default: what wsrig.toml says, otherwise none, so that the radio never sleeps; a board without a radio takes none)",
      valueName: "mode"))
  var power: [WLANPower] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How often client and reference take turns under each conditions.", valueName: "times")
  )
  var rounds = LatencyPlan.defaultRounds

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How many echoes of each turn count; fewer where they are so far apart that a turn would take over 20 seconds.",
      valueName: "times"))
  var echoes = LatencyPlan.defaultCount

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How many echoes go before them in each turn and do not count.", valueName: "times"))
  var warmUp = LatencyPlan.defaultWarmUp

  @Flag(help: "Measures echoes alone: no phases of connections, no throughput, no allocations.")
  var onlyEchoes = false

  /// Who decides when the next message is sent.
  enum Load: String, ExpressibleByArgument, CaseIterable { case closed, open, both }

  /// What the messages go over.
  enum Carrier: String, ExpressibleByArgument, CaseIterable { case clear, tls, both }

  func validate() throws {
    try check("--spacing", spacing, 0...10_000)
    try check("--every", every, 1...10_000)
    try check("--rounds", [rounds], 1...1000)
    try check("--echoes", [echoes], 1...10_000)
    try check("--warm-up", [warmUp], 0...1000)
    if let large = size.first(where: { $0.bytes > 1 << 20 }) {
      throw ValidationError("--size is \(large.bytes); allowed here: up to 1M.")
    }
    try refuseRepetition()
    try refuseWhatDoesNothing()
    try refuseWhatCannotKeepUp()
  }

  /// A place on an axis that is named twice would be measured once more under the same name.
  private func refuseRepetition() throws {
    let axes: [(option: String, values: [String])] = [
      ("--size", size.map { "\($0.bytes)" }), ("--spacing", spacing.map(String.init)),
      ("--every", every.map(String.init)), ("--fragment", fragment.map { "\($0.bytes)" }),
      ("--delivery", delivery.map(\.rawValue)), ("--power", power.map(\.rawValue)),
    ]
    for (option, values) in axes {
      var seen: Set<String> = []
      if let twice = values.first(where: { !seen.insert($0).inserted }) {
        throw ValidationError("\(option) \(twice) is given twice; leave one out.")
      }
    }
  }

  private func refuseWhatDoesNothing() throws {
    if load == .open, !spacing.isEmpty {
      throw ValidationError(
        "--spacing is for a closed load, and --load is open; leave it out, or use --every.")
    }
    if load == .closed, !every.isEmpty {
      throw ValidationError(
        "--every is for an open load, and --load is closed; leave it out, or use --spacing.")
    }
    if let vain = fragment.first(where: { part in part.bytes > 0 && sizes.allSatisfy { $0 <= part.bytes } }) {
      throw ValidationError(
        "--fragment \(vain.bytes) divides no message, as none is longer; leave it out, or choose a larger --size."
      )
    }
  }

  /// A schedule that the server's own pauses between bytes do not let it keep.
  private func refuseWhatCannotKeepUp() throws {
    let open = plan.conditions.filter { $0.load == .open }
    guard let every = open.map(\.spacingMilliseconds).min(), let frames = open.map(\.frameCount).max() else {
      return
    }
    for (kind, milliseconds) in Self.frameMilliseconds
    where delivery.contains(kind) && every < frames * milliseconds {
      throw ValidationError(
        "--delivery \(kind.rawValue) takes \(frames * milliseconds) ms for the longest message, and --every is \(every); choose a longer "
          + "one, or --load closed.")
    }
  }

  /// How long the delivery of a frame takes that is cut into paused chunks, about, in milliseconds.
  private static let frameMilliseconds: [(Delivery, Int)] = [(.paced, 24), (.split, 10)]
  private var sizes: [Int] { size.isEmpty ? [16, 1024] : size.map(\.bytes) }

  private func check(_ option: String, _ values: [Int], _ range: ClosedRange<Int>) throws {
    for value in values where !range.contains(value) {
      throw ValidationError(
        "\(option) is \(value); allowed here: a whole number from \(range.lowerBound) to \(range.upperBound)."
      )
    }
  }

  /// The plan: each place on an axis with each on the others.
  var plan: LatencyPlan {
    let carriers = over == .both ? [false, true] : [over == .tls]
    let fragments = fragment.isEmpty ? [0] : fragment.map(\.bytes)
    let deliveries = delivery.isEmpty ? [.whole] : delivery
    var conditions: [LatencyConditions] = []
    for (load, spacing) in loads {
      for overTLS in carriers {
        for fragment in fragments {
          for delivery in deliveries {
            conditions += sizes.map {
              LatencyConditions(
                load: load, payloadLength: $0, spacingMilliseconds: spacing, overTLS: overTLS,
                fragmentLength: fragment > 0 ? fragment : nil, delivery: delivery)
            }
          }
        }
      }
    }
    var plan = LatencyPlan(conditions: conditions)
    plan.powers = power
    plan.rounds = rounds
    plan.count = echoes
    plan.warmUp = warmUp
    plan.measuresRest = !onlyEchoes
    return plan
  }

  private var loads: [(LatencyConditions.Load, Int)] {
    let closed = (spacing.isEmpty ? [0] : spacing).map { (LatencyConditions.Load.closed, $0) }
    let open = (every.isEmpty ? [10] : every).map { (LatencyConditions.Load.open, $0) }
    return switch load {
    case .closed: closed
    case .open: open
    case .both: closed + open
    }
  }
}

extension Delivery: ExpressibleByArgument {}
extension WLANPower: ExpressibleByArgument {}
