import Foundation
import Scenarios
import Steps
import TestSupport
import Testing

@testable import Bench

@Suite("The corpus of a fuzzing run")
struct CorpusTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func testCase(_ id: String, _ text: String) -> Case {
    Case(
      scenario: Scenario(
        id: id, description: "d", expectation: "e", rfc: "5.6", requirement: .may,
        server: ServerScript([.text(.text(text))])))
  }

  private var files: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  @Test("what says the same is one file, whatever its number; nothing is overwritten")
  func kept() throws {
    let corpus = try Corpus(folder: folder.url)
    try corpus.keep(testCase("fuzz.text-1-0", "one"))
    try corpus.keep(testCase("fuzz.text-1-7", "one"))
    try corpus.keep(testCase("fuzz.text-1-0", "two"))
    #expect(corpus.cases.count == 2)
    #expect(try files.count == 2 && files.allSatisfy { $0.hasPrefix("fuzz.text-") })
    let again = try Corpus(folder: folder.url)
    #expect(Set(again.cases.map(\.scenario.server)) == Set(corpus.cases.map(\.scenario.server)))
    try again.keep(testCase("fuzz.text-2-3", "two"))
    #expect(again.cases.count == 2)
  }

  @Test("a run that began further on, or a file that says anything, kept numbers from ever being run")
  func numbersLeftOut() throws {
    let corpus = try Corpus(folder: folder.url)
    try corpus.note(numbers: 4711..<4712, forSeed: 1)
    #expect(corpus.nextNumber(forSeed: 1) == 0)
    for text in [#"{"1":9223372036854775807}"#, #"{"1":-5}"#, "garbage"] {
      try folder.write(text, to: "next-numbers")
      #expect(try Corpus(folder: folder.url).nextNumber(forSeed: 1) == 0)
    }
  }

  @Test("a later run with the same seed goes on behind the earlier one, one with another seed begins at 0")
  func numbers() throws {
    let corpus = try Corpus(folder: folder.url)
    #expect(corpus.nextNumber(forSeed: 1) == 0)
    try corpus.note(numbers: 0..<33, forSeed: 1)
    try corpus.note(numbers: 0..<5, forSeed: 1)
    let again = try Corpus(folder: folder.url)
    #expect(again.nextNumber(forSeed: 1) == 33 && again.nextNumber(forSeed: 2) == 0 && again.cases.isEmpty)
  }
}
