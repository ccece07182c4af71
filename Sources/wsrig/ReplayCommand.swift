import ArgumentParser
import Bench
import Scenarios

/// `wsrig replay`: one scenario file.
struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Runs the case of a scenario file, such as a failed case's report folder holds.",
    discussion: ExitStatus.help)

  @Argument(
    help: ArgumentHelp("The scenario file (fixtures/schema/scenario.schema.json).", valueName: "file"))
  var file: String

  @OptionGroup(title: "Client") var client: ClientOptions
  @OptionGroup(title: "Board") var board: BoardOptions
  @OptionGroup(title: "Run") var control: RunOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The seed of everything random that is the rig's.", valueName: "number"))
  var seed: UInt64 = 1

  func run() async throws {
    var testCase: Case
    do {
      testCase = try ScenarioFile.read(path: file)
    } catch {
      throw ConfigurationError("\(error)")
    }
    testCase.scenario = testCase.scenario.concrete(seed: seed)
    try await control.run([testCase], client: client, board: board, seed: seed)
  }
}
