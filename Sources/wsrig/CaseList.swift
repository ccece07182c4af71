import Foundation
import Reports
import Results
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
    var tls: Bool
    var isolation: Isolation
    var dispute: String?
    var tags: [String]
    var description: String
    var expectation: String
  }

  /// A heading, and one line for each case: id, requirement, section (of RFC 6455 where no other is named), description.
  /// - Parameter isNumbered: puts the numbers by which drivers know them, from 1, before the ids.
  static func table(of cases: [Case], isNumbered: Bool = false) -> String {
    let rows =
      [["case", "requirement", "section", "what the server does"]]
      + cases.enumerated().map { index, item in
        let scenario = item.scenario
        return [
          isNumbered ? "\(index + 1) \(item.id)" : item.id, scenario.requirement.rawValue, scenario.rfc,
          scenario.description,
        ]
      }
    let widths = rows[0].indices.dropLast().map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) + "  " }.joined() + row[3]
    }
    let scenarios = Set(cases.map(\.scenario.id)).count
    return (lines + ["\(cases.count.counted("case")) of \(scenarios.counted("scenario"))", ""]).joined(
      separator: "\n")
  }

  /// The same as a JSON array.
  static func json(of cases: [Case]) -> String {
    let rows = cases.map { item in
      Row(
        id: item.id, chapter: item.scenario.chapterTitle, rfc: item.scenario.rfc,
        requirement: item.scenario.requirement, delivery: item.delivery.rawValue,
        tls: item.scenario.speaksTLS,
        isolation: item.scenario.isolation, dispute: item.scenario.dispute, tags: item.scenario.tags,
        description: item.scenario.description, expectation: item.scenario.expectation)
    }
    return JSONReport.text(of: rows)
  }
}
