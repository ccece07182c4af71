import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("wsrig run, what the client costs the board")
  struct ResourceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("where the server does not read, the client's own writes are partial on the simulated board")
    func partialWrites() async throws {
      let child = try await Tool.run(["run", "--tag", "backpressure", "--deliveries", "whole"], in: folder)
      #expect(child.status == 0, "\(child.everything)")
      let results = try await Results.read(folder)
      #expect(results.cases.count >= 14)
      for row in results.cases { #expect(row.partialWrites ?? 0 >= 1, "\(row.id)") }
    }

    @Test("a board with four sockets was blamed on the client, in the case of five connections")
    func fourSockets() async throws {
      try folder.write(
        """
        {"schemaVersion": 1, "measuredAt": "2026-11-26T00:00:00Z", "heapBytes": 409600, "sockets": 4,
         "board": {"selector": "usb", "kind": "board", "machine": "small", "firmware": "MicroPython"},
         "softResetSeconds": 0.1, "exchangeSeconds": 0.001, "sourceBytesPerSecond": 10000000,
         "outputBytesPerSecond": 10000000, "handshakes": [], "echoes": [], "claims": []}
        """, to: "p.json")
      let results = try await run([
        "run", "--sim-profile", "p.json", "--deliveries", "whole", "--only", "11.*-connections",
      ])
      let row = try #require(results["11.five-connections"])
      #expect(row.verdict == "unsupported" && row.attempts == 0)
      #expect(
        row.reason == "The client is to have 5 connections at a time, and the board has 4 sockets.")
      #expect(results.summary["passed"] == results.cases.count - 1 && results.cases.count > 2)
    }

    /// Our client as bytecode; nil where the compiler cannot be had.
    private func bytecode() async throws -> String? {
      let made = folder.path + "/mpy"
      let compile = Repository.folder.appending(path: "scripts/compile-client").path
      let child = try await RunningChild.run(
        try #require(Repository.python), [compile, "--version", "1.28", "--out", made], within: .seconds(600))
      #expect(child.status == 0 || child.status == 2, "\(child.everything)")
      return child.status == 0 ? made : nil
    }

    @Test("in a heap of 192 KiB our client loads beside the agent, from source and as bytecode, and is right")
    func smallHeap() async throws {
      let clients = try await [[]] + (bytecode().map { [["--client", $0]] } ?? [])
      for client in clients {
        let results = try await run(
          [
            "run", "--sim-heap", "192K", "--deliveries", "whole", "--only", "1.*", "--only", "5.*", "--only",
            "7.*",
          ]
            + client)
        for row in results.cases where row.verdict != "passed" {
          let reason = row.reason ?? ""
          // So small a heap is soon in pieces: none of them may hold 32 KiB, nor 16 KiB where the client was compiled on the board.
          let sizes = client.isEmpty ? [16384, 32768] : [32768]
          let isRefused =
            row.verdict == "nonStrict"
            && sizes.contains { reason.contains("1009 at a limit of its own, before \($0) bytes") }
          let isTooLarge = row.verdict == "unsupported" && reason.contains("bytes of heap free")
          #expect(isRefused || isTooLarge, "\(row.id): \(reason)")
        }
        #expect(
          results.summary["passed"] ?? 0 > 200 && results.cases.count - (results.summary["passed"] ?? 0) < 14)
      }
    }

    @Test("heap and largest free block are in the results, in bytes; a user's limit makes a case nonStrict")
    func limits() async throws {
      let cases = [
        "run", "--deliveries", "whole", "--only", "14.heap-after-32-kib", "--only", "14.gap-silence",
      ]
      var results = try await run(cases)
      #expect(results.summary["passed"] == 2)
      for row in results.cases {
        #expect(row.largestFreeBlockBefore ?? 0 > 32 << 10 && row.largestFreeBlockAfter ?? 0 > 32 << 10)
      }
      // Small messages fit into the socket's buffer whole; 32 KiB are more than it holds.
      #expect(results["14.gap-silence"]?.partialWrites == 0)
      results = try await run(cases + ["--limit-gap", "1"])
      #expect(results["14.gap-silence"]?.verdict == "nonStrict")
      #expect(results["14.gap-silence"]?.violations.map(\.rule) == ["loop-kept-free"])
    }

    private func run(_ words: [String]) async throws -> Results {
      let child = try await Tool.run(words, in: folder)
      #expect(child.status == 0, "\(child.everything)")
      return try await Results.read(folder)
    }

    @Test("a message that the board cannot hold is unsupported there, and runs where the heap is larger")
    func capability() async throws {
      let cases = ["run", "--only", "9.size-128-kib-binary", "--only", "9.size-1-mib-text"]
      let small = try await run(cases)
      #expect(small.summary["unsupported"] == 2)
      #expect(
        small.cases.allSatisfy { $0.attempts == 0 && $0.reason?.contains("bytes of heap free") == true })
      let large = try await run(cases + ["--sim-heap", "8M"])
      #expect(large.summary["passed"] == 2)
    }
  }
}
