import Bench
import Foundation
import Reports
import Results
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

  @Test("has each scenario once: with mutants that exist, or with the reason why none fails it")
  func wholeness() throws {
    let text = try String(contentsOf: Self.folder.appending(path: "MATRIX.md"), encoding: .utf8)
    let mutants = Set(try MutantFile.all(in: Self.folder).map(\.id))
    let unproved = try UnprovedList.read(in: Self.folder)
    let rows = Dictionary(grouping: text.split(separator: "\n").filter { $0.hasPrefix("- `") }) { row in
      row.dropFirst(3).prefix { $0 != "`" }
    }
    for scenario in Catalogue.all where !scenario.isLong {
      let lines = rows[scenario.id[...], default: []].filter { $0.hasPrefix("- `\(scenario.id)`: ") }
      #expect(lines.count == 1, "\(scenario.id): scripts/mutant-matrix makes the table anew")
      let named = MutantTable.mutants(failing: scenario.id, in: lines.joined(separator: "\n"))
      if named.isEmpty {
        let reason = unproved.first { $0.scenarios.matches(scenario.id) }?.reason
        #expect(
          reason.map { lines.first?.hasSuffix($0) ?? false } ?? false,
          "\(scenario.id) has no proof and no reason")
      } else {
        #expect(mutants.isSuperset(of: named), "\(scenario.id) names mutants that are not there")
      }
    }
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
