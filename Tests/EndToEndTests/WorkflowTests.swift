import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("The workflows of fixtures/ci")
  struct WorkflowTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private struct Workflow: Decodable {
      struct Step: Decodable {
        var run: String?
        var uses: String?
        var `if`: String?
        var with: [String: String]?
      }

      /// One name, several, or several with settings.
      struct Names: Decodable, Equatable {
        var names: Set<String>

        init(from decoder: any Decoder) throws {
          let container = try decoder.singleValueContainer()
          if let name = try? container.decode(String.self) {
            names = [name]
          } else if let list = try? container.decode([String].self) {
            names = Set(list)
          } else {
            names = Set(try container.decode([String: Setting].self).keys)
          }
        }

        /// Whatever is set for a name.
        struct Setting: Decodable { init(from decoder: any Decoder) {} }
      }

      struct Concurrency: Decodable {
        var group: String
        var cancelInProgress: String

        private enum CodingKeys: String, CodingKey { case group, cancelInProgress = "cancel-in-progress" }
      }

      struct Job: Decodable {
        var `if`: String?
        var runsOn: Names
        var concurrency: Concurrency?
        var steps: [Step]

        private enum CodingKeys: String, CodingKey { case `if`, runsOn = "runs-on", concurrency, steps }
      }

      var on: Names
      var env: [String: String]
      var jobs: [String: Job]
    }

    /// What the file says, read by a YAML parser.
    private func workflow(_ name: String) async throws -> Workflow {
      let python = try #require(Repository.python)
      let file = Repository.fixtures.appending(path: "ci/\(name)").path
      // BaseLoader: YAML 1.1 takes the key `on` for true otherwise.
      let program =
        "import json, sys, yaml; print(json.dumps(yaml.load(open(sys.argv[1]), yaml.BaseLoader)))"
      let child = try await RunningChild.run(python, ["-c", program, file])
      #expect(child.status == 0, "\(child.everything)")
      return try JSONDecoder().decode(Workflow.self, from: Data(child.output.utf8))
    }

    /// Runs the workflow's commands one after the other, as a runner does, until one fails; the status of the last.
    private func run(_ workflow: Workflow, _ settings: [String: String]) async throws -> FinishedChild {
      try folder.write(#"{"deviations": []}"#, to: "wsrig-deviations.json")
      let tool = try #require(Tool.path)
      try folder.write("#!/bin/sh\nexec '\(tool)' \"$@\"\n", to: "wsrig/scripts/wsrig")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: folder.path + "/wsrig/scripts/wsrig")
      let commands = workflow.jobs.values.flatMap(\.steps).compactMap(\.run)
      let environment = workflow.env.merging(settings) { $1 }.mapValues(Optional.some)
      return try await RunningChild.run(
        "/bin/bash", ["-e", "-c", commands.joined(separator: "\n")], environment: environment, in: folder.url,
        within: .seconds(300))
    }

    private static let settings = [
      "CLIENT": Repository.fixtures.appending(path: "async_websocket_client").path,
      "OPTIONS": "--deliveries whole --only 1.text-125",
    ]

    @Test("keep their reports whatever came of the run", arguments: ["simulated.yml", "board.yml"])
    func reports(_ name: String) async throws {
      let steps = try #require(try await workflow(name).jobs["conformance"]).steps
      let upload = try #require(steps.last)
      #expect(upload.if == "always()" && upload.uses?.hasPrefix("actions/upload-artifact@") == true)
      #expect(upload.with?["path"] == "wsrig-report")
    }

    @Test("the one for a board runs nothing of forks, on no other runner, and one run at a time")
    func boardIsGuarded() async throws {
      let workflow = try await workflow("board.yml")
      // With others, such as pull_request_target, a fork's code would come past the guard below.
      #expect(workflow.on.names == ["push", "pull_request", "workflow_dispatch"])
      let job = try #require(workflow.jobs["conformance"])
      #expect(job.runsOn.names == ["self-hosted", "wsrig-board"])
      let guards =
        "github.event_name != 'pull_request' || github.event.pull_request.head.repo.full_name == github.repository"
      #expect(job.if == guards)
      #expect(job.concurrency?.group == "wsrig-board" && job.concurrency?.cancelInProgress == "false")
    }

    @Test(
      "their commands run, on the simulated board in the place of one",
      arguments: ["simulated.yml", "board.yml"])
    func commands(_ name: String) async throws {
      let place = ["BOARD": "sim", "HOST": "127.0.0.1"]
      let child = try await run(try await workflow(name), Self.settings.merging(place) { $1 })
      #expect(child.status == 0, "\(child.everything)")
      #expect(try await Results.read(folder, "wsrig-report")["1.text-125"]?.verdict == "passed")
    }

    @Test("a board that is missing fails the run with 3 and is never replaced by the simulated one")
    func missingBoard() async throws {
      let place = ["BOARD": "usb:no-such-serial", "HOST": "127.0.0.1"]
      let child = try await run(try await workflow("board.yml"), Self.settings.merging(place) { $1 })
      #expect(child.status == 3 && !child.output.contains("1 passed"), "\(child.everything)")
    }
  }
}
