import Foundation
import Results
import Scenarios
import Steps
import TestSupport
import Testing
import Verdicts

@testable import Bench

@Suite("Mutants: patches over our client's source")
struct MutantPatchTests {
  private static let source = "a = 1\nb = 2\nif a:\n    b = 3\n"

  private func mutant(_ replacements: [(String, String)]) -> Mutant {
    Mutant(
      id: "m", defect: "It is broken.", chapters: [.framing], seen: [],
      replacements: replacements.map { Mutant.Replacement(find: $0.0, with: $0.1) }, killedBy: ["1.*"])
  }

  private func patched(_ replacements: [(String, String)]) throws -> String? {
    try mutant(replacements).changed(["a.py": Self.source])["a.py"]
  }

  private func misfit(_ replacements: [(String, String)]) throws -> MisfitMutant {
    try #require(#expect(throws: MisfitMutant.self) { try patched(replacements) })
  }

  @Test("every place is replaced, in whatever order they are named")
  func patched() throws {
    let changes = [("b = 3", "b = 4\n    c = 5"), ("a = 1\n", ""), ("b = 2", "b = 1")]
    for changes in [changes, changes.reversed()] {
      #expect(try patched(changes) == "b = 1\nif a:\n    b = 4\n    c = 5\n")
    }
  }

  @Test("what one replacement brings in is not searched by another")
  func replacedText() throws {
    #expect(
      try patched([("a = 1", "b = 2, 2"), ("b = 2", "x")]) == "b = 2, 2\nx\nif a:\n    b = 3\n")
  }

  @Test("a place is found in whatever file of the client it is, and files without one are left out")
  func files() throws {
    let files = ["a.py": "x = 1\n", "b.py": "y = 1\n", "c.py": "z = 1\n"]
    #expect(
      try mutant([("y", "why"), ("x", "ex")]).changed(files) == ["a.py": "ex = 1\n", "b.py": "why = 1\n"])
    #expect(throws: MisfitMutant.self) { try mutant([(" = 1", "")]).changed(files) }
  }

  @Test("a text that is missing, there twice, or overlaps is named with the mutant and the file")
  func misfits() throws {
    let missing = try misfit([("b = 2", "b = 1"), ("if c:\n    b", "")])
    #expect(missing == MisfitMutant(mutant: "m", find: "if c:\n    b", problem: .found(times: 0)))
    #expect(
      missing.sentence(client: "client", files: ["a.py", "b.py"])
        == "The mutant m does not fit: what it replaces must be once in a.py, b.py of client, and is there 0 times: "
        + "\n  | if c:\n  |     b")
    #expect(try misfit([("b = ", "c = ")]).problem == .found(times: 2))
    #expect(try misfit([("a = 1\nb", "x"), ("1\n", "2\n")]).problem == .overlaps)
    #expect(try misfit([("b = 3", "b = 3")]).problem == .changesNothing)
  }
}

