import ArgumentParser
import Bench
import Reports
import Results
import Scenarios

/// `wsrig explain`: one case in words.
struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explains a case: what it does and why, what clients get wrong, step by step.")

  @OptionGroup var choice: CaseArgument

  @Option(
    help: ArgumentHelp("The rig's fixtures folder; by default found above the executable.", valueName: "path")
  )
  var fixtures: String?

  func run() async throws {
    let testCase = try choice.testCase()
    let index = try Fixtures(path: fixtures).ruleIndex()
    let demands = index.entries.filter { $0.bindsClient && $0.isTested(by: testCase.scenario.id) }
    Console.put(
      Explanation.text(of: testCase, demands: demands, mistakes: [], program: Console.program))
  }
}

/// One case of the catalogue, by its id.
struct CaseArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "The case's id as --list shows it, such as 2.ping-empty or 2.ping-empty@bytewise.", valueName: "case"))
  var id: String

  /// The case, its payloads perhaps random still.
  /// - Throws: `ConfigurationError` with the nearest ids where there is none of that id.
  func testCase() throws -> Case {
    do {
      return try RunPlan.testCase(id, of: Catalogue.all)
    } catch {
      throw ConfigurationError("\(error)")
    }
  }
}
