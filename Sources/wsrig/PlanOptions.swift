import ArgumentParser
import Bench
import Scenarios
import Steps

/// Which cases run, and in what order.
struct PlanOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Only the cases whose id fits; * stands for anything. May be given several times.", valueName: "glob"))
  var only: [String] = []

  @Option(
    help: ArgumentHelp("Only the scenarios with this tag. May be given several times.", valueName: "tag"))
  var tag: [String] = []

  @Option(
    help: ArgumentHelp(
      "How the server's bytes are delivered: default (each scenario whole, and a choice by seed of the others), all, "
        + "or a list of \(Delivery.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "deliveries"))
  var deliveries = "default"

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The seed of everything random that is the rig's; the same seed sends the same bytes.",
      valueName: "number"))
  var seed: UInt64 = 1

  @Flag(help: "Runs the cases in an order drawn from the seed.")
  var shuffle = false

  /// The cases.
  /// - Throws: `ConfigurationError` for an unknown id, tag or delivery.
  func cases() throws -> [Case] {
    do {
      return try RunPlan.cases(
        of: Catalogue.all, deliveries: deliveries, only: only, tags: tag, seed: seed, shuffle: shuffle)
    } catch {
      throw ConfigurationError("\(error)")
    }
  }
}
