import Foundation
import PosixIO
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("wsrig fuzz with a corpus, and what a run cannot say")
  struct FuzzCorpusTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func fuzz(_ arguments: [String]) async throws -> FinishedChild {
      try await Tool.run(["fuzz", "--without-catalogue"] + arguments, in: folder, within: .seconds(100))
    }

    private var kept: [String: Data] {
      get throws {
        let corpus = folder.url.appending(path: "corpus")
        let names = try FileManager.default.contentsOfDirectory(atPath: corpus.path).filter {
          $0.hasSuffix(".json")
        }
        return try Dictionary(
          uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: corpus.appending(path: $0))) })
      }
    }

    @Test("a second run on a corpus overwrote 13 of its 33 files, and made the same cases once more")
    func goesOn() async throws {
      let reference = ["--board", "reference", "--corpus", "corpus", "--count", "60"]
      let first = try await fuzz(reference)
      #expect(first.status == 0, "\(first.everything)")
      let before = try kept
      #expect(before.count > 10)
      let second = try await fuzz(reference)
      #expect(second.status == 0 && second.output.contains("60 cases"), "\(second.everything)")
      let after = try kept
      #expect(after.count > before.count && before.allSatisfy { after[$0.key] == $0.value })
      #expect(try folder.text("corpus/next-numbers").contains("120"))
    }

    @Test("over TLS a corpus guided nothing")
    func overTLS() async throws {
      let child = try await fuzz(["--board", "reference", "--tls", "--corpus", "corpus", "--count", "80"])
      #expect(child.status == 0, "\(child.everything)")
      #expect(try kept.keys.contains { $0.hasPrefix("fuzz.mutation") })
    }

    @Test("a failing case of the corpus was passed by wsrig replay")
    func replayed() async throws {
      try MutantClient.write("pong-missing", into: folder)
      let child = try await fuzz(
        MutantClient.options + ["--corpus", "corpus", "--fail-fast", "--time", "60"])
      #expect(child.status == 1, "\(child.everything)")
      var shown = 0
      for name in try kept.keys {
        let replay = try await Tool.run(
          ["replay", "corpus/\(name)", "--report", "r"] + MutantClient.options, in: folder)
        shown += replay.status == 1 && replay.output.contains("pong-for-every-ping") ? 1 : 0
      }
      #expect(shown > 0)
    }

    @Test("a run in which no case was put to the client, or in which they said nothing about it, was green")
    func saysLittle() async throws {
      let none = try await fuzz(["--time", "0"])
      #expect(none.status == 3 && none.output.contains("no case was put to the client"), "\(none.everything)")
    }

    @Test("a corpus that could not be written lost what was found")
    func corpusGone() async throws {
      let tool = try await Tool.start(
        [
          "fuzz", "--without-catalogue", "--board", "reference", "--corpus", "corpus", "--time", "60",
          "--json", "o.json",
        ],
        in: folder)
      _ = try await tool.line(containing: "wsrig 0.")
      try FileManager.default.removeItem(at: folder.url.appending(path: "corpus"))
      let child = try await tool.finish(within: .seconds(60))
      #expect(child.status == 2 && child.output.contains("ended early: Cannot write"), "\(child.everything)")
      #expect(try folder.text("o.json").contains("executions"))
    }

    @Test(
      "what cannot be is told before any time is spent: a first case beyond the last one trapped",
      arguments: [
        (["--first", "9223372036854775807"], "--first must lie between 0 and"),
        (["--corpus", ""], "--corpus needs a folder"),
      ])
    func mistakes(_ arguments: [String], _ complaint: String) async throws {
      let child = try await Tool.run(["fuzz"] + arguments, in: folder)
      #expect(child.status == 2 && child.errors.contains(complaint), "\(child.everything)")
    }

    @Test("what fuzzing has found stays mended: every scenario in fixtures/scenarios passes")
    func regressions() async throws {
      let scenarios = Repository.fixtures.appending(path: "scenarios")
      let names = try FileManager.default.contentsOfDirectory(atPath: scenarios.path).filter {
        $0.hasSuffix(".json")
      }
      #expect(!names.isEmpty)
      for name in names.sorted() {
        let replay = try await Tool.run(
          ["replay", scenarios.appending(path: name).path, "--report", "r"], in: folder)
        #expect(replay.status == 0 && replay.output.contains("1 passed"), "\(replay.everything)")
      }
    }
  }
}
