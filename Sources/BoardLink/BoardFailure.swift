import Foundation
import PosixIO
import RawREPL

/// The bench failed, not the client: the board cannot be reached or does not keep to its protocol.
///
/// An exception that a program on the board raised is no failure; it is part of `ExecutionOutput`.
public struct BoardFailure: Error, Sendable, Equatable, CustomStringConvertible {
  /// What happened.
  public indirect enum Cause: Sendable, Equatable {
    /// The link could not be opened; the reason in words.
    case notOpened(String)
    /// The link ended: cable pulled, board reset, interpreter gone. The detail says which.
    case linkEnded(String)
    /// A deadline passed; the text says what was awaited.
    case timedOut(String)
    /// The board sent what the raw REPL has no place for.
    case violated(RawREPLViolation)
    /// Another process uses the board.
    case busy(holder: String)
    /// Several boards are attached and none was chosen; what to write for each.
    case ambiguous([String])
    /// What was sent to the board arrived otherwise; what it was.
    case damaged(String)
    /// The board answered, but not as a MicroPython board must.
    case unfit(String)
    /// Every rung of the recovery ladder failed, or the board was lost again and again; the first cause.
    case quarantined(first: Cause)

    /// This user may not open what leads to the board; what gives the right.
    static func forbidden(_ device: String, isTerminal: Bool) -> Cause {
      let right = "call `sudo wsrig doctor --install-udev`, and join the group plugdev"
      guard isTerminal else { return .notOpened("this user may not open \(device); \(right)") }
      let attributes = try? FileManager.default.attributesOfItem(
        atPath: URL(filePath: device).resolvingSymlinksInPath().path)
      let owner = attributes?[.groupOwnerAccountName] as? String
      let group = owner.map { $0 == "root" ? "" : ", \($0)" } ?? ""
      return .notOpened(
        "this user may not open \(device); for a board on USB \(right); for another serial port join its group\(group)"
      )
    }
  }

  /// The board, as its selector prints it.
  public let board: String
  /// What happened.
  public let cause: Cause

  /// Describes one failure.
  public init(board: String, _ cause: Cause) {
    self.board = board
    self.cause = cause
  }

  /// The link is gone: no prompt can be regained without opening it anew.
  public var isLinkEnded: Bool {
    switch cause {
    case .linkEnded, .notOpened: true
    default: false
    }
  }

  /// Opening the link anew may help: the board is there, and says nothing that makes sense.
  var isWorthReopening: Bool {
    switch cause {
    case .linkEnded, .timedOut, .violated, .unfit, .damaged: true
    case .notOpened, .busy, .ambiguous, .quarantined: false
    }
  }

  /// Another process uses the board.
  public var isBusy: Bool { if case .busy = cause { true } else { false } }

  /// The board was given up.
  public var isQuarantine: Bool {
    if case .quarantined = cause { true } else { false }
  }

  /// One sentence.
  public var description: String { "board \(board): \(Self.describe(cause))" }

  /// What happened, for a sentence that names the board itself and says that it was to be opened.
  public var reason: String { Self.reason(cause) }

  private static func reason(_ cause: Cause) -> String {
    switch cause {
    case .notOpened(let reason): reason
    case .quarantined(let first): "it was given up, because at first \(reason(first))"
    default: describe(cause)
    }
  }

  private static func describe(_ cause: Cause) -> String {
    switch cause {
    case .notOpened(let reason): "the link could not be opened: \(reason)"
    case .linkEnded(let detail): "the link ended: \(detail)"
    case .timedOut(let awaited): "the deadline passed while waiting for \(awaited)"
    case .violated(let violation): violation.description
    case .busy(let holder): "it is in use by \(holder)"
    case .ambiguous(let names): "several boards are attached; choose one of \(names.joined(separator: ", "))"
    case .damaged(let what): "\(what) arrived damaged: the line loses or changes bytes"
    case .unfit(let reason): reason
    case .quarantined(let first): "quarantined, because at first \(describe(first))"
    }
  }
}
