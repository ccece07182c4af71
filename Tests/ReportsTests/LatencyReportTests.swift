import Foundation
import Latency
import Results
import TestSupport
import Testing
import Traces

@testable import Reports

/// A latency run made by hand: a closed and an open load, device and reference, with texts that could do harm.
enum SampleLatencyRun {
  static let run: LatencyRun = {
    var environment = LatencyEnvironment(
      kernel: "Linux 6.1", processor: "A processor", processorCount: 2, kernelInstants: "receivedAndSent")
    environment.loadAtStart = 0.5
    var board = SampleRun.run.board
    board.radio = RadioRecord(powerMode: 0xa1_1142, rssi: -51, channel: 6)
    board.radio?.powerModeSet = 0xa1_1142
    var run = LatencyRun(
      tool: "wsrig 0.1.0", seed: 7, board: board, client: SampleRun.run.client, environment: environment,
      startedAt: 1_780_000_000, rounds: 5, warmUp: 1)
    run.durationSeconds = 3.21
    run.series = [
      series(.device, LatencyConditions(payloadLength: 16), 2_000_000),
      series(.reference, LatencyConditions(payloadLength: 16), 60_000),
      series(
        .device, LatencyConditions(load: .open, payloadLength: 1024, spacingMilliseconds: 10, overTLS: true),
        5_000_000),
      series(
        .reference,
        LatencyConditions(load: .open, payloadLength: 1024, spacingMilliseconds: 10, overTLS: true),
        90_000),
    ]
    run.phases = [
      PhaseMeasurement(
        endpoint: .device, overTLS: false, power: nil, phase: .openingHandshake,
        rounds: [[1_500_000, 1_700_000], [1_600_000]]),
      PhaseMeasurement(
        endpoint: .reference, overTLS: false, power: nil, phase: .openingHandshake, rounds: [[200_000]]),
      PhaseMeasurement(
        endpoint: .device, overTLS: true, power: "performance", phase: .tlsHandshake,
        rounds: [[900_000_000]]),
    ]
    run.throughputs = [
      ThroughputMeasurement(
        endpoint: .device, overTLS: false, power: nil, direction: .down,
        samples: [Throughput(direction: .down, bytes: 131_072, nanoseconds: 1_000_000_000)])
    ]
    run.costs.longestGapMicroseconds = 12_300
    run.costs.leastFreeHeap = 200_000
    run.costs.heapReadings = 12
    run.costs.keptHeap = 64
    run.costSeries = [
      CostMeasurement(cost: .load, power: nil, samples: [120, 130, 140]),
      CostMeasurement(cost: .allocations, overTLS: true, power: nil, samples: [2_368, 2_368]),
    ]
    run.powerModes = [PowerModeRecord(power: "performance", readBack: 0xa1_1142)]
    run.findings = [
      LatencyFinding(.stalledWrites, conditions: "16B", "It stalls. \(SampleRun.hostile)"),
      LatencyFinding(.busyComputer, "The computer was busy."),
    ]
    run.failures = [LatencyFailure(name: "latency-phases", blame: .bench, reason: "no <reason>")]
    return run
  }()

  private static func series(
    _ endpoint: AttemptTrace.Endpoint, _ conditions: LatencyConditions, _ level: Int
  ) -> LatencyMeasurement {
    var measurement = LatencyMeasurement(conditions: conditions, endpoint: endpoint)
    measurement.rounds = (0..<5).map { round in
      (0..<8).map { index in exchange(round, index, level, conditions) }
    }
    measurement.handshakes = [level / 10]
    return measurement
  }

  private static func exchange(
    _ round: Int, _ index: Int, _ level: Int, _ conditions: LatencyConditions
  ) -> TimedExchange {
    let start = 1_000_000_000 + UInt64(round) * 200_000_000 + UInt64(index) * 10_000_000
    let wire = UInt64(level + index * level / 20)
    return TimedExchange(
      Exchange(
        connection: "main", index: index + 1, payloadLength: conditions.payloadLength, handed: start,
        sent: start + 4_000, acknowledged: start + 4_000 + wire / 10, received: start + 4_000 + wire,
        seen: start + 9_000 + wire, clientNanoseconds: Int(wire / 3), pieces: 1, firstPieceLength: 22,
        longestGapNanoseconds: 0), due: conditions.load == .open ? start - 1_000 : nil,
      ownLatenessNanoseconds: conditions.load == .open ? 800 + index * 100 : nil)
  }
}

@Suite("Reports of a latency run")
struct LatencyReportTests {
  private let report = LatencyReport(SampleLatencyRun.run)
  private var files: [String: String] {
    Dictionary(report.files.map { ($0.path, $0.text) }) { first, _ in first }
  }

