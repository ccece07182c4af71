import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("wsrig mutants")
  struct MutantsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Writes a mutant of our client into the folder `mutants`.
    private func write(
      _ id: String, find: String, with text: String, killedBy: String = "2.ping-text", chapter: Int = 2
    ) throws {
      let document: [String: Any] = [
        "id": id, "defect": "It is \(id).", "chapters": [chapter], "seen": [String](),
        "replace": [["find": find, "with": text]], "killedBy": [killedBy],
      ]
      let data = try JSONSerialization.data(withJSONObject: document)
      try folder.write(String(decoding: data, as: UTF8.self), to: "mutants/\(id).json")
    }

    private static let answer = "self._answer(payload)"

    private func run(_ more: [String] = []) async throws -> FinishedChild {
      try await Tool.run(["mutants", "--mutants", "mutants"] + more, in: folder, within: .seconds(600))
    }

    @Test("committed mutants are killed by the cases that are there for them, and the report says so")
    func killed() async throws {
      let child = try await Tool.run(
        ["mutants", "--only", "pong-missing", "--only", "rsv1-ignored", "--json", "out.json"], in: folder)
      #expect(child.status == 0, "\(child.everything)")
      let rows = child.output.split(separator: "\n").filter { $0.hasPrefix("killed") }
      #expect(rows.count == 2 && child.output.contains("2 mutants in "), "\(child.everything)")
      #expect(rows.first?.contains("pong-for-every-ping") == true, "\(child.everything)")
      let report =
        try JSONSerialization.jsonObject(with: Data(folder.text("out.json").utf8)) as? [String: Any]
      let mutants = try #require(report?["mutants"] as? [[String: Any]])
      #expect(mutants.map { $0["id"] as? String } == ["pong-missing", "rsv1-ignored"])
      for mutant in mutants {
        #expect(mutant["outcome"] as? String == "killed" && (mutant["kills"] as? [Any])?.count == 1)
      }
    }

    @Test("a mutant that no case finds is told loudly, and ends with 1")
    func survivor() async throws {
      try write("dead", find: Self.answer, with: "pass")
      try write("harmless", find: Self.answer, with: "self._answer(payload)  # the same")
      let child = try await run()
      #expect(child.status == 1 && child.errors.isEmpty, "\(child.everything)")
      #expect(child.output.contains("\nkilled       dead "), "\(child.everything)")
      #expect(
        child.output.contains("SURVIVED     harmless  none of 21 cases found it"), "\(child.everything)")
      #expect(
        child.output.contains("1 killed (1 by a declared case, 0 by the sample only), 1 survived"),
        "\(child.everything)")
    }

    @Test("a mutant that only the sample kills is killed, told as declared wrongly, and ends with 1")
    func declaredInVain() async throws {
      try write("dead", find: Self.answer, with: "pass", killedBy: "1.text-125")
      let child = try await run(["--cases", "2.ping-*"])
      #expect(child.status == 1 && child.errors.isEmpty, "\(child.everything)")
      #expect(
        child.output.contains("\nkilled       dead  BY THE SAMPLE ONLY, 2.ping-"), "\(child.everything)")
      #expect(child.output.contains("1 killed (0 by a declared case, 1 by the sample only)"))
    }

    @Test(
      "one authority, the bench's, signs for all runs; where it cannot be used, that is told once for all of them"
    )
    func authority() async throws {
      let words = [
        "mutants", "--only", "tls-reqs-*", "--only", "tls-fails-as-open", "--cases", "15.echo", "--authority",
        "kept",
      ]
      let child = try await Tool.run(words, in: folder, within: .seconds(120))
      #expect(child.status == 0 && !child.output.contains("authority of its own"), "\(child.everything)")
      let path = folder.path + "/kept/authority.pem"
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
      let exposed = try await Tool.run(words, in: folder, within: .seconds(120))
      let lines = exposed.output.split(separator: "\n").filter { $0.contains("an authority of its own") }
      #expect(exposed.status == 0 && lines.count == 1, "\(exposed.everything)")
    }

    @Test("a mutant that does not fit ends with 2 before anything runs")
    func misfit() async throws {
      try write("odd", find: "no such line", with: "pass")
      try write("many", find: "self._drop()", with: "pass")
      let child = try await run()
      expectComplaint(
        child, status: 2,
        ["mutant odd", "async_websocketclient.py", "| no such line", "mutant many", "times"], lines: 4...4)
      #expect(child.output.isEmpty)
    }

    @Test("a mutant that does not load does not stop the others, and ends with 2")
    func unusable() async throws {
      try write("broken", find: Self.answer, with: "self._answer(payload")
      try write("dead", find: Self.answer, with: "pass")
      try write("endless", find: "\nclass _Violation", with: "\nwhile True:\n    pass\n\nclass _Violation")
      let child = try await run()
      #expect(child.status == 2, "\(child.everything)")
      #expect(child.output.contains("unusable     broken") && child.output.contains("SyntaxError"))
      #expect(child.output.contains("killed       dead") && child.output.contains("unusable     endless"))
    }

    @Test("--matrix goes through all cases, writes its table and names what no mutant fails")
    func matrix() async throws {
      try write("dead", find: Self.answer, with: "pass")
      try folder.write(
        #"[{"scenarios": "2.pong-*", "reason": "It is so."}]"#, to: "mutants/unproved.json")
      let child = try await run([
        "--matrix", "--cases", "2.ping-t*", "--cases", "2.pong-un*", "--table", "table.md",
      ])
      #expect(child.status == 0, "\(child.everything)")
      #expect(child.output.contains("not proved: 2.ping-too-long-16-bit"), "\(child.everything)")
      let table = try folder.text("table.md")
      #expect(table.contains("- `dead` (imagined): It is dead."))
      #expect(
        table.contains("- `2.ping-ten`: `dead`\n") && table.contains("- `2.pong-unsolicited`: It is so.\n"))
    }

    @Test("a mutant of whose chapters no case is chosen is left out and counted, not told as surviving")
    func withoutCase() async throws {
      try write("another", find: Self.answer, with: "pass  # elsewhere", killedBy: "5.text-two", chapter: 5)
      try write("dead", find: Self.answer, with: "pass")
      let words = ["--matrix", "--own-chapters", "--cases", "2.ping-text"]
      let child = try await run(words)
      #expect(child.status == 0 && !child.output.contains("SURVIVED"), "\(child.everything)")
      #expect(child.output.contains("\n1 mutant in ") && child.output.contains("killed       dead"))
      #expect(child.output.contains("1 mutant left out: none of the chosen cases"), "\(child.everything)")
      let none = try await run(words + ["--only", "another"])
      expectComplaint(none, status: 2, ["None of the chosen cases", "--cases"])
    }

    @Test("--max-time counts the client without a defect too")
    func maxTime() async throws {
      try write("dead", find: Self.answer, with: "pass")
      // A run that does not know of all cases how the client without a defect fares is not built upon.
      let words = ["--matrix", "--cases", "2.ping-t*", "--json", "out.json"]
      let none = try await run(words + ["--max-time", "0"])
      #expect(none.status == 3 && none.output.contains("after 0 of 1 mutant."), "\(none.everything)")
      #expect(none.output.contains("without a defect: 0 of 0 cases passed"), "\(none.everything)")
      let whole = try await run(words + ["--resume"])
      #expect(whole.status == 0 && whole.output.contains("killed       dead"), "\(whole.everything)")
    }

    @Test("mistakes: one sentence, status 2")
    func mistakes() async throws {
      try write("dead", find: Self.answer, with: "pass", killedBy: "2.no-such-case")
      expectComplaint(try await run(), status: 2, ["mutant dead", "2.no-such-case"])
      expectComplaint(try await run(["--only", "daed"]), status: 2, ["\"daed\"", "did you mean dead"])
      expectComplaint(try await run(["--table", "t.md"]), status: 2, ["--matrix"], lines: 1...6)
      expectComplaint(try await run(["--jobs", "0"]), status: 2, ["--jobs"], lines: 1...6)
      let none = try await Tool.run(["mutants", "--mutants", "nowhere"], in: folder)
      expectComplaint(none, status: 2, ["nowhere", "--mutants"])
    }

    @Test("Ctrl-C ends it with 130, and what had run is reported")
    func interrupted() async throws {
      let child = try await Tool.start(
        ["mutants", "--jobs", "1", "--json", "out.json", "--only", "n*", "--only", "r*"], in: folder)
      _ = try await child.line(containing: "killed", within: .seconds(1200))
      child.signal(SIGINT)
      let finished = try await child.finish(within: .seconds(120))
      #expect(finished.status == 130, "\(finished.everything)")
      #expect(finished.output.contains("The run ended after "), "\(finished.everything)")
      #expect(try folder.text("out.json").contains("\"outcome\" : \"killed\""))
    }
  }
}