@Suite("Mutant files")
struct MutantFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func text(_ changes: [String: String] = [:]) -> String {
    let members = [
      "id": "\"m\"", "defect": "\"It is broken.\"", "chapters": "[1, 14]", "seen": "[\"hil-3\"]",
      "replace": "[{\"find\": [\"a\", \"  b\"], \"with\": \"c\"}]", "killedBy": "[\"1.*\"]",
    ].merging(changes) { _, new in new }
    return "{"
      + members.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ",")
      + "}"
  }

  private func complaint(_ changes: [String: String]) throws -> String {
    let path = try folder.write(Self.text(changes), to: "m.json")
    return try #require(#expect(throws: ScenarioFileError.self) { try MutantFile.read(path: path) })
      .description
  }

  @Test("a file is read, a text as it is or by its lines")
  func read() throws {
    let mutant = try MutantFile.read(path: folder.write(Self.text(), to: "m.json"))
    #expect(
      mutant
        == Mutant(
          id: "m", defect: "It is broken.", chapters: [.framing, .resources], seen: ["hil-3"],
          replacements: [Mutant.Replacement(find: "a\n  b", with: "c")], killedBy: ["1.*"]))
  }

  @Test("a mistake is told with file, place and what is allowed there")
  func mistakes() throws {
    for (key, value, parts) in [
      ("id", "\"n\"", ["id is \"n\"", "\"m\", as the file is named"]),
      ("chapters", "[16]", ["chapters[0] is 16", "from 0 to 15"]),
      ("chapters", "[]", ["chapters is a list of 0", "at least one"]),
      ("replace", "[]", ["replace is a list of 0"]), ("killedBy", "[]", ["killedBy is a list of 0"]),
      ("replace", "[{\"find\": \"a\"}]", ["replace[0].with is missing", "a list of lines"]),
      ("replace", "[{\"find\": \"\", \"with\": \"a\"}]", ["replace[0].find is \"\"", "not empty"]),
      ("replace", "[{\"find\": 1, \"with\": \"a\"}]", ["replace[0].find is 1"]),
      ("seen", "\"hil-3\"", ["seen is \"hil-3\"", "a list"]), ("defects", "1", ["defects is no known key"]),
    ] {
      let complaint = try complaint([key: value])
      for part in ["m.json"] + parts { #expect(complaint.contains(part), "\(complaint)") }
    }
  }

  @Test("mutants are chosen by pattern; one that fits none is told with the nearest")
  func chosen() throws {
    for id in ["pong-late", "pong-once", "mask-zero"] {
      try folder.write(Self.text(["id": "\"\(id)\""]), to: "\(id).json")
    }
    try folder.write("[]", to: UnprovedList.fileName)
    #expect(try MutantFile.all(in: folder.url).map(\.id) == ["mask-zero", "pong-late", "pong-once"])
    #expect(try MutantFile.all(in: folder.url, only: ["pong*"]).map(\.id) == ["pong-late", "pong-once"])
    let none = #expect(throws: ConfigurationError.self) {
      try MutantFile.all(in: folder.url, only: ["pong-onc"])
    }
    #expect(none?.sentence.contains("did you mean pong-once") == true)
    let empty = try TemporaryFolder()
    #expect(throws: ConfigurationError.self) { try MutantFile.all(in: empty.url) }
  }
}

@Suite("The committed mutants")
struct CommittedMutantTests {
  private static let folder = Repository.fixtures.appending(path: "mutants")
  private let mutants: [Mutant]

  init() throws { mutants = try MutantFile.all(in: Self.folder) }

  @Test("there are enough, for every chapter, and all fit our client and declare cases that exist")
  func plan() throws {
    #expect(mutants.count >= 70)
    let chapters = Set(mutants.flatMap(\.chapters))
    #expect(Set(Catalogue.all.compactMap(\.chapter)).subtracting(chapters).isEmpty)
    let plan = try MutantPlan(
      MutantRunConfiguration(
        mutants: mutants, fixtures: Fixtures(path: Repository.fixtures.path),
        simulation: RunConfiguration.Simulation(), scenarios: Catalogue.all, deliveries: "default", seed: 1,
        jobs: 1, isMatrix: false))
    #expect(plan.entries.count == mutants.count)
    for entry in plan.entries {
      #expect(
        entry.cases.count > MutantPlan.sampleSize && Set(entry.cases.map(\.id)).count == entry.cases.count)
    }
    let sources = Set(plan.entries.map(\.source))
    #expect(sources.count == mutants.count, "two mutants are the same")
  }

  @Test("every row of the bug tables has a mutant, and every mutant's row is in the README")
  func rows() throws {
    let readme = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
    let rows = Set(readme.matches(of: /(?m)^\| ((autobahn|hil)-\d+) \|/).map { String($0.output.1) })
    #expect(rows.count == 39)
    #expect(rows == Set(mutants.flatMap(\.seen)))
  }

  @Test(
    "the schema fits them and refuses mistakes",
    .enabled(if: Repository.hasPython, "\(Repository.pythonIsMissing)"))
  func schema() async throws {
    let schema = Repository.fixtures.appending(path: "schema/mutant.schema.json").path
    let child = try await RunningChild.run(
      try #require(Repository.python), ["-c", Self.script, schema, Self.folder.path])
    #expect(child.status == 0 && child.output == "ok\n", "\(child.everything)")
  }

  private static let script = """
    import glob, json, sys
    import jsonschema
    schema = json.load(open(sys.argv[1]))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in glob.glob(sys.argv[2] + "/*.json"):
        if path.endswith("/unproved.json"):
            continue
        mutant = json.load(open(path))
        for error in validator.iter_errors(mutant):
            print(path, list(error.absolute_path), error.message[:200])
    for change in ({"seen": ["other-1"]}, {"replace": []}, {"chapters": [16]}, {"defect": "no full stop"}, {"more": 1}):
        if validator.is_valid({**mutant, **change}):
            print("not refused:", change)
    print("ok")
    """
}

