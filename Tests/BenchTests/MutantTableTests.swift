import Bench
import Foundation
import Scenarios
import TestSupport
import Testing

@Suite("The committed table of mutants and scenarios")
struct MutantTableTests {
  private static let folder = Repository.fixtures.appending(path: "mutants")

  /// The table's words in backquotes: ids of mutants and of scenarios.
  private static func named() throws -> Set<String> {
    let text = try String(contentsOf: folder.appending(path: "MATRIX.md"), encoding: .utf8)
    return Set(
      text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 1 }.map { String($0.element) })
  }

  @Test("names every mutant")
  func mutants() throws {
    let ids = Set(try MutantFile.all(in: Self.folder).map(\.id))
    #expect(ids.subtracting(try Self.named()).sorted() == [], "scripts/mutant-matrix makes it anew")
  }

  @Test("names every scenario that is not long")
  func scenarios() throws {
    let ids = Set(Catalogue.all.filter { !$0.isLong }.map(\.id))
    #expect(ids.subtracting(try Self.named()).sorted() == [], "scripts/mutant-matrix makes it anew")
  }
}
