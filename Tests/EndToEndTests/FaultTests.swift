import Foundation
import PosixIO
import TestSupport
import Testing

extension EndToEndTests {
  /// Faults that are injected between the rig and the simulated board: the ladder's rungs, a bound of time, the outcome. An injected
  /// fault is never a client's failure, no run hangs, and no result is lost.
  @Suite("Injected faults")
  struct FaultTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The case that is hit; the one before it and the one behind it pass, unless the board is gone.
    private static let target = "9.messages-50"
    private static let cases = ["1.text-1", target, "9.silence"]

    @Test(
      "a rerun with the right verdict, or inconclusive; bounded, and nothing lost",
      arguments: FaultRow.sideBySide)
    func injected(_ rows: FaultRows) async throws {
      // A fault is mostly waited for: several at once cost little more time than one.
      try await withThrowingTaskGroup { group in
        for row in rows.rows { group.addTask { try await inject(row) } }
        try await group.waitForAll()
      }
    }

    private func inject(_ row: FaultRow) async throws {
      let folder = try TemporaryFolder()
      try row.faultFile.write(to: folder.url.appending(path: "faults.json"))
      let child = try await Tool.run(
        ["run", "--report", "r", "--deliveries", "whole", "--sim-faults", "faults.json"] + row.options
          + Self.cases.flatMap { ["--only", $0] }, in: folder, within: .seconds(row.seconds))
      let seen = "\(row.name): \(child.everything)"
      let results = try await Results.read(folder, "r")
      #expect(results.cases.map(\.id) == Self.cases, "\(seen)")
      #expect(!results.cases.contains { $0.verdict == "failed" }, "\(seen)")
      #expect(results["1.text-1"]?.verdict == row.others, "\(seen)")
      let hit = try #require(results[Self.target])
      #expect(hit.verdict == row.verdict && row.attempts.contains(hit.attempts), "\(seen)")
      #expect(child.status == (row.verdict == "passed" ? 0 : 3), "\(seen)")
      #expect(row.rungs.contains(Self.rungs(results)), "\(seen)")
      // What another attempt was for is in a black box.
      let isTrouble = hit.attempts > 1 || row.verdict == "inconclusive"
      // Before the first case, it is that one's.
      let boxed = hit.attempts == 0 && row.others != "passed" ? results.cases[0] : hit
      #expect((boxed.blackBoxes ?? []).isEmpty != isTrouble, "\(seen)")
    }

    private static let recovery = [
      "interrupt", "reenterRawREPL", "softReset", "hardReset", "portPower", "quarantine", "comeBack",
    ]

    /// What happened to the board over the whole run; a rung that failed ends in `!`.
    private static func rungs(_ results: Results) -> [String] {
      (results.boardEvents + results.cases.flatMap(\.boardEvents))
        .filter { recovery.contains($0.kind) || ($0.kind == "attach" && !$0.succeeded) }
        .map { $0.kind + ($0.succeeded ? "" : "!") }
    }

