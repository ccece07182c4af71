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
    let agents = agents(of: runs, folder: folder)
    return [index(of: agents)] + agents.flatMap(\.files)
  }

  /// The files of one agent, and its part of `index.json`.
  public struct AgentFiles {
    /// Its name.
    public let agent: String
    /// All but `index.json`, by their path in the report folder.
    public let files: [(path: String, text: String)]
    fileprivate let rows: [String: IndexRow]
  }

  /// The files of each agent: what keeps those of one from being written need not cost the others theirs.
  public static func agents(of runs: [AgentRun], folder: String) -> [AgentFiles] {
    zip(runs, fileNames(of: runs.map(\.agent))).map { run, name in
      var rows: [String: IndexRow] = [:]
      var files: [(path: String, text: String)] = []
      for (place, result) in run.result.cases.enumerated() {
        guard let behavior = Behavior(result.judgement.verdict) else { continue }
        let file = "\(name)_case_\(fileName(result.case.id)).json"
        let row = IndexRow(result, behavior, run.wire[result.case.id], file: file)
        rows[result.case.id] = row
        files.append((file, JSONReport.text(of: CaseReport(result, row, run, number: place + 1))))
      }
      files += RunReport.files(of: run.result, folder: "\(folder)/\(name)").map {
        ("\(name)/\($0.path)", $0.text)
      }
      return AgentFiles(agent: run.agent, files: files, rows: rows)
    }
  }

  /// `index.json` for these agents.
  public static func index(of agents: [AgentFiles]) -> (path: String, text: String) {
    let rows = Dictionary(agents.map { ($0.agent, $0.rows) }) { first, _ in first }
    return ("index.json", JSONReport.text(of: rows))
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

  /// So long may a name, or a case's id, be as a part of a file's name: file systems take 255 bytes for the whole.
  private static let longestName = 100

  /// Lower-case letters and digits; all else turns `_`, and what is too long is cut.
  private static func fileName(_ text: String) -> String {
    let characters = text.lowercased().unicodeScalars.prefix(longestName).map { scalar in
      ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "_"
    }
    return String(characters)
  }

  /// A case in `index.json`.
  fileprivate struct IndexRow: Encodable {
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
