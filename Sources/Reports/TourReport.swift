import Autobahn
import Rainbow
import Results
import Scenarios

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

  /// A case that is not simply OK; nil for one that is.
  public func line(for testCase: TourCase) -> String? {
    guard testCase.behavior != .ok || testCase.hung else { return nil }
    let word = testCase.behavior.map { style.colored($0.rawValue, $0.color) } ?? "no verdict"
    let width = testCase.behavior?.rawValue.count ?? word.count
    let note = testCase.note.map { ": \($0.withoutControls)" } ?? ""
    return word + String(repeating: " ", count: max(1, 15 - width)) + testCase.id + note
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
    if !tour.cases.isEmpty {
      lines.append(
        style.dim(
          "The fuzzing server has the details, and how the connections were closed, in the \"outdir\" of its spec."
        ))
    }
    return lines.joined(separator: "\n")
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
