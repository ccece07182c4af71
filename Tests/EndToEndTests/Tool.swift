import Foundation
import PosixIO
import TestSupport
import Testing

/// Everything here runs the built tool as a child, as a user would; one test after the other, because its cases are a matter of
/// time.
@Suite(
  "The tool, end to end", .serialized, .timeLimit(.minutes(5)),
  .enabled(if: Tool.path != nil, "the program wsrig is not beside the tests"),
  .enabled(if: Repository.hasPython, "\(Repository.pythonIsMissing)"))
struct EndToEndTests {}

/// The built tool.
enum Tool {
  /// Its path: what the environment's WSRIG_TOOL names, or beside the program that runs the tests.
  static let path: String? = {
    if let named = ProcessInfo.processInfo.environment["WSRIG_TOOL"] { return named }
    let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let candidates = [folder, Repository.folder.appending(path: ".build/debug")]
    return candidates.map { $0.appending(path: "wsrig").path }.first(
      where: FileManager.default.isExecutableFile)
  }()

  /// Starts it in a folder, in which it keeps its authority too: never in that of who runs the tests.
  static func start(_ arguments: [String], in folder: TemporaryFolder, environment: [String: String?] = [:])
    async throws -> RunningChild
  {
    let environment = ["XDG_DATA_HOME": folder.path + "/data"].merging(environment) { $1 }
    return try await RunningChild.start(
      try #require(path), arguments, environment: environment, in: folder.url)
  }

  /// Runs it to its end in a folder.
  static func run(
    _ arguments: [String], in folder: TemporaryFolder, environment: [String: String?] = [:],
    within limit: Duration = .seconds(300)
  ) async throws -> FinishedChild {
    try await start(arguments, in: folder, environment: environment).finish(within: limit)
  }

  /// The published client, as scripts/setup installs it.
  static let publishedClient = Repository.package("async_websocket_client")
}

/// A `results.json` as far as tests look into it.
struct Results: Decodable {
  struct Event: Decodable {
    var kind: String
    var succeeded: Bool
  }

  struct BlackBox: Decodable {
    var path: String
    var kind: String
    var reason: String
  }

  struct Violation: Decodable {
    var rule: String
    var requirement: String
  }

  struct Row: Decodable {
    var id: String
    var verdict: String
    var reason: String?
    var attempts: Int
    var durationSeconds: Double
    var violations: [Violation]
    var boardEvents: [Event]
    var blackBoxes: [BlackBox]?
    var serverSHA1: String?
    var isolation: String?
    var repeats: [String]?
    var partialWrites: Int?
    var largestFreeBlockBefore: Int?
    var largestFreeBlockAfter: Int?
    var stability: String?

    /// The MUSTs that were broken.
    var broken: Set<String> { Set(violations.filter { $0.requirement == "MUST" }.map(\.rule)) }
  }

  var summary: [String: Int]
  var endedEarly: String?
  var boardEvents: [Event]
  var blackBoxes: [BlackBox]?
  var cases: [Row]

  subscript(id: String) -> Row? { cases.first { $0.id == id } }

  /// Reads those of a report folder, after Python has found that they fit their schema.
  static func read(_ folder: TemporaryFolder, _ name: String = "reports/latest") async throws -> Results {
    let path = folder.path + "/\(name)/results.json"
    let check = """
      import json, sys, jsonschema
      jsonschema.validate(json.load(open(sys.argv[2])), json.load(open(sys.argv[1])))
      """
    let schema = Repository.fixtures.appending(path: "schema/results.schema.json").path
    let python = try #require(Repository.python)
    let child = try await RunningChild.run(python, ["-c", check, schema, path])
    #expect(child.status == 0, "\(child.everything)")
    return try JSONDecoder().decode(Results.self, from: Data(contentsOf: URL(filePath: path)))
  }
}

/// Expects what the tool says of a mistake: a status, one sentence on standard error that holds `parts`, nothing of a trap.
func expectComplaint(
  _ child: FinishedChild, status: Int32, _ parts: [String], lines: ClosedRange<Int> = 1...1,
  at location: SourceLocation = #_sourceLocation
) {
  #expect(child.status == status, "\(child.everything)", sourceLocation: location)
  for part in parts {
    #expect(child.errors.contains(part), "\(child.everything)", sourceLocation: location)
  }
  let count = child.errors.split(separator: "\n").count
  #expect(lines.contains(count), "\(child.everything)", sourceLocation: location)
  #expect(child.errors.hasPrefix("wsrig: "), "\(child.everything)", sourceLocation: location)
  for word in ["Fatal error", "Swift/", "crashed"] {
    #expect(!child.errors.contains(word), "\(child.everything)", sourceLocation: location)
  }
}
