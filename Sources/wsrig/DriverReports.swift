import Autobahn
import Bench
import Foundation
import Reports
import Synchronization

/// Writes the reports of driven clients, each client's whether or not the others' can be written, and tells the user once what
/// could not be.
final class DriverReports: Sendable {
  private let folder: ReportFolder
  private let told = Mutex<Set<String>>([])

  init(folder: ReportFolder) { self.folder = folder }

  /// Some of the reports are not there.
  struct Incomplete: Error, CustomStringConvertible {
    /// A sentence for each client.
    let description: String
  }

  /// Writes what there is, anew.
  /// - Throws: `Incomplete`, when all that could be written is.
  func write(_ runs: [AgentRun]) throws {
    guard !runs.isEmpty else { return }
    var complaints: [String] = []
    var written: [AutobahnReport.AgentFiles] = []
    for agent in AutobahnReport.agents(of: runs, folder: folder.name) {
      do {
        try folder.write(agent.files)
        written.append(agent)
      } catch {
        complaints.append("The client \"\(agent.agent.shortened)\" has no reports. \(error)")
      }
    }
    do {
      try folder.write([AutobahnReport.index(of: written)])
      _ = folder.publish()
    } catch {
      complaints.append("There is no index.json. \(error)")
    }
    guard !complaints.isEmpty else { return }
    for complaint in complaints where told.withLock({ $0.insert(complaint).inserted }) {
      Console.complain(complaint)
    }
    throw Incomplete(description: complaints.joined(separator: "\n"))
  }
}

extension String {
  /// Short enough for a sentence: a driver may call itself anything.
  var shortened: String { count > 60 ? prefix(60) + "..." : self }
}
