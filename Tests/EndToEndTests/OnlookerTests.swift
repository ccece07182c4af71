import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  /// `wsrig autobahn --examine`, at our own server: what Autobahn itself says beside the rig, scripts/judge-check shows.
  @Suite("A client examined at a server that is not the rig's")
  struct OnlookerTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What `--json` writes, as far as tests look into it.
    private struct Tour: Decodable {
      struct Row: Decodable {
        var id: String
        var behavior: String?
        var broken: [Broken]?
        var agrees: Bool?
      }
      struct Broken: Decodable {
        var rule: String
        var requirement: String
      }
      var cases: [Row]
    }

    private func tour(_ cases: String, _ words: [String]) async throws -> (FinishedChild, Tour) {
      let server = try await Tool.start(
        ["serve", "--autobahn", "--once", "--port", "0", "--host", "127.0.0.1", "--max-time", "240"]
          + ["--deliveries", "whole", "--only", cases], in: folder)
      let line = try await server.line(containing: "listening on ")
      let url = String(try #require(line.split(separator: " ").last))
      let child = try await Tool.run(
        ["autobahn", url, "--agent", "a", "--examine", "--json", "tour.json"] + words, in: folder)
      let end = try await server.finish()
      #expect(end.status == 0 || end.status == 1, "\(end.everything)")
      return (child, try JSONDecoder().decode(Tour.self, from: Data(folder.text("tour.json").utf8)))
    }

    @Test(
      "the rig looks on and sees no rule broken where none is, whoever plays the client",
      arguments: ["reference", "sim", "python"])
    func faultless(board: String) async throws {
      let (child, tour) = try await tour("2.*", ["--board", board])
      #expect(child.status == 0, "\(child.everything)")
      #expect(tour.cases.count > 10 && tour.cases.allSatisfy { $0.agrees == true }, "\(child.everything)")
      #expect(!tour.cases.contains { $0.broken?.contains { $0.requirement == "MUST" } ?? true })
      let words = "The rig examined \(tour.cases.count) cases too, and agrees on what FAILED."
      #expect(child.output.contains(words), "\(child.everything)")
    }

    @Test("what a client sends otherwise than its application wanted is told, as the server tells it")
    func altered() async throws {
      let adapter = try String(
        contentsOf: Repository.fixtures.appending(path: "board/adapters/async_websocketclient.py"),
        encoding: .utf8)
      let other = "\n\n_send = send\n\n\nasync def send(ws, data):\n    await _send(ws, data.upper())\n"
      try folder.write(adapter + other, to: "louder.py")
      let (child, tour) = try await tour("1.text-1*", ["--board", "sim", "--adapter", "louder.py"])
      #expect(child.status == 1, "\(child.everything)")
      let failed = tour.cases.filter { $0.behavior == "FAILED" }
      #expect(!failed.isEmpty && failed.allSatisfy { $0.agrees == true }, "\(child.everything)")
      #expect(failed.allSatisfy { $0.broken?.map(\.rule).contains("send-whole") == true })
      #expect(child.output.contains("the rig: send-whole (MUST): "), "\(child.everything)")
    }

    @Test("nobody sees through TLS from between its ends; a file that cannot be written is told before")
    func mistakes() async throws {
      let secure = try await Tool.run(["autobahn", "wss://127.0.0.1:1", "--examine"], in: folder)
      expectComplaint(secure, status: 2, ["--examine goes with ws://"], lines: 3...3)
      let file = try await Tool.run(
        ["autobahn", "ws://127.0.0.1:1", "--examine", "--json", "none/tour.json"], in: folder)
      expectComplaint(file, status: 2, ["--json", "none"])
    }
  }
}
