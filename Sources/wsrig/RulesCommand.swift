import ArgumentParser
import Bench
import Reports

/// `wsrig rules`: what RFC 6455 demands of a client, and what tests it.
struct RulesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules",
    abstract: "Lists what RFC 6455 demands of a client, and the scenarios that test it, as a Markdown table.")

  @Option(
    help: ArgumentHelp("The rig's fixtures folder; by default found above the executable.", valueName: "path")
  )
  var fixtures: String?

  func run() async throws {
    Console.put(RuleTable.markdown(of: try Fixtures(path: fixtures).ruleIndex()))
  }
}
