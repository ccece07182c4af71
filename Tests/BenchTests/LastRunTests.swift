import Bench
import TestSupport
import Testing

@Suite("The last run")
struct LastRunTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("names the cases that failed or were inconclusive, and the seed")
  func cases() throws {
    let rows = [
      ("1.a", "passed"), ("2.b@split", "failed"), ("3.c", "inconclusive"), ("4.d", "nonStrict"),
      ("5.e", "unsupported"), ("6.f", "informational"),
    ].map { #"{"id": "\#($0.0)", "verdict": "\#($0.1)", "attempts": 1}"# }
    try folder.write(
      #"{"seed": 18446744073709551615, "tool": "wsrig 0.1.0", "cases": [\#(rows.joined(separator: ","))]}"#,
      to: "results.json")
    let last = try LastRun(folder: folder.path)
    #expect(last.attentionIDs == ["2.b@split", "3.c"] && last.seed == .max)
  }

  @Test("a case that had failed and did not get to run again is still one that failed")
  func unsettled() throws {
    try folder.write(
      #"{"seed": 1, "endedEarly": "failFast", "unsettled": ["1.b"], "cases": [{"id": "1.a", "verdict": "passed"}]}"#,
      to: "results.json")
    let last = try LastRun(folder: folder.path)
    #expect(last.attentionIDs == ["1.b"] && !last.isWhole)
  }

  @Test(
    "what cannot be read is told in one sentence",
    arguments: [
      (nil, "cannot be read"), ("", "it is no valid JSON"), ("{}", "the key seed is missing"),
      (#"{"seed": "1", "cases": []}"#, "seed is not as it should be"),
      (#"{"seed": 1, "cases": [{"id": "1.a", "verdict": "broken"}]}"#, "verdict is not as it should be"),
    ] as [(String?, String)])
  func unreadable(_ text: String?, _ reason: String) throws {
    if let text { try folder.write(text, to: "results.json") }
    let error = #expect(throws: ConfigurationError.self) { try LastRun(folder: folder.path) }
    let sentence = try #require(error).sentence
    #expect(sentence.contains(reason) && sentence.contains("results.json"), "\(sentence)")
    #expect(sentence.hasSuffix("run without --failed first, or name another folder with --report."))
  }
}
