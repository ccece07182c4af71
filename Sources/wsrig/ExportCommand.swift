import ArgumentParser
import Bench
import Scenarios

/// `wsrig export`: one case as a scenario file.
struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes a case as a scenario file, to change it and to replay it.",
    discussion: """
      Random payloads stay as they are described, {"random": ...}: the seed of the replay draws the same bytes as that of a run. \
      With --seed they are drawn now and written out. Replay it:
        wsrig export 2.ping-empty --output ping.json
        wsrig replay ping.json
      """)

  @OptionGroup var choice: CaseArgument

  @Option(help: ArgumentHelp("The file; by default standard output.", valueName: "file"))
  var output: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Draws the random payloads from this seed.", valueName: "number"))
  var seed: UInt64?

  func run() async throws {
    var testCase = try choice.testCase()
    if let seed { testCase.scenario = testCase.scenario.concrete(seed: seed) }
    let text = ScenarioFile.text(of: testCase)
    guard let output else { return Console.put(text) }
    try TextFile.write(text, to: output, option: "--output")
    Console.say("wrote \(testCase.id) into \(output)")
  }
}