  @Test("the folder has the page, the document, the samples, and a histogram of every distribution")
  func names() {
    #expect(
      Set(report.files.map(\.path)) == [
        "latency.json", "latency.html", "samples.csv", "hgrm/16B-device.hgrm", "hgrm/16B-reference.hgrm",
        "hgrm/open-1024B-10ms-tls-device.hgrm", "hgrm/open-1024B-10ms-tls-device-corrected.hgrm",
        "hgrm/open-1024B-10ms-tls-reference.hgrm", "hgrm/open-1024B-10ms-tls-reference-corrected.hgrm",
      ])
  }

  @Test("latency.json can be the baseline of a later run, and has what every reader counts on")
  func document() throws {
    let text = try #require(files["latency.json"])
    let known = try JSONDecoder().decode(LatencyBaseline.self, from: Data(text.utf8))
    #expect(known == LatencyBaseline(SampleLatencyRun.run), "it says all that a comparison needs")
    let report = LatencyBaselineReport(SampleLatencyRun.run, beside: known, named: "x")
    #expect(report.rows.map(\.id) == ["16B", "open-1024B-10ms-tls"] && report.unmatched.isEmpty)
    #expect(
      report.rows.map(\.device.outcome) == [.tooFewSamples, .tooFewSamples],
      "five rounds, of which seven rows are compared")
    #expect(
      report.tooFew == [
        "phase-openingHandshake", "phase-tlsHandshake-tls-pm-performance", "throughput-down", "load",
        "allocations-tls",
      ])
    let json = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    let series = try #require((json["series"] as? [[String: Any]])?.first)
    let raw = try #require(series["raw"] as? [String: Any])
    #expect(raw["count"] as? Int == 40 && raw["p50Nanoseconds"] as? Int ?? 0 > 2_000_000)
    #expect(raw["p999Nanoseconds"] is NSNull, "of 40 samples it would be the largest by another name")
    #expect((series["confidence"] as? [String: Any])?["p999"] is NSNull && series["schedule"] == nil)
    let schedule = (json["series"] as? [[String: Any]])?[2]["schedule"] as? [String: Any]
    #expect(
      schedule?["maxLatenessNanoseconds"] as? Int ?? 0 >= 1_500
        && schedule?["p99LatenessNanoseconds"] is NSNull)
    #expect((json["powerModes"] as? [[String: Any]])?.first?["readBack"] as? Int == 0xa1_1142)
    #expect(series["corrected"] == nil && series["networkIsEstimated"] as? Bool == false)
    let environment = try #require(json["environment"] as? [String: Any])
    #expect(environment["kernel"] as? String == "Linux 6.1" && environment["loadAtStart"] as? Double == 0.5)
    #expect(((json["board"] as? [String: Any])?["radio"] as? [String: Int])?["rssi"] == -51)
  }

  @Test(
    "latency.json fits its schema, which is no rubber stamp",
    .enabled(if: Repository.hasPython, "\(Repository.pythonIsMissing)"))
  func schema() async throws {
    let folder = try TemporaryFolder()
    let text = try #require(files["latency.json"])
    var bare = SampleLatencyRun.run
    bare.series = []
    bare.phases = []
    bare.baseline = LatencyBaselineReport(
      SampleLatencyRun.run,
      beside: try JSONDecoder().decode(LatencyBaseline.self, from: Data(text.utf8)), named: "x")
    let second = LatencyReport(bare).files.first { $0.path == "latency.json" }?.text ?? ""
    let good = [text, second]
    let bad = [
      text.replacing("\"closed\"", with: "\"shut\""),
      text.replacing("\"p50Nanoseconds\"", with: "\"median\""),
      text.replacing("\"receivedAndSent\"", with: "\"all\""),
      second.replacing("\"tooFewSamples\"", with: "\"equal\""),
      text.replacing("\"thousandths\"", with: "\"percent\""),
    ]
    #expect(bad.allSatisfy { !good.contains($0) })
    for (index, text) in (good + bad).enumerated() { try folder.write(text, to: "\(index).json") }
    let program = """
      import json, sys, jsonschema
      schema = json.load(open(sys.argv[1]))
      jsonschema.Draft202012Validator.check_schema(schema)
      validator = jsonschema.Draft202012Validator(schema)
      for path in sys.argv[2:]:
          errors = [e.json_path + ": " + e.message[:200] for e in validator.iter_errors(json.load(open(path)))]
          print(len(errors), "; ".join(errors))
      """
    let paths = (good + bad).indices.map { folder.path + "/\($0).json" }
    let schema = Repository.fixtures.appending(path: "schema/latency.schema.json").path
    let python = try #require(Repository.python)
    let child = try await RunningChild.run(python, ["-c", program, schema] + paths)
    let lines = child.output.split(separator: "\n")
    #expect(child.status == 0, "\(child.everything)")
    #expect(lines.prefix(good.count).allSatisfy { $0.hasPrefix("0 ") }, "\(child.output)")
    #expect(lines.dropFirst(good.count).allSatisfy { !$0.hasPrefix("0 ") }, "\(child.output)")
  }

  @Test("samples.csv has a row for every exchange, with the same number of cells")
  func samples() throws {
    let lines = try #require(files["samples.csv"]).split(separator: "\n")
    #expect(lines.count == 1 + 4 * 5 * 8)
    let cells = lines.map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    #expect(cells.allSatisfy { $0.count == cells[0].count })
    let first = zip(cells[0], cells[1]).reduce(into: [:]) { $0[String($1.0)] = String($1.1) }
    #expect(first["t0_handed_ns"] == "0" && first["t1_sent_ns"] == "4000" && first["due_ns"] == "")
    let open = zip(cells[0], try #require(cells.last)).reduce(into: [:]) { $0[String($1.0)] = String($1.1) }
    #expect(first["own_lateness_ns"] == "" && open["own_lateness_ns"] == "1500")
    #expect(first["round"] == "1" && first["conditions"] == "16B" && first["wire_ns"] == "2000000")
  }

  @Test("the page is whole, loads nothing, and what came from outside is text")
  func page() throws {
    let page = try #require(files["latency.html"])
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains("</html>"))
    for reference in ["http://", "https://", "src=", "@import", "url(", "<link", "<script"] {
      #expect(!page.contains(reference), "\(reference)")
    }
    #expect(page.contains("&lt;script&gt;alert(1)") && page.contains("no &lt;reason&gt;"))
    for name in ["table", "tr", "td", "section", "div", "p", "ul", "li", "svg", "text", "figure"] {
      let opened = page.ranges(of: "<\(name)>").count + page.ranges(of: "<\(name) ").count
      #expect(opened == page.ranges(of: "</\(name)>").count, "\(name)")
    }
    #expect(page.ranges(of: "<svg ").count == 5, "the layers, and two pictures for each conditions")
    #expect(!page.contains("nan") && !page.contains("inf\""))
    for words in [
      "no hardware took part", "RSSI", "-51 dBm", "device, corrected", "opening handshake", "t2 to t3",
      "own clock",
      "behind by 1.5 us at the most", "0xa11142 read back", "12 readings", "<th>client library</th>",
      "<td>–</td>",
    ] {
      #expect(page.contains(words), "\(words)")
    }
  }

  @Test("the terminal has every series, its layers, phases, costs, the rig's noise and the findings")
  func terminal() throws {
    let text = LatencyTables(report, style: TerminalStyle(usesColor: false)).summary(reportFolder: "r")
    #expect(try Golden.difference(text + "\n", "latency.txt") == nil)
    #expect(text.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A })
  }

  @Test("a baseline is shown row by row, with what the computer's own change is, and what is not compared")
  func baseline() throws {
    var run = SampleLatencyRun.run
    run.series = run.series.map { $0.twice }
    var former = run
    former.series = run.series.map { series in
      var copy = series
      let isDevice = series.endpoint == .device
      copy.rounds = series.rounds.map { $0.map { $0.scaled(isDevice ? 2 : 1.5) } }
      return copy
    }
    let text = try #require(LatencyReport(former).files.first { $0.path == "latency.json" }?.text)
    let known = try JSONDecoder().decode(LatencyBaseline.self, from: Data(text.utf8))
    let report = LatencyBaselineReport(run, beside: known, named: "former")
    run.baseline = report
    let lines = LatencyTables(LatencyReport(run), style: TerminalStyle(usesColor: false)).summary(
      reportFolder: nil)
    let table = LatencyComparisonTable.text(of: report, style: TerminalStyle(usesColor: false))
    #expect(lines.contains(table), "what wsrig compare prints: \(lines)")
    let page = try #require(LatencyReport(run).files.first { $0.path == "latency.html" }?.text)
    for words in [
      "faster", " % *", "this computer itself is at -33.3 %, which is taken out of the change",
      "not compared, for too few rounds: phase-openingHandshake, ",
      "not compared, as a run has one figure of each",
    ] {
      #expect(table.contains(words) && page.contains(words), "\(words)\n\(lines)")
    }
    #expect(page.contains("<th>median old</th>"))
    #expect(run.outcome == .inconclusive, "its failure is the bench's")
  }

  @Test("where one round was made, nobody is told how far rounds lie apart")
  func oneRound() throws {
    var run = SampleLatencyRun.run
    run.series = run.series.map { series in
      var copy = series
      copy.rounds = Array(series.rounds.prefix(1))
      return copy
    }
    let report = LatencyReport(run)
    let text = LatencyTables(report, style: TerminalStyle(usesColor: false)).summary(reportFolder: nil)
    #expect(
      text.contains("one round does not tell how far such medians lie apart") && !text.contains("within 0 ns")
    )
    let page = try #require(report.files.first { $0.path == "latency.html" }?.text)
    #expect(page.contains("<td>–</td></tr>"))
  }
}

extension LatencyMeasurement {
  /// The same with each round once more.
  fileprivate var twice: LatencyMeasurement {
    var copy = self
    copy.rounds += rounds
    return copy
  }
}

extension TimedExchange {
  /// The same with so many times the latency.
  fileprivate func scaled(_ factor: Double) -> TimedExchange {
    var copy = self
    copy.exchange.received = exchange.sent.map { $0 + UInt64(Double(exchange.wireNanoseconds) * factor) }
    return copy
  }
}