@Suite("Kills and the matrix")
struct MutantMatrixTests {
  private static func result(_ id: String, _ verdict: Verdict) -> CaseResult {
    let scenario = Scenario(
      id: id, description: "d", expectation: "e", rfc: "5.5", requirement: .must, server: ServerScript([]))
    let broken = Violation(rule: "r", rfc: "5.5", requirement: .must, connection: "c", sentence: "It broke.")
    return CaseResult(
      case: Case(scenario: scenario),
      judgement: Judgement(verdict: verdict, violations: verdict == .failed ? [broken] : []), attempts: 1,
      durationSeconds: 0, device: nil, reference: nil)
  }

  @Test("a kill is a verdict that is worse than that on the client without a defect")
  func kill() throws {
    let worse: [(Verdict, Verdict)] = [
      (.failed, .passed), (.failed, .nonStrict), (.failed, .informational), (.failed, .unsupported),
      (.nonStrict, .passed), (.nonStrict, .informational), (.nonStrict, .unsupported),
      (.informational, .passed), (.informational, .unsupported),
    ]
    for verdict in Verdict.allCases {
      for baseline in Verdict.allCases {
        let kill = MutantKill(Self.result("1.a", verdict), baseline: baseline, isDeclared: true)
        #expect((kill != nil) == worse.contains { $0 == (verdict, baseline) }, "\(verdict) after \(baseline)")
      }
    }
    #expect(MutantKill(Self.result("1.a", .failed), baseline: nil, isDeclared: true) == nil)
    let kill = try #require(
      MutantKill(Self.result("1.a", .failed), baseline: .passed, isDeclared: true))
    #expect(kill.scenario == "1.a" && kill.rule == "r" && kill.sentence == "It broke.")
  }

  /// - Parameter declared: the scenarios that are declared for every mutant.
  private static func run(
    _ mutants: [(String, [String])], declared: Set<String> = ["1.a"]
  ) -> MutantRunResult {
    var run = MutantRunResult(
      tool: "t", seed: 1, isMatrix: true, ownChapters: false, fingerprint: "f",
      baseline: ["1.a", "1.b", "2.a"].map { BaselineVerdict(result($0, .passed)) },
      plannedCount: mutants.count)
    run.mutants = mutants.map { id, failed in
      MutantResult(
        id: id, source: "s", defect: "d.", chapters: [1], seen: [],
        outcome: failed.isEmpty ? .survived : .killed,
        kills: failed.compactMap {
          MutantKill(result($0, .failed), baseline: .passed, isDeclared: declared.contains($0))
        }, knowsDeclared: true)
    }
    return run
  }

  @Test("each scenario knows its mutants, the most telling first")
  func matrix() {
    let matrix = MutantMatrix(Self.run([("broad", ["2.a", "1.a"]), ("narrow", ["1.a"])]))
    #expect(matrix.mutantsByScenario == ["1.a": ["narrow", "broad"], "2.a": ["broad"]])
    #expect(matrix.scenariosByMutant["broad"] == ["1.a", "2.a"])
    #expect(matrix.unproved == ["1.b"])
  }

  @Test("a mutant that none of its declared cases kills is declared in vain, if they are known to have run")
  func vain() throws {
    let run = Self.run([("told", ["1.a", "2.a"]), ("vain", ["2.a"]), ("tough", [])])
    #expect(run.mutants.map(\.isKilledAsDeclared) == [true, false, false])
    #expect(run.mutants.map(\.isDeclaredInVain) == [false, true, false])
    var unknown = try #require(run.mutants.first { $0.id == "vain" })
    unknown.knowsDeclared = false
    #expect(!unknown.isDeclaredInVain)
    let problems = MutantMatrix(run).problems(of: run, unproved: [])
    #expect(problems.contains("none of the cases declared for it fails the mutant vain"))
  }

  @Test("a survivor, a scenario without proof or reason, and a needless reason are problems")
  func problems() {
    let run = Self.run([("m", ["1.a"]), ("tough", [])])
    func problems(_ reasons: [String]) -> [String] {
      MutantMatrix(run).problems(
        of: run, unproved: reasons.map { UnprovedScenarios(scenarios: Glob($0), reason: "It is so.") })
    }
    let survivor = "no scenario fails the mutant tough"
    #expect(
      problems([]) == [survivor] + ["1.b", "2.a"].map { "no mutant fails \($0), and no reason is given" })
    #expect(problems(["1.b", "2.*"]) == [survivor])
    #expect(problems(["*"]).last == "a reason is given why no mutant fails 1.a, but m does")
    #expect(problems(["1.b", "2.*", "3.*"]).last == "a reason is given for 3.*, which is no scenario")
  }
}