    @Test(
      "malformed rows were left out in silence: every row of the file runs, each of another name, and fits the schema"
    )
    func table() async throws {
      let rows = try FaultRow.table.get()
      #expect(rows.count >= 60 && Set(rows.map(\.name)).count == rows.count)
      let check = """
        import json, sys, jsonschema
        schema = json.load(open(sys.argv[1]))
        for row in json.load(open(sys.argv[2]))["rows"]:
            jsonschema.validate({"faults": row["faults"]}, schema)
        print(len(json.load(open(sys.argv[2]))["rows"]))
        """
      let schema = Repository.fixtures.appending(path: "schema/faults.schema.json").path
      let child = try await RunningChild.run(
        try #require(Repository.python), ["-c", check, schema, FaultRow.file.path])
      #expect(child.status == 0 && child.output == "\(FaultRow.all.count)\n", "\(child.everything)")
    }

    @Test(
      "a row with a part missing, of another type or unknown is an error that names it",
      arguments: [
        (#"{"name": "n", "rungs": [], "verdict": "passed", "attempts": 1, "seconds": 1}"#, "faults"),
        (
          #"{"name": "n", "faults": [], "rungs": [], "verdict": "passed", "attempts": "1", "seconds": 1}"#,
          "attempts"
        ),
        (
          #"{"name": "n", "faults": [], "rungs": [], "verdict": "passed", "attempts": 1, "seconds": 1, "option": []}"#,
          "option"
        ),
      ])
    func malformedRow(_ text: String, _ key: String) throws {
      let row = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      let error = try #require(throws: FaultRow.Malformed.self) { try FaultRow(row) }
      #expect(error.description == "the row \"n\" of faults.json has no usable \(key)")
    }

    @Test(
      "a fault while the client is loaded was called the client's failure: a black box, the reports, exit 3")
    func whileLoading() async throws {
      try folder.write(
        #"{"faults": [{"on": {"toBoard": "wsrig_ramfs.append("}, "times": 9, "do": "reset"}]}"#,
        to: "faults.json"
      )
      let child = try await Tool.run(
        [
          "run", "--report", "r", "--deliveries", "whole", "--only", "1.text-1", "--sim-faults",
          "faults.json",
        ],
        in: folder)
      expectComplaint(child, status: 3, ["The board sim could not be got ready: the link ended"])
      let results = try await Results.read(folder, "r")
      #expect(results.cases.map(\.verdict) == ["inconclusive"] && results.cases[0].attempts == 0)
      let box = try #require(results.cases[0].blackBoxes?.first)
      #expect(try folder.text("r/\(box.path)/trouble.txt").contains("hardReset succeeded"))
      #expect(try folder.text("r/\(box.path)/serial.log").contains("injected fault: the board restarts"))
    }

    @Test("without a fault, a client that loses the board each time it is loaded is to blame: exit 2")
    func clientThatResets() async throws {
      try folder.write("import machine\nmachine.reset()\n", to: "resets.py")
      let child = try await Tool.run(
        ["run", "--report", "r", "--only", "1.text-1", "--client", "resets.py"], in: folder)
      expectComplaint(
        child, status: 2, ["resets.py", "the board was lost both times", "works without the client"])
    }

    @Test("a client that loops while it is imported took 30 s, and was told without a traceback")
    func clientThatLoops() async throws {
      try folder.write("import sys\n\nwhile True:\n    pass\n", to: "loops.py")
      let start = MonotonicInstant.now()
      let child = try await Tool.run(["run", "--only", "1.text-1", "--client", "loops.py"], in: folder)
      let taken = MonotonicInstant.now() - start
      expectComplaint(
        child, status: 2,
        ["loops.py", "it had not finished after 15 s", "KeyboardInterrupt", "loops.py\", line "],
        lines: 2...12)
      #expect(taken < .seconds(28), "\(taken)")
    }

    @Test("an answer of joining the WLAN that was lost was told as 25 s that were not enough, after 0.3 s")
    func lostAnswerOfJoining() async throws {
      try folder.write(
        "[wlan]\nssid = \"Bench\"\npassphrase-env = \"BENCH_PASSPHRASE\"\n"
          + "[boards.virtual]\nlink = \"sim\"\n", to: "wsrig.toml")
      try folder.write(
        #"{"faults": [{"on": {"fromBoard": "~S:sta"}, "do": {"corrupt": {"direction": "fromBoard"}}}]}"#,
        to: "faults.json")
      let child = try await Tool.run(
        [
          "run", "--report", "r", "--only", "1.text-1", "--deliveries", "whole", "--sim-faults",
          "faults.json",
        ],
        in: folder,
        environment: ["BENCH_PASSPHRASE": "horse battery", "WSRIG_SIM_WLAN": "Bench:horse battery"])
      #expect(child.status == 0, "\(child.everything)")
      let results = try await Results.read(folder, "r")
      #expect(Self.rungs(results) == ["interrupt", "softReset"], "\(child.everything)")
      let events = try folder.text("r/results.json")
      #expect(events.contains("answer about its WLAN arrived damaged"), "\(child.everything)")
      #expect(!child.everything.contains("were not enough"), "\(child.everything)")
    }

    @Test("a line that damages each time was told as the firmware's fault")
    func damagedEachTime() async throws {
      try folder.write(
        #"{"faults": [{"on": {"toBoard": "say('count'"}, "times": 9, "do": {"corrupt": {"direction": "toBoard", "count": 2}}}]}"#,
        to: "faults.json")
      let child = try await Tool.run(
        [
          "run", "--report", "r", "--only", "1.text-1", "--deliveries", "whole", "--sim-faults",
          "faults.json",
        ],
        in: folder)
      expectComplaint(child, status: 3, ["The board sim could not be got ready", "its line for damage"])
      #expect(child.errors.ranges(of: "check").count == 1, "\(child.everything)")
    }

    @Test("trouble of the bench is in a black box, which the terminal, results.json and report.html name")
    func blackBox() async throws {
      try folder.write(
        #"{"faults": [{"on": {"toBoard": "})\u0004"}, "skip": 2, "do": "reset"}]}"#, to: "faults.json")
      let child = try await Tool.run(
        ["run", "--report", "r", "--deliveries", "whole", "--sim-faults", "faults.json"]
          + Self.cases.flatMap { ["--only", $0] }, in: folder)
      let box = "blackbox/001-9.messages-50"
      #expect(child.output.contains("Trouble of the bench, saved 1 time:\n    r/\(box)  the board was lost:"))
      let results = try await Results.read(folder, "r")
      let saved = try #require(results["9.messages-50"]?.blackBoxes)
      #expect(saved.map(\.path) == [box] && saved.map(\.kind) == ["boardLost"])
      #expect(try folder.text("r/report.html").contains("href=\"\(box)/trouble.txt\""))
      let trouble = try folder.text("r/\(box)/trouble.txt")
      for part in [
        "9.messages-50, attempt 1: the board was lost", "restarted by itself", "hardReset succeeded",
      ] {
        #expect(trouble.contains(part), "\(trouble)")
      }
      #expect(try folder.text("r/\(box)/serial.log").contains("'id\\': \\'9.messages-50"))
      #expect(folder.has("r/\(box)/wire.txt") && folder.has("r/\(box)/client.txt"))
    }

    @Test("black boxes are bounded in number, whatever happens")
    func blackBoxesAreBounded() async throws {
      try folder.write(
        #"{"faults": [{"on": {"toBoard": "'id': '"}, "skip": 1, "times": 999, "do": {"corrupt": {"direction": "toBoard", "skip": 20}}}]}"#,
        to: "faults.json")
      let child = try await Tool.run(
        [
          "run", "--report", "r", "--deliveries", "whole", "--sim-faults", "faults.json", "--only",
          "1.text-*", "--only", "1.binary-*",
        ],
        in: folder, within: .seconds(600))
      let results = try await Results.read(folder, "r")
      #expect(
        results.cases.count > 20 && results.cases.allSatisfy { $0.verdict == "inconclusive" },
        "\(child.everything)")
      #expect(results.cases.flatMap { $0.blackBoxes ?? [] }.count == 40)
      let folders = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/r/blackbox")
      #expect(folders.count == 40)
      #expect(child.output.contains("... and 34 more"))
    }

    @Test("without an injected fault, a board that only one case loses is the client's failure: boardLost")
    func boardLost() async throws {
      let adapter = try String(
        contentsOf: Repository.fixtures.appending(path: "board/adapters/async_websocketclient.py"),
        encoding: .utf8)
      try folder.write(
        adapter + """

          _send = send


          async def send(ws, data):
              while len(data) > 20:
                  try:
                      while True:
                          pass
                  except KeyboardInterrupt:
                      pass
              await _send(ws, data)

          """, to: "stubborn.py")
      let child = try await Tool.run(
        ["run", "--report", "r", "--deliveries", "whole", "--adapter", "stubborn.py"]
          + ["1.text-1", "1.text-125", "9.silence"].flatMap { ["--only", $0] }, in: folder,
        within: .seconds(600))
      #expect(child.status == 1, "\(child.everything)")
      let results = try await Results.read(folder, "r")
      #expect(results.cases.map(\.verdict) == ["passed", "failed", "passed"], "\(child.everything)")
      #expect(results["1.text-125"]?.violations.map(\.rule) == ["board-lost"])
      #expect(results["1.text-125"]?.blackBoxes?.map(\.kind) == ["boardLost", "boardLost"])
    }

    @Test(
      "a fault file that is wrong is told with file and key",
      arguments: [
        (#"{"faults": [{"on": "opening", "do": {"dorp": {}}}]}"#, "faults[0].do"),
        (#"{"faults": [{"do": "hang"}]}"#, "faults[0].on is missing"),
        (#"{"faults": [{"on": {"fromBoard": ""}, "do": "hang"}]}"#, "faults[0].on.fromBoard"),
        (#"{"faults": [{"on": "opening", "times": 0, "do": "hang"}]}"#, "faults[0].times is 0"),
        (#"{"fault": []}"#, "did you mean faults"),
      ])
    func mistakes(_ text: String, _ part: String) async throws {
      try folder.write(text, to: "faults.json")
      let child = try await Tool.run(
        ["run", "--only", "1.text-1", "--sim-faults", "faults.json"], in: folder)
      expectComplaint(child, status: 2, ["faults.json", part])
    }

    @Test("faults are for a board on this computer")
    func realBoard() async throws {
      try folder.write(#"{"faults": []}"#, to: "faults.json")
      let child = try await Tool.run(
        ["run", "--only", "1.text-1", "--board", "tty:/dev/null", "--sim-faults", "faults.json"], in: folder)
      expectComplaint(child, status: 2, ["--sim-faults", "tty:/dev/null"])
    }

    @Test("cycles of connecting, running and resetting leave nothing behind")
    func cycles() async throws {
      let script = Repository.folder.appending(path: "scripts/board-cycles").path
      let child = try await RunningChild.run(
        try #require(Repository.python),
        [script, "--cycles", "20", "--memory", "16384", "--wsrig", try #require(Tool.path)],
        within: .seconds(600))
      #expect(child.status == 0 && child.output.contains("nothing leaks"), "\(child.everything)")
    }
  }
}

/// Rows of `fixtures/board/faults.json` that run side by side.
struct FaultRows: Sendable, CustomTestStringConvertible {
  let rows: [FaultRow]
  var testDescription: String { rows.map(\.name).joined(separator: "; ") }
}

/// One row of `fixtures/board/faults.json`: a fault and what is to come of it.
struct FaultRow: Sendable {
  let name: String
  let faultFile: Data
  /// Several lists where it is chance which of two moments the fault hits.
  let rungs: [[String]]
  let verdict: String
  /// What the case before comes to: `passed`, unless the fault hits before the first case.
  let others: String
  /// Several where it is chance which of two moments the fault hits.
  let attempts: [Int]
  let seconds: Int
  let options: [String]

  static let file = Repository.fixtures.appending(path: "board/faults.json")

  /// A row that cannot be run as it is written.
  struct Malformed: Error, CustomStringConvertible {
    let row: String
    let key: String
    var description: String { "the row \(row) of faults.json has no usable \(key)" }
  }

  /// All rows, or what is wrong with the first that is malformed.
  static let table = Result<[FaultRow], any Error> {
    let table = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
    guard let rows = table?["rows"] as? [[String: Any]] else { throw Malformed(row: "none", key: "rows") }
    return try rows.map(FaultRow.init)
  }

  /// The rows to run; none where one is malformed, which a test of its own tells.
  static let all = (try? table.get()) ?? []

  /// The rows in fours: of like bounds, so that none waits long for the others.
  static let sideBySide = {
    let rows = all.sorted { ($0.seconds, $0.name) < ($1.seconds, $1.name) }
    return stride(from: 0, to: rows.count, by: 4).map {
      FaultRows(rows: Array(rows[$0..<min($0 + 4, rows.count)]))
    }
  }()

  private static let keys: Set = [
    "name", "faults", "rungs", "verdict", "others", "attempts", "seconds", "options",
  ]

  init(_ row: [String: Any]) throws {
    let label = (row["name"] as? String).map { "\"\($0)\"" } ?? "without a name"
    func part<Value>(_ key: String, _ value: Value?) throws -> Value {
      guard let value else { throw Malformed(row: label, key: key) }
      return value
    }
    if let unknown = Set(row.keys).subtracting(Self.keys).min() { throw Malformed(row: label, key: unknown) }
    name = try part("name", row["name"] as? String)
    let faults = try part("faults", row["faults"] as? [Any])
    faultFile = try JSONSerialization.data(withJSONObject: ["faults": faults])
    let rungs = (row["rungs"] as? [String]).map { [$0] } ?? row["rungs"] as? [[String]]
    self.rungs = try part("rungs", rungs)
    verdict = try part("verdict", row["verdict"] as? String)
    let attempts = row["attempts"] as? [Int] ?? (row["attempts"] as? Int).map { [$0] }
    self.attempts = try part("attempts", attempts)
    seconds = try part("seconds", row["seconds"] as? Int)
    others = try part("others", row["others"].map { $0 as? String } ?? "passed")
    options = try part("options", row["options"].map { $0 as? [String] } ?? [])
  }
}
