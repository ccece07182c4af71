import Foundation
import Reports
import Scenarios
import Steps

/// The cases of a plan, for people and for programs.
enum CaseList {
  private struct Row: Encodable {
    var id: String
    var chapter: String
    var rfc: String
    var requirement: Requirement
    var delivery: String
    var tags: [String]
    var description: String
    var expectation: String
  }

  /// One line for each case: id, requirement, section, description.
  static func table(of cases: [Case]) -> String {
    let width = cases.map(\.id.count).max() ?? 0
    let lines = cases.map { item in
      let requirement = item.scenario.requirement.rawValue.padding(toLength: 7, withPad: " ", startingAt: 0)
      let section = item.scenario.rfc.padding(toLength: 7, withPad: " ", startingAt: 0)
      return item.id.padding(toLength: width, withPad: " ", startingAt: 0)
        + "  \(requirement)  \(section)  \(item.scenario.description)"
    }
    let scenarios = Set(cases.map(\.scenario.id)).count
    return (lines + ["\(cases.count) cases of \(scenarios) scenarios", ""]).joined(separator: "\n")
  }

  /// The same as a JSON array.
  static func json(of cases: [Case]) -> String {
    let rows = cases.map { item in
      Row(
        id: item.id, chapter: item.scenario.chapterTitle, rfc: item.scenario.rfc,
        requirement: item.scenario.requirement, delivery: item.delivery.rawValue, tags: item.scenario.tags,
        description: item.scenario.description, expectation: item.scenario.expectation)
    }
    return JSONReport.text(of: rows)
  }
}
