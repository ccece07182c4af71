import Foundation
import Results
import Synchronization

/// How a run's reports take the place of what an earlier run left in the same folder: not before there is something to report. A run that
/// comes to nothing, because an option was mistyped, say, leaves the earlier one's as they are.
final class ReportSuccession: Sendable {
  private enum State: Sendable {
    case waiting
    /// The earlier reports are gone; or cannot be removed, for this reason.
    case over((any Error)?)
  }

  private let folder: URL
  /// That of the folder of all boards, where this one is of one of them: it begins first.
  private let whole: ReportSuccession?
  private let state = Mutex(State.waiting)

  /// Where the serial log of the new run goes until then.
  let waitingRoom: URL

  /// What the names of waiting rooms begin with; the process id of their run follows.
  private static let prefix = ".wsrig-next-"

  /// Makes the waiting room.
  /// - Throws: the file system's error where that cannot be, or what is there could not be removed later.
  init(folder: URL, partOf whole: ReportSuccession?) throws {
    self.folder = folder
    self.whole = whole
    waitingRoom = folder.appendingPathComponent(
      "\(Self.prefix)\(ProcessInfo.processInfo.processIdentifier)", isDirectory: true)
    try EarlierReports(folder: folder).check()
    Self.removeThoseOfTheDead(in: folder)
    try FileManager.default.createDirectory(at: waitingRoom, withIntermediateDirectories: true)
  }

  /// Runs that were killed before they had begun leave theirs; another run into the folder may go on meanwhile, and keeps its own.
  private static func removeThoseOfTheDead(in folder: URL) {
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: folder.path)) ?? [] where name.hasPrefix(prefix) {
      guard let process = Int32(name.dropFirst(prefix.count)), kill(process, 0) != 0, errno == ESRCH else {
        continue
      }
      try? files.removeItem(at: folder.appendingPathComponent(name))
    }
  }

  /// Removes what the earlier run left, and puts the log in its place; once only.
  /// - Throws: the file system's error where that cannot be.
  func begin() throws {
    try whole?.begin()
    try state.withLock { state in
      if case .over(let error) = state {
        if let error { throw error }
        return
      }
      do {
        try EarlierReports(folder: folder).remove()
        try leaveWaitingRoom()
        state = .over(nil)
      } catch {
        state = .over(error)
        throw error
      }
    }
  }

  /// Ends it where the run has not begun: the log stays only where there are no results that it could be taken for that of.
  func abandon() {
    state.withLock { state in
      guard case .waiting = state else {
        // Where the reports could not take their place, it is still there.
        try? FileManager.default.removeItem(at: waitingRoom)
        return
      }
      state = .over(nil)
      let hasResults = FileManager.default.fileExists(
        atPath: folder.appendingPathComponent(ReportNames.results).path)
      if !hasResults { try? leaveWaitingRoom() }
      try? FileManager.default.removeItem(at: waitingRoom)
    }
  }

  private func leaveWaitingRoom() throws {
    let files = FileManager.default
    for name in try files.contentsOfDirectory(atPath: waitingRoom.path) {
      let place = folder.appendingPathComponent(name)
      if files.fileExists(atPath: place.path) { try files.removeItem(at: place) }
      try files.moveItem(at: waitingRoom.appendingPathComponent(name), to: place)
    }
    try files.removeItem(at: waitingRoom)
  }
}
