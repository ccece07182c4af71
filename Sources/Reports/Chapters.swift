import Results
import Scenarios

extension RunResult {
  /// The cases by chapter, in the order in which the chapters first occur.
  var chapters: [(title: String, results: [CaseResult])] {
    var titles: [String] = []
    var results: [String: [CaseResult]] = [:]
    for result in cases {
      let title = result.case.scenario.chapterTitle
      if results[title] == nil { titles.append(title) }
      results[title, default: []].append(result)
    }
    return titles.map { ($0, results[$0] ?? []) }
  }
}
