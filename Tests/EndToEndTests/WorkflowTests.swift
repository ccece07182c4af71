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

      struct Concurrency: Decodable {
        var group: String
        var cancelInProgress: Bool

        private enum CodingKeys: String, CodingKey { case group, cancelInProgress = "cancel-in-progress" }
      }

      struct Job: Decodable {
        var `if`: String?
        var concurrency: Concurrency?
        var steps: [Step]
      }

      var env: [String: String]
      var jobs: [String: Job]
    }

    /// What the file says, read by a YAML parser.
    private func workflow(_ name: String) async throws -> Workflow {
      let python = try #require(Repository.python)
      let file = Repository.fixtures.appending(path: "ci/\(name)").path
      let program =
        "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1])), default=str))"
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

    @Test("the one for a board runs nothing of forks, and one run at a time")
    func boardIsGuarded() async throws {
      let job = try #require(try await workflow("board.yml").jobs["conformance"])
      let guards =
        "github.event_name != 'pull_request' || github.event.pull_request.head.repo.full_name == github.repository"
      #expect(job.if == guards)
      #expect(job.concurrency?.group == "wsrig-board" && job.concurrency?.cancelInProgress == false)
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
