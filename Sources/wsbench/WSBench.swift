import ArgumentParser

/// What `scripts/bench-server` measures and the tool has no command for.
@main
struct WSBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wsbench", abstract: "Servers and inner loops for scripts/bench-server.",
    subcommands: [EchoCommand.self, LoopsCommand.self])
}
