import ArgumentParser
import Bench
import Verdicts

/// What a client may cost the board before a case is nonStrict.
struct LimitOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How many bytes of heap a repeated exchange may keep each time. (default: \(ResourceLimits().leakBytes))",
      valueName: "bytes"))
  var limitLeak: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How many bytes less heap may be free after a case. (default: \(ResourceLimits().keptBytes))",
      valueName: "bytes"))
  var limitKept: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How much smaller the largest free block may be after a case. (default: \(ResourceLimits().blockPercent))",
      valueName: "percent"))
  var limitBlock: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How many bytes may be allocated for each byte of a message. (default: \(ResourceLimits().allocationFactor))",
      valueName: "factor"))
  var limitAllocation: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How many more may be allocated for each message, close or other event. (default: \(ResourceLimits().eventBytes))",
      valueName: "bytes"))
  var limitEvent: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How many more may be allocated for each connection that opens. (default: \(ResourceLimits().connectionBytes))",
      valueName: "bytes"))
  var limitConnection: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How long the client may keep the event loop to itself. (default: \(ResourceLimits().gapMilliseconds))",
      valueName: "ms"))
  var limitGap: Int?

  /// What the options change.
  var changes: LimitChanges {
    var changes = LimitChanges()
    changes.leak = limitLeak
    changes.kept = limitKept
    changes.block = limitBlock
    changes.allocation = limitAllocation
    changes.event = limitEvent
    changes.connection = limitConnection
    changes.gap = limitGap
    return changes
  }

  /// The options that are given, with what they say.
  private var all: [(option: String, value: Int)] {
    [
      ("--limit-leak", limitLeak), ("--limit-kept", limitKept), ("--limit-block", limitBlock),
      ("--limit-allocation", limitAllocation), ("--limit-event", limitEvent),
      ("--limit-connection", limitConnection), ("--limit-gap", limitGap),
    ].compactMap { option, value in value.map { (option, $0) } }
  }

  func validate() throws {
    for (option, value) in all where value < 0 {
      throw ValidationError("\(option) is \(value); allowed here: a whole number from 0.")
    }
    if let limitBlock, limitBlock > 100 {
      throw ValidationError("--limit-block is \(limitBlock); allowed here: a whole number from 0 to 100.")
    }
  }

  /// The options as a replay needs them.
  var words: [String] { all.flatMap { [$0.option, "\($0.value)"] } }
}
