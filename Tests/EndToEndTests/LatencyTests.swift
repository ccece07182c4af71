import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("wsrig latency")
  struct LatencyTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A `latency.json` as far as tests look into it.
    private struct Document: Decodable {
      struct Series: Decodable {
        var name: String
        var endpoint: String
        var samplesNanoseconds: [[Int]]
      }
      struct Phase: Decodable {
        var endpoint: String
        var overTLS: Bool
        var phase: String
      }
      struct Finding: Decodable {
        var kind: String
        var sentence: String
      }
      struct Failure: Decodable {
        var blame: String
        var reason: String
      }
      struct Costs: Decodable {
        var longestGapMicroseconds: Int?
        var allocatedPerEcho: Int?
        var leastFreeHeap: Int?
      }

      struct Environment: Decodable {
        var kernelInstants: String
      }

      var environment: Environment
      var series: [Series]
      var phases: [Phase]
      var throughput: [[String: Value]]
      var costs: Costs
      var findings: [Finding]
      var failures: [Failure]

      /// Whatever stands there.
      struct Value: Decodable {
        init(from decoder: any Decoder) throws {}
      }
    }

    private func latency(_ words: [String], status: Int32 = 0) async throws -> FinishedChild {
      let child = try await Tool.run(["latency"] + words, in: folder, within: .seconds(120))
      #expect(child.status == status, "\(child.everything)")
      return child
    }

    /// Reads the document of a report folder, after Python has found that it fits its schema.
    private func document(_ name: String = "reports/latency/latest") async throws -> Document {
      let path = folder.path + "/\(name)/latency.json"
      let check = """
        import json, sys, jsonschema
        jsonschema.validate(json.load(open(sys.argv[2])), json.load(open(sys.argv[1])))
        """
      let schema = Repository.fixtures.appending(path: "schema/latency.schema.json").path
      let python = try #require(Repository.python)
      let child = try await RunningChild.run(python, ["-c", check, schema, path])
      #expect(child.status == 0, "\(child.everything)")
      return try JSONDecoder().decode(Document.self, from: Data(contentsOf: URL(filePath: path)))
    }

    @Test(
      "a run on the simulated board shows latencies, layers, phases, costs and the rig's noise, and leaves its files"
    )
    func plain() async throws {
      let child = try await latency([
        "--size", "16", "--size", "300", "--load", "closed", "--rounds", "2", "--echoes", "20", "--warm-up",
        "1",
      ])
      for words in [
        "simulated board", "16B device", "300B reference", "median by layer", "opening handshake",
        "reconnect",
        "throughput down", "throughput up", "on the board:", "noise of the rig, 16B", "80 echoes in",
        "Reports: reports/latency/latest",
      ] {
        #expect(child.output.contains(words), "\(words)\n\(child.everything)")
      }
      let document = try await document()
      #expect(
        document.series.map(\.name) == ["16B-device", "16B-reference", "300B-device", "300B-reference"])
      #expect(document.series.allSatisfy { $0.samplesNanoseconds.map(\.count) == [20, 20] })
      #expect(document.failures.isEmpty && document.throughput.count == 4)
      let phases = Set(document.phases.filter { $0.endpoint == "device" }.map(\.phase))
      #expect(
        phases.isSuperset(of: ["openingHandshake", "firstMessage", "echo", "closingHandshake", "reconnect"]))
      #expect(document.costs.longestGapMicroseconds ?? 0 > 0 && document.costs.allocatedPerEcho ?? 0 > 0)
      #expect(document.costs.leastFreeHeap ?? 0 > 0)
      let latest = "reports/latency/latest"
      for file in ["latency.html", "samples.csv", "serial.log", "hgrm/16B-device.hgrm"] {
        #expect(folder.has("\(latest)/\(file)"), "\(file)")
      }
      let rows = try folder.text("\(latest)/samples.csv").split(separator: "\n")
      #expect(rows.count == 1 + 4 * 2 * 20)
      guard document.environment.kernelInstants == "receivedAndSent" else { return }
      // However short the connections are: the kernel stamps as long as the server listens.
      let cells = rows.map { $0.split(separator: ",", omittingEmptySubsequences: false) }
      for name in ["t1_sent_ns", "t2_acknowledged_ns", "t3_received_ns"] {
        let column = try #require(cells[0].firstIndex { $0 == name })
        #expect(cells.allSatisfy { !$0[column].isEmpty }, "\(name)")
      }
    }

    @Test("every axis has its series: open load, TLS, fragments, delivery")
    func axes() async throws {
      let child = try await latency([
        "--size", "200", "--every", "5", "--spacing", "2", "--over", "both", "--fragment", "0", "--fragment",
        "64", "--delivery", "whole", "--delivery", "coalesced", "--rounds", "1", "--echoes", "4", "--warm-up",
        "1", "--only-echoes",
      ])
      let names = try await document().series.filter { $0.endpoint == "device" }.map(\.name)
      #expect(names.count == 2 * 2 * 2 * 2 && Set(names).count == names.count)
      #expect(names.contains("open-200B-5ms-tls-frag64-coalesced-device"), "\(names)")
      #expect(names.contains("200B-2ms-device"), "\(names)")
      #expect(child.output.contains("open-200B-5ms device, corrected"), "\(child.output)")
      #expect(!child.output.contains("throughput"))
    }

    /// A baseline with the client's latencies of the last run, so many times as long.
    private func baseline(_ factor: Double) throws -> String {
      let path = folder.path + "/reports/latency/latest/latency.json"
      let text = try Data(contentsOf: URL(filePath: path))
      var json = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
      var series = try #require(json["series"] as? [[String: Any]])
      for index in series.indices where series[index]["endpoint"] as? String == "device" {
        let samples = try #require(series[index]["samplesNanoseconds"] as? [[Int]])
        series[index]["samplesNanoseconds"] = samples.map { $0.map { Int(Double($0) * factor) } }
      }
      json["series"] = series
      let made = folder.path + "/baseline-\(factor).json"
      try JSONSerialization.data(withJSONObject: json).write(to: URL(filePath: made))
      return made
    }

    @Test("a client ten times as slow as the baseline is a regression, exit 1; ten times as fast is none")
    func gate() async throws {
      let words = [
        "--size", "16", "--load", "closed", "--rounds", "2", "--echoes", "30", "--only-echoes",
      ]
      _ = try await latency(words)
      let slower = try await latency(words + ["--baseline", try baseline(0.1)], status: 1)
      #expect(slower.output.contains("slower: a regression"), "\(slower.output)")
      let faster = try await latency(words + ["--baseline", try baseline(100)])
      #expect(faster.output.contains("faster"), "\(faster.output)")
      let few = words.map { $0 == "30" ? "3" : $0 }
      let open = try await latency(few + ["--baseline", try baseline(1)], status: 3)
      #expect(open.output.contains("too few samples"), "\(open.output)")
    }

    @Test("a client that writes a frame in pieces with Nagle's algorithm on is measured as it is, and named")
    func stall() async throws {
      let client = try #require(Tool.publishedClient)
      let child = try await latency([
        "--client", client, "--size", "16", "--load", "closed", "--rounds", "2", "--echoes", "15",
        "--warm-up", "2", "--only-echoes",
      ])
      let finding = try #require(
        await document().findings.first { $0.kind == "stalledWrites" }, "\(child.output)")
      #expect(finding.sentence.contains("Nagle") && finding.sentence.contains("acknowledges at once"))
      #expect(child.output.contains("in pieces with Nagle's algorithm on"))
    }

    @Test("a client that does not echo has failed, exit 1, and the report says how far it came")
    func silent() async throws {
      let adapter = Repository.fixtures.appending(path: "board/adapters/async_websocketclient.py")
      let text = try String(contentsOf: adapter, encoding: .utf8)
      let mute = text.replacing("await ws.send(data)", with: "pass")
      #expect(mute != text)
      try folder.write(mute, to: "mute.py")
      let child = try await latency(
        [
          "--adapter", folder.path + "/mute.py", "--size", "16", "--load", "closed", "--rounds", "3",
          "--echoes", "5", "--only-echoes",
        ], status: 1)
      #expect(child.output.contains("0 of 10 messages came back"), "\(child.output)")
      #expect(try await document().failures.map(\.blame) == ["client"])
    }

    @Test("the reference in the board's place measures the rig itself")
    func reference() async throws {
      let child = try await latency([
        "--board", "reference", "--rounds", "1", "--echoes", "5", "--load", "closed",
      ])
      #expect(child.output.contains("no board"), "\(child.output)")
    }

    @Test("mistakes are told in a sentence, before anything is measured")
    func mistakes() async throws {
      let cases: [([String], [String])] = [
        (["--board", "sim", "--board", "sim"], ["one board"]),
        (["--baseline", "nothing.json"], ["baseline", "nothing.json"]),
        (["--size", "900K", "--echoes", "1"], ["heap", "--size"]),
      ]
      for (words, parts) in cases {
        let child = try await Tool.run(["latency"] + words, in: folder)
        expectComplaint(child, status: 2, parts)
      }
      for words in [["--rounds", "0"], ["--every", "0"], ["--size", "2M"], ["--min-effect", "-1"]] {
        let child = try await Tool.run(["latency"] + words, in: folder)
        #expect(child.status == 2 && child.errors.contains("allowed here"), "\(words) \(child.everything)")
      }
    }
  }
}
