import ArgumentParser
import Bench
import Foundation
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
    let id = testCase.scenario.id
    let fixtures = try Fixtures(path: fixtures)
    let demands = try fixtures.ruleIndex().entries.filter { $0.bindsClient && $0.isTested(by: id) }
    Console.put(
      Explanation.text(
        of: testCase, demands: demands, mistakes: try mistakes(in: testCase, fixtures),
        program: Console.program))
  }

  /// The defects of the mutants that the case is there to find; where there are none, of those that the committed table has found to
  /// fail it. None where there is no folder of mutants.
  private func mistakes(in testCase: Case, _ fixtures: Fixtures) throws -> [Explanation.Mistake] {
    guard FileManager.default.fileExists(atPath: fixtures.mutants.path) else { return [] }
    let ids = [testCase.scenario.id, testCase.id]
    let mutants = try MutantFile.all(in: fixtures.mutants)
    let declared = mutants.filter { $0.killedBy.contains { ids.contains(where: Glob($0).matches) } }
    return (declared.isEmpty ? found(mutants, by: testCase, fixtures) : declared).map {
      Explanation.Mistake(name: $0.id, sentence: $0.defect)
    }
  }

  private func found(_ mutants: [Mutant], by testCase: Case, _ fixtures: Fixtures) -> [Mutant] {
    let table = try? String(contentsOf: fixtures.mutants.appending(path: "MATRIX.md"), encoding: .utf8)
    let ids = MutantTable.mutants(failing: testCase.scenario.id, in: table ?? "")
    return mutants.filter { ids.contains($0.id) }
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
