import Foundation
import TestSupport
import Testing

/// The two programs that show a finding without the rig.
struct Reproduction {
  private let place: String
  private let folder: TemporaryFolder

  /// Those of a finding's folder.
  init(of place: String, in folder: TemporaryFolder) {
    self.place = place
    self.folder = folder
  }

  /// Expects that they find the same with a client in a folder, and do not with ours.
  func expectOnly(there client: String) async throws {
    let found = try await play("\(folder.path)/\(client)")
    #expect(found.isSame, "\(found.output)")
    let ours = try await play(Repository.fixtures.appending(path: "async_websocket_client/code").path)
    #expect(!ours.isSame, "\(ours.output)")
  }

  /// Whether both programs say that a client did the same as in the finding, and what they printed.
  private func play(_ client: String) async throws -> (isSame: Bool, output: String) {
    let python = try #require(Repository.python)
    let interpreter = try #require(Repository.program("micropython"))
    let server = try await RunningChild.start(
      python, ["-u", "\(place)/server.py", "--host", "127.0.0.1", "--port", "0"], in: folder.url)
    let line = try await server.line(containing: "listening on")
    let port = try #require(line.split(separator: ":").last).trimmingCharacters(in: .whitespacesAndNewlines)
    let side = try await RunningChild.run(
      interpreter, ["-X", "heapsize=400K", "\(place)/client.py", "127.0.0.1", port],
      environment: ["MICROPYPATH": "\(client):.frozen"], in: folder.url)
    let end = try await server.finish(within: .seconds(20))
    let output = "\(side.everything)\n\(end.everything)"
    let sawTheSame = side.output.contains("\nthe same as in the finding")
    #expect(side.status == (sawTheSame ? 0 : 1) && [0, 1].contains(end.status), "\(output)")
    return (end.status == 0 && sawTheSame, output)
  }
}

extension EndToEndTests {
  @Suite("findings without the rig")
  struct ReproductionTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Fuzzes our client with a defect until something is found, and returns the folder of that.
    private func find(_ mutant: String, _ arguments: [String] = ["--time", "60"]) async throws -> String {
      try MutantClient.write(mutant, into: folder)
      let child = try await Tool.run(
        ["fuzz", "--without-catalogue", "--fail-fast", "--findings", "found"] + MutantClient.options
          + arguments,
        in: folder, within: .seconds(150))
      #expect(child.status == 1, "\(child.everything)")
      let found = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/found")
      return "found/\(try #require(found.first, "\(child.everything)"))"
    }

    @Test(
      "the programs of findings about requests, keys, the order of ends and short writes fail for a lawful client",
      arguments: [
        ("request-post", "request-line"),
        ("mask-key-zero", "masking-key-unpredictable"), ("close-drops-at-once", "close-awaits-answer"),
        ("short-write-lost", "send-whole"),
      ])
    func kinds(_ mutant: String, _ rule: String) async throws {
      let place = try await find(mutant)
      #expect(place == "found/\(rule)-1")
      try await Reproduction(of: place, in: folder).expectOnly(there: "client")
    }

    @Test("what only the board can measure has no programs, which the explanation says")
    func measured() async throws {
      let place = try await find("blocks-per-message", ["--first", "340", "--time", "60"])
      #expect(place == "found/loop-kept-free-1")
      #expect(!folder.has("\(place)/client.py") && !folder.has("\(place)/server.py"))
      #expect(try folder.text("\(place)/explanation.txt").contains("There are no client.py and server.py"))
    }
  }
}
