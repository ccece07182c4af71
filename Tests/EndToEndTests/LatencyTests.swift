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
        var id: String
        var schedule: Schedule?
        var samplesNanoseconds: [[Int]]
      }
      struct Schedule: Decodable {
        var maxLatenessNanoseconds: Int
        var p99LatenessNanoseconds: Int?
      }
      struct Cost: Decodable {
        var id: String
        var samples: [[Int]]
      }
      struct Phase: Decodable {
        var id: String
        var endpoint: String
        var overTLS: Bool
        var phase: String
      }
      struct Finding: Decodable {
        var kind: String
        var sentence: String
      }
      struct Failure: Decodable {
        var name: String
        var blame: String
        var reason: String
      }
      struct Costs: Decodable {
        var longestGapMicroseconds: Int?
        var leastFreeHeap: Int?
        var heapReadings: Int?
        var keptHeap: Int?
      }

      struct Environment: Decodable {
        var kernelInstants: String
      }

      var environment: Environment
      var series: [Series]
      var phases: [Phase]
      var throughput: [[String: Value]]
      var costSeries: [Cost]
      var costs: Costs
      var findings: [Finding]
      var failures: [Failure]

      /// Whatever stands there.
      struct Value: Decodable {
        init(from decoder: any Decoder) throws {}
      }
    }

    private func latency(
      _ words: [String], status: Int32 = 0, environment: [String: String] = [:]
    ) async throws -> FinishedChild {
      let child = try await Tool.run(
        ["latency"] + words, in: folder, environment: environment, within: .seconds(120))
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
        "simulated board", "16B device", "300B reference", "usual exchange by layer", "opening handshake",
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
      #expect(document.costs.keptHeap != nil)
      #expect(document.costs.leastFreeHeap ?? 0 > 0 && document.costs.heapReadings ?? 0 >= 8)
      #expect(document.costSeries.map(\.id) == ["load", "allocations"])
      #expect(document.costSeries.last?.samples.allSatisfy { $0[0] > 0 } == true)
      #expect(
        document.costSeries.allSatisfy { $0.samples.count == 2 && $0.samples.allSatisfy { $0[0] >= 0 } })
      let ids =
        document.series.map { "\($0.id) \($0.endpoint)" } + document.phases.map { "\($0.id) \($0.endpoint)" }
      #expect(Set(ids).count == ids.count, "\(ids)")
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
      let series = try await document().series
      #expect(series.allSatisfy { ($0.schedule != nil) == $0.name.hasPrefix("open") })
      #expect(
        child.output.contains("schedule of open-200B-5ms device: the sender itself was behind by"),
        "\(child.output)")
      #expect(names.contains("200B-2ms-device"), "\(names)")
      // Known where turns last longer than a beat of the heart.
      #expect(try await document().costs.longestGapMicroseconds ?? 0 > 0)
      #expect(child.output.contains("open-200B-5ms device, corrected"), "\(child.output)")
      #expect(!child.output.contains("throughput"))
    }

    /// A baseline with the client's latencies of a run, so many times as long, or those of another list of its document.
    private func baseline(
      _ factor: Double, of report: String = "reports/latency/latest", list: String = "series",
      name: String = "baseline"
    ) throws -> String {
      let text = try Data(contentsOf: URL(filePath: folder.path + "/\(report)/latency.json"))
      var json = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
      var series = try #require(json[list] as? [[String: Any]])
      let key = list == "throughput" ? "samples" : "samplesNanoseconds"
      for index in series.indices where series[index]["endpoint"] as? String == "device" {
        let samples = try #require(series[index][key] as? [[Int]])
        series[index][key] = samples.map { $0.map { Int(Double($0) * factor) } }
      }
      json[list] = series
      try folder.write(
        String(decoding: try JSONSerialization.data(withJSONObject: json), as: UTF8.self),
        to: "\(name)-\(factor).json")
      return "\(name)-\(factor).json"
    }

    @Test("a client ten times as slow as the baseline is a regression, exit 1; ten times as fast is none")
    func gate() async throws {
      let words = [
        "--size", "16", "--load", "closed", "--rounds", "6", "--echoes", "10", "--only-echoes",
      ]
      _ = try await latency(words)
      let slower = try await latency(words + ["--baseline", try baseline(0.1)], status: 1)
      #expect(slower.output.contains("slower: a regression"), "\(slower.output)")
      let faster = try await latency(words + ["--baseline", try baseline(100)])
      #expect(faster.output.contains("faster"), "\(faster.output)")
      let few = words.map { $0 == "6" ? "3" : $0 }
      let open = try await latency(few + ["--baseline", try baseline(1)], status: 3)
      #expect(open.output.contains("too few rounds"), "\(open.output)")
    }

    /// What wsrig compare prints of two runs.
    private func compare(_ words: [String], status: Int32) async throws -> FinishedChild {
      let child = try await Tool.run(["compare"] + words, in: folder)
      #expect(child.status == status, "\(child.everything)")
      return child
    }

    @Test("wsrig compare prints of two latency runs what --baseline prints, with the same exit status")
    func compareRuns() async throws {
      let words = ["--size", "16", "--load", "closed", "--rounds", "6", "--echoes", "10", "--only-echoes"]
      _ = try await latency(words + ["--report", "first"])
      for (factor, status) in [(0.2, Int32(1)), (100, 0)] {
        let known = try baseline(factor, of: "first")
        let gated = try await latency(words + ["--report", "second", "--baseline", known], status: status)
        for second in ["second", "second/latency.json"] {
          let compared = try await compare([known, second], status: status)
          #expect(compared.output.contains("beside the baseline"), "\(compared.everything)")
          #expect(
            gated.output.contains(compared.output.trimmingCharacters(in: .newlines)), "\(compared.everything)"
          )
        }
        let json = try await compare([known, "second", "--json"], status: status)
        #expect(
          json.output.contains("\"outcome\" : \"\(status == 1 ? "slower" : "faster")\""), "\(json.output)")
        _ = try await compare([known, "second", "--min-effect", "1000"], status: 0)
      }
      try folder.write("{}", to: "results.json")
      for (words, parts) in [
        (["first", "results.json"], ["new run", "results.json", "latency.json"]),
        (["nothing", "first"], ["old run", "'nothing' cannot be read"]),
      ] {
        expectComplaint(try await Tool.run(["compare"] + words, in: folder), status: 2, parts)
      }
    }

    @Test("phases and throughput that became slower are a regression, exit 1: restGates")
    func restGates() async throws {
      let words = ["--size", "16", "--load", "closed", "--rounds", "8", "--echoes", "5"]
      _ = try await latency(words + ["--report", "first"])
      for list in ["phases", "throughput"] {
        let known = try baseline(0.1, of: "first", list: list, name: list)
        let child = try await compare([known, "first"], status: 1)
        let slower = child.output.split(separator: "\n").filter { $0.contains("slower: a regression") }
        #expect(
          !slower.isEmpty && slower.allSatisfy { $0.hasPrefix(list == "phases" ? "phase-" : "throughput-") },
          "\(child.output)")
      }
      let same = try await compare(["first", "first"], status: 0)
      #expect(same.output.contains("load ") && same.output.contains("allocations "), "\(same.output)")
    }

    @Test(
      "the power mode of a radio is set, read back and told; a board without a radio is refused it: power")
    func power() async throws {
      let words = [
        "--size", "16", "--load", "closed", "--rounds", "1", "--echoes", "3", "--only-echoes", "--power",
        "none",
        "--power", "performance",
      ]
      expectComplaint(
        try await Tool.run(["latency"] + words, in: folder), status: 2,
        ["--power", "no radio", "leave the option out"])
      try folder.write(
        """
        [wlan]
        ssid = "Bench"
        passphrase-env = "BENCH_PASSPHRASE"
        [boards.virtual]
        link = "sim"

        """, to: "wsrig.toml")
      let child = try await latency(
        words, environment: ["BENCH_PASSPHRASE": "a passphrase", "WSRIG_SIM_WLAN": "Bench:a passphrase"])
      #expect(
        child.output.contains("power mode none set, 0x10 read back, performance set, 0xa11142 read back"),
        "\(child.output)")
      #expect(
        try await document().series.map(\.id) == [
          "16B-pm-none", "16B-pm-none", "16B-pm-performance", "16B-pm-performance",
        ])
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

    @Test("a client that does not come back, or refuses large messages, has failed, exit 1: failingBesides")
    func failingBesides() async throws {
      let adapter = Repository.fixtures.appending(path: "board/adapters/async_websocketclient.py")
      let text = try String(contentsOf: adapter, encoding: .utf8)
      let connect = "async def connect(url, headers, subprotocols, tls=None, **more):\n"
      let counting = "    _seen.append(1)\n    if len(_seen) == 3:\n        raise OSError(103)\n"
      let limit = "    if len(data) > 2048:\n        raise OSError(12)\n"
      let cases = [
        ("    await ws.send(data)\n", limit + "    await ws.send(data)\n", "throughput"),
        (connect, "_seen = []\n\n\n" + connect + counting, "phases"),
      ]
      for (find, replacement, name) in cases {
        let broken = text.replacing(find, with: replacement)
        #expect(broken != text)
        try folder.write(broken, to: "\(name).py")
        let child = try await latency(
          [
            "--adapter", folder.path + "/\(name).py", "--size", "16", "--load", "closed", "--rounds", "1",
            "--echoes", "5",
          ], status: 1)
        #expect(try await document().failures.first?.name == "latency-\(name)", "\(child.output)")
      }
    }

    @Test("the percentiles of an earlier run stood beside those of this one: oldHistograms")
    func oldHistograms() async throws {
      for size in ["32", "16"] {
        _ = try await latency([
          "--board", "reference", "--size", size, "--load", "closed", "--rounds", "1", "--echoes", "2",
          "--only-echoes", "--report", "same",
        ])
      }
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/same/hgrm")
      #expect(files.sorted() == ["16B-device.hgrm", "16B-reference.hgrm"])
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
        (["--echoes", "2000"], ["heap", "--echoes"]),
        (["--size", "4096", "--load", "closed", "--delivery", "bytewise"], ["one by one", "--echoes"]),
        (
          [
            "--board", "reference", "--size", "4", "--fragment", "1", "--load", "closed", "--delivery",
            "bytewise", "--echoes", "2000",
          ], ["one by one", "--echoes"]
        ),
        (["--board", "reference", "--size", "1M", "--echoes", "100"], ["can be kept", "--echoes"]),
      ]
      for (words, parts) in cases {
        let child = try await Tool.run(["latency"] + words, in: folder)
        expectComplaint(child, status: 2, parts)
      }
      for words in [
        ["--rounds", "0"], ["--every", "0"], ["--size", "2M"], ["--baseline", "x", "--min-effect", "-1"],
      ] {
        let child = try await Tool.run(["latency"] + words, in: folder)
        #expect(child.status == 2 && child.errors.contains("allowed here"), "\(words) \(child.everything)")
      }
    }

    @Test("an option that would do nothing, or measure the same twice, is refused in a sentence: vain")
    func vain() async throws {
      let cases = [
        (["--size", "16", "--size", "16"], "--size 16 is given twice"),
        (["--size", "1K", "--size", "1024"], "--size 1024 is given twice"),
        (["--spacing", "5", "--spacing", "5"], "--spacing 5 is given twice"),
        (["--power", "none", "--power", "none"], "--power none is given twice"),
        (["--delivery", "whole", "--delivery", "whole"], "--delivery whole is given twice"),
        (["--load", "open", "--spacing", "5"], "--spacing is for a closed load"),
        (["--load", "closed", "--every", "5"], "--every is for an open load"),
        (["--size", "16", "--fragment", "16"], "--fragment 16 divides no message"),
        (["--delivery", "paced"], "--delivery paced takes 24 ms"),
        (
          ["--delivery", "split", "--size", "4096", "--fragment", "256", "--load", "open"],
          "--delivery split takes 160 ms"
        ),
        (["--min-effect", "3"], "--min-effect is for --baseline"),
        (["--authority", "x"], "--authority is for TLS"),
      ]
      for (words, sentence) in cases {
        let child = try await Tool.run(["latency"] + words, in: folder)
        #expect(child.status == 2 && child.errors.contains(sentence), "\(words) \(child.everything)")
      }
    }
  }
}
