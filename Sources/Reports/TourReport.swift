import Autobahn
import Rainbow
import Results
import Scenarios
import Verdicts

/// A tour through a genuine Autobahn fuzzing server as text for a person, without trailing line feeds.
public struct TourReport: Sendable {
  /// The colours.
  public var style: TerminalStyle

  /// Creates a report.
  public init(style: TerminalStyle) { self.style = style }

  /// The first line: server, client, agent, number of cases.
  public func header(of tour: TourResult) -> String {
    style.bold(
      "Autobahn at \(tour.server) · \(tour.client) · agent \(tour.agent) · \(tour.plannedCount.counted("case"))"
    )
  }

  /// A case that is not simply OK, or on which the rig does not agree; nil for one that is.
  public func line(for testCase: TourCase) -> String? {
    guard testCase.behavior != .ok || testCase.hung || testCase.agrees == false else { return nil }
    let word = testCase.behavior.map { style.colored($0.rawValue, $0.color) } ?? "no verdict"
    let width = testCase.behavior?.rawValue.count ?? word.count
    let note = testCase.note.map { ": \($0.withoutControls)" } ?? ""
    let examined = testCase.broken.map { "\n" + lines(of: $0) } ?? ""
    return word + String(repeating: " ", count: max(1, 15 - width)) + testCase.id + note + examined
  }

  private func lines(of broken: [Violation]) -> String {
    guard !broken.isEmpty else { return style.dim("  the rig: no rule is broken") }
    return broken.map { "  the rig: \($0.rule) (\($0.requirement.rawValue)): \($0.sentence.withoutControls)" }
      .joined(separator: "\n")
  }

  /// The end: a table by chapter, the totals, and what became of the reports.
  public func summary(of tour: TourResult) -> String {
    var lines = [chapterTable(tour), ""]
    if let early = tour.endedEarly {
      lines.append(
        style.colored(
          "The tour ended after \(tour.cases.count) of \(tour.plannedCount.counted("case")): \(early)", .red))
    }
    let hung = tour.cases.count(where: \.hung)
    let counts = shown(in: tour).map { "\(tour.count(of: $0)) \($0?.rawValue ?? "without a verdict")" }
    let all = counts + (hung > 0 ? ["in \(hung) the client hung"] : [])
    lines.append(
      "\(tour.cases.count.counted("case")) in \(tour.durationSeconds.rounded(toPlaces: 1)) s: \(all.joined(separator: ", "))"
    )
    if tour.examinedCount > 0 { lines.append(examined(tour)) }
    if !tour.cases.isEmpty {
      lines.append(
        style.dim(
          "The fuzzing server has the details, and how the connections were closed, in the \"outdir\" of its spec."
        ))
    }
    return lines.joined(separator: "\n")
  }

  private func examined(_ tour: TourResult) -> String {
    let disputed = tour.disputed.map(\.id)
    let words =
      disputed.isEmpty
      ? "and agrees on what FAILED"
      : "and does not agree on what FAILED in \(disputed.joined(separator: ", "))"
    return "The rig examined \(tour.examinedCount.counted("case")) too, \(words)."
  }

  private func shown(in tour: TourResult) -> [Behavior?] {
    (Behavior.allCases.map { $0 } + [nil]).filter { $0 == .ok || tour.count(of: $0) > 0 }
  }

  private func chapterTable(_ tour: TourResult) -> String {
    let behaviors = shown(in: tour)
    var table = TextTable(columns: ["chapter", "cases"] + behaviors.map { $0?.rawValue ?? "no verdict" })
    let chapters = Dictionary(grouping: tour.cases, by: \.chapterNumber)
    for (number, cases) in chapters.sorted(by: { $0.key < $1.key }) {
      let title = Chapter(rawValue: number).map { "\(number) \($0.title)" } ?? "\(number)"
      table.add(
        [title, String(cases.count)]
          + behaviors.map { behavior in
            let count = cases.count { $0.behavior == behavior }
            return count == 0 ? "·" : String(count)
          })
    }
    return table.text
  }
}

extension TourCase {
  /// The number that Autobahn's id begins with.
  fileprivate var chapterNumber: Int { id.split(separator: ".").first.flatMap { Int($0) } ?? 0 }
}

extension Behavior {
  fileprivate var color: NamedColor {
    switch self {
    case .ok: .green
    case .nonStrict, .informational: .yellow
    case .unimplemented: .blue
    case .failed: .red
    }
  }
}

// MARK: for programs

extension TourReport {
  private struct Document: Encodable {
    var server: String
    var agent: String
    var client: String
    var planned: Int
    var seconds: Double
    var endedEarly: String?
    var cases: [Row]
  }

  private struct Row: Encodable {
    var id: String
    var behavior: Behavior?
    var hung: Bool
    var note: String?
    var seconds: Double
    var broken: [Violation]?
    var agrees: Bool?

    init(_ testCase: TourCase) {
      id = testCase.id
      behavior = testCase.behavior
      hung = testCase.hung
      note = testCase.note
      seconds = testCase.durationSeconds.rounded(toPlaces: 3)
      broken = testCase.broken
      agrees = testCase.agrees
    }
  }

  /// The tour as a JSON document: `behavior` is the server's word, `broken` the rules that the rig saw broken, where it looked on.
  public static func json(of tour: TourResult) -> String {
    JSONReport.text(
      of: Document(
        server: tour.server, agent: tour.agent, client: tour.client, planned: tour.plannedCount,
        seconds: tour.durationSeconds.rounded(toPlaces: 3), endedEarly: tour.endedEarly,
        cases: tour.cases.map(Row.init)))
  }
}
