import ArgumentParser
import Bench
import Foundation
import Reports
import Results

/// `wsrig compare`: what changed between two runs.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Tells what changed from one run to another: verdicts, broken rules, frames, latency.",
    discussion: """
      A regression is a case that fails and did not in the old run, or fails by a MUST that it did not break there. Latency is \
      shown, and decides nothing.

      Two runs of wsrig latency, or their latency.json, are compared as --baseline compares the new one with the old one: there a \
      regression is a client that became slower.

      EXIT STATUS:
        0    no regression
        1    a regression
        2    usage, or a file that is no report of wsrig's
        3    no regression, but the new run could not tell of a case, or the
             reference failed in it; or two runs of wsrig latency leave open
             whether the client is slower
      """)

  @Argument(
    help: ArgumentHelp("The old run: a report folder, or its results.json or latency.json.", valueName: "old")
  )
  var old: String

  @Argument(help: ArgumentHelp("The new run.", valueName: "new"))
  var new: String

  @Flag(help: "Prints the changes as JSON.")
  var json = false

  @OptionGroup var effect: EffectOption

  func run() throws {
    if LatencyBaselineFile.isAt(old) || LatencyBaselineFile.isAt(new) {
      try compareLatency()
    } else {
      try compareRuns()
    }
  }

  private func compareRuns() throws {
    if effect.minEffect != nil {
      throw ConfigurationError(
        "--min-effect is for two runs of wsrig latency, and these are none; leave it out.")
    }
    let (before, after) = (try ResultsFile.run(old), try ResultsFile.run(new))
    let changes = RunChanges(from: before, named: "the old run", to: after, today: CalendarDay(Date()))
    Console.put(
      json
        ? ChangeReport.json(changes)
        : ChangeReport.text(of: changes, from: before, to: after, style: Console.style))
    throw ExitRequest(status: changes.outcome.exitStatus)
  }

  private func compareLatency() throws {
    let (before, after) = (
      try LatencyBaselineFile.read(old, as: "old run"), try LatencyBaselineFile.read(new, as: "new run")
    )
    let report = LatencyBaselineReport(
      after, beside: before, named: old, minimumEffect: effect.minimum)
    Console.put(
      json
        ? LatencyComparisonTable.json(of: report)
        : LatencyComparisonTable.text(of: report, style: Console.style) + "\n")
    throw ExitRequest(status: report.outcome(of: after.outcome).exitStatus)
  }
}
