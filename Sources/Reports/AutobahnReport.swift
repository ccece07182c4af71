import Autobahn
import Foundation
import Results
import Scenarios
import Verdicts

/// What clients came to that were driven by Autobahn's control protocol: its own report format, with ours beside it.
public enum AutobahnReport {
  /// The files by their path in the report folder: `index.json` and one `AGENT_case_ID.json` for each case as Autobahn has them, and
  /// for each agent a folder with all files of a run.
  /// - Parameter folder: the folder as the user will name it.
  public static func files(of runs: [AgentRun], folder: String) -> [(path: String, text: String)] {
    let names = fileNames(of: runs.map(\.agent))
    var index: [String: [String: IndexRow]] = [:]
    var files: [(path: String, text: String)] = []
    for (run, name) in zip(runs, names) {
      index[run.agent] = [:]
      for (place, result) in run.result.cases.enumerated() {
        guard let behavior = Behavior(result.judgement.verdict) else { continue }
        let file = "\(name)_case_\(fileName(result.case.id)).json"
        let row = IndexRow(result, behavior, run.wire[result.case.id], file: file)
        index[run.agent]?[result.case.id] = row
        files.append(
          (file, JSONReport.text(of: CaseReport(result, row, run, number: place + 1))))
      }
      files += RunReport.files(of: run.result, folder: "\(folder)/\(name)").map {
        ("\(name)/\($0.path)", $0.text)
      }
    }
    return [("index.json", JSONReport.text(of: index))] + files
  }

  /// A word for each agent that is unique among file names: Autobahn's own words can collide.
  static func fileNames(of agents: [String]) -> [String] {
    var taken: Set<String> = []
    return agents.map { agent in
      let plain = fileName(agent)
      var name = plain
      var number = 2
      while !taken.insert(name).inserted {
        name = "\(plain)_\(number)"
        number += 1
      }
      return name
    }
  }

  /// Lower-case letters and digits; all else turns `_`.
  private static func fileName(_ text: String) -> String {
    let characters = text.lowercased().unicodeScalars.map { scalar in
      ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "_"
    }
    return String(characters)
  }

  /// A case in `index.json`.
  private struct IndexRow: Encodable {
    var behavior: Behavior
    var behaviorClose: CloseBehavior
    var remoteCloseCode: UInt16?
    /// In milliseconds.
    var duration: Int
    var reportfile: String

    init(_ result: CaseResult, _ behavior: Behavior, _ wire: WireFacts?, file: String) {
      self.behavior = behavior
      behaviorClose = CloseBehavior(result.judgement)
      remoteCloseCode = wire?.closeCode
      duration = Int((result.durationSeconds * 1000).rounded())
      reportfile = file
    }

    private enum CodingKeys: CodingKey { case behavior, behaviorClose, remoteCloseCode, duration, reportfile }

    /// A missing code is written as null, as Autobahn does.
    func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(behavior, forKey: .behavior)
      try values.encode(behaviorClose, forKey: .behaviorClose)
      try values.encode(remoteCloseCode, forKey: .remoteCloseCode)
      try values.encode(duration, forKey: .duration)
      try values.encode(reportfile, forKey: .reportfile)
    }
  }

  /// A case's own file: Autobahn's keys where it has them, and what was broken.
  private struct CaseReport: Encodable {
    var id: String
    var `case`: Int
    var agent: String
    var description: String
    var expectation: String
    var started: String
    var duration: Int
    var behavior: Behavior
    var behaviorClose: CloseBehavior
    var result: String
    var resultClose: String
    var broken: [Violation]
    var rfc: String
    var requirement: String
    var remoteCloseCode: UInt16?
    var remoteCloseReason: String?
    var httpRequest: String
    var httpResponse: String
    var isServer = true
    var reportTime: String

    init(_ result: CaseResult, _ row: IndexRow, _ run: AgentRun, number: Int) {
      let wire = run.wire[result.case.id]
      id = result.case.id
      `case` = number
      agent = run.agent
      description = result.case.scenario.description
      expectation = result.case.scenario.expectation
      started = ResultsDocument.timestamp(run.result.startedAt)
      duration = row.duration
      behavior = row.behavior
      behaviorClose = row.behaviorClose
      broken = result.judgement.violations
      self.result = result.judgement.reason ?? "Every rule was kept."
      let closing = broken.first { CloseBehavior.closingRules.contains($0.rule) }
      resultClose = closing?.sentence ?? "The connection was closed as it should be."
      rfc = result.case.scenario.rfc
      requirement = result.case.scenario.requirement.rawValue
      remoteCloseCode = wire?.closeCode
      remoteCloseReason = wire?.closeReason
      httpRequest = wire?.request ?? ""
      httpResponse = wire?.response ?? ""
      reportTime = ResultsDocument.timestamp(Date.now.timeIntervalSince1970)
    }
  }
}
