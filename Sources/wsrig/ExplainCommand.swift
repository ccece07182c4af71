import ArgumentParser
import Bench
import Reports
import Scenarios

/// `wsrig explain`: one case in words.
struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explains a case: what it does and why, what clients get wrong, step by step.")

  @OptionGroup var choice: CaseArgument

  func run() async throws {
    Console.put(
      Explanation.text(of: try choice.testCase(), mistakes: [], program: Console.program))
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
