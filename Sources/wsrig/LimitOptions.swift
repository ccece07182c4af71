import ArgumentParser
import Verdicts

/// What a client may cost the board before a case is nonStrict.
struct LimitOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How many bytes of heap a repeated exchange may keep each time.", valueName: "bytes"))
  var limitLeak = ResourceLimits().leakBytes

  @Option(
    help: ArgumentHelp("How many bytes less heap may be free after a case.", valueName: "bytes"))
  var limitKept = ResourceLimits().keptBytes

  @Option(
    help: ArgumentHelp(
      "How much smaller the largest free block may be after a case.", valueName: "percent"))
  var limitBlock = ResourceLimits().blockPercent

  @Option(
    help: ArgumentHelp(
      "How many bytes may be allocated for each byte of a message.", valueName: "factor"))
  var limitAllocation = ResourceLimits().allocationFactor

  @Option(
    help: ArgumentHelp(
      "How long the client may keep the event loop to itself.", valueName: "ms"))
  var limitGap = ResourceLimits().gapMilliseconds

  /// The limits as the judge takes them.
  var limits: ResourceLimits {
    ResourceLimits(
      leakBytes: limitLeak, keptBytes: limitKept, blockPercent: limitBlock, allocationFactor: limitAllocation,
      gapMilliseconds: limitGap)
  }

  func validate() throws {
    for (name, value) in [
      ("leak", limitLeak), ("kept", limitKept), ("block", limitBlock), ("allocation", limitAllocation),
      ("gap", limitGap),
    ] where value < 0 {
      throw ValidationError("--limit-\(name) is \(value); allowed here: a whole number from 0.")
    }
  }

  /// The options as a replay needs them: those that are not the defaults.
  var words: [String] {
    let standard = ResourceLimits()
    let all = [
      ("leak", limitLeak, standard.leakBytes), ("kept", limitKept, standard.keptBytes),
      ("block", limitBlock, standard.blockPercent),
      ("allocation", limitAllocation, standard.allocationFactor),
      ("gap", limitGap, standard.gapMilliseconds),
    ]
    return all.filter { $0.1 != $0.2 }.flatMap { ["--limit-\($0.0)", "\($0.1)"] }
  }
}
