import ArgumentParser
import Verdicts

/// What a client may cost the board before a case is nonStrict.
struct LimitOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How many bytes of heap a repeated exchange may keep each time.", valueName: "bytes"))
  var limitLeak = ResourceLimits().leakBytes

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How many bytes less heap may be free after a case.", valueName: "bytes"))
  var limitKept = ResourceLimits().keptBytes

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How much smaller the largest free block may be after a case.", valueName: "percent"))
  var limitBlock = ResourceLimits().blockPercent

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How many bytes may be allocated for each byte of a message.", valueName: "factor"))
  var limitAllocation = ResourceLimits().allocationFactor

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How many more may be allocated for each message, close or other event.", valueName: "bytes"))
  var limitEvent = ResourceLimits().eventBytes

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How many more may be allocated for each connection that opens.", valueName: "bytes"))
  var limitConnection = ResourceLimits().connectionBytes

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How long the client may keep the event loop to itself.", valueName: "ms"))
  var limitGap = ResourceLimits().gapMilliseconds

  /// The limits as the judge takes them.
  var limits: ResourceLimits {
    ResourceLimits(
      leakBytes: limitLeak, keptBytes: limitKept, blockPercent: limitBlock, allocationFactor: limitAllocation,
      eventBytes: limitEvent, connectionBytes: limitConnection, gapMilliseconds: limitGap)
  }

  /// The options with what they say and what they say by default.
  private var all: [(option: String, value: Int, standard: Int)] {
    let standard = ResourceLimits()
    return [
      ("--limit-leak", limitLeak, standard.leakBytes), ("--limit-kept", limitKept, standard.keptBytes),
      ("--limit-block", limitBlock, standard.blockPercent),
      ("--limit-allocation", limitAllocation, standard.allocationFactor),
      ("--limit-event", limitEvent, standard.eventBytes),
      ("--limit-connection", limitConnection, standard.connectionBytes),
      ("--limit-gap", limitGap, standard.gapMilliseconds),
    ]
  }

  func validate() throws {
    for (option, value, _) in all where value < 0 {
      throw ValidationError("\(option) is \(value); allowed here: a whole number from 0.")
    }
    if limitBlock > 100 {
      throw ValidationError("--limit-block is \(limitBlock); allowed here: a whole number from 0 to 100.")
    }
  }

  /// The options as a replay needs them: those that are not the defaults.
  var words: [String] {
    all.filter { $0.value != $0.standard }.flatMap { [$0.option, "\($0.value)"] }
  }
}
