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
    help: ArgumentHelp(
      "Only the scenarios with this tag. May be given several times. Scenarios tagged long, such as a thousand messages, run "
        + "only where the tag large or long is given, or a glob that fits no other.", valueName: "tag"))
  var tag: [String] = []

  @Option(
    help: ArgumentHelp(
      "How the server's bytes are delivered: default (each scenario whole, and a choice by seed of the others), all, "
        + "or a list of \(Delivery.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "deliveries"))
  var deliveries = "default"

  @Flag(
    help: ArgumentHelp(
      "Puts every scenario over TLS, as @tls at the end of an id does for one. Those that speak TLS anyway stay as they are; those "
        + "that cannot are unsupported, with the reason."))
  var tls = false

  @Flag(
    help:
      "Only the cases that failed or were inconclusive in the last run, that of --report or of reports/latest; those that a run with --failed did not come to still count in the next."
  )
  var failed = false

  @Option(
    name: .customLong("seed"), parsing: .unconditional,
    help: ArgumentHelp(
      "The seed of everything random that is the rig's; the same seed sends the same bytes. "
        + "(default: 1; with --failed that of the last run)", valueName: "number"))
  var givenSeed: UInt64?

  @Flag(help: "Runs the cases in an order drawn from the seed.")
  var shuffle = false

  /// The folder of the run that `--failed` goes by.
  func lastRun(_ report: String?) -> String { report ?? LastRun.latest }

  /// The cases, the seed by which they were drawn, and the ids of all that had failed before; no case where `--failed` finds none
  /// that did.
  /// - Parameter report: the folder of the last run's reports, for `--failed`; nil is the latest.
  /// - Throws: `ConfigurationError` for an unknown id, tag or delivery, or where there is no last run that tells what failed.
  func plan(report: String?) throws -> (cases: [Case], seed: UInt64, failedBefore: Set<String>) {
    let last = failed ? try LastRun(folder: lastRun(report)) : nil
    if let last, last.attentionIDs.isEmpty {
      guard last.isWhole else {
        throw ConfigurationError(
          "Cannot tell what failed in the last run (\(lastRun(report))): it ended before its last case, and none had failed until "
            + "then; run without --failed first, or name another folder with --report.")
      }
      return ([], last.seed, [])
    }
    let seed = givenSeed ?? last?.seed ?? 1
    // What the catalogue no longer has will never run again.
    let known = ModifierChoice.all.cases(of: Catalogue.all).flatMap { [$0.id, $0.overTLS.id] }
    do {
      return (
        try RunPlan.cases(
          of: Catalogue.all, deliveries: deliveries, only: only, tags: tag, among: last?.attentionIDs,
          overTLS: tls, seed: seed, shuffle: shuffle), seed, last?.attentionIDs.intersection(known) ?? []
      )
    } catch {
      throw ConfigurationError("\(error)")
    }
  }
}
