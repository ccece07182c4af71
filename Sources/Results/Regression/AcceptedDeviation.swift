import Foundation
import Scenarios
import Verdicts

/// What a client is known to do otherwise than the catalogue wants, and why that is borne.
public struct AcceptedDeviation: Sendable, Hashable {
  /// The pattern of what no case shows: rules broken over the run as a whole.
  public static let overTheRun = "run"

  /// The cases: a pattern of ids, or ``overTheRun``.
  public var cases: Glob
  /// The verdict that they may have.
  public var verdict: Verdict
  /// The rules that they may break; empty for any.
  public var rules: Set<String>
  /// Why, in a sentence.
  public var reason: String
  /// Where more is said of it.
  public var link: String?
  /// The last day on which it is accepted; nil is for good.
  public var expires: CalendarDay?
  /// The id of the board on which alone it is accepted, where each of several boards ran all cases; nil for any.
  public var board: String?

  /// Creates a deviation.
  public init(
    cases: Glob, verdict: Verdict = .failed, rules: Set<String> = [], reason: String, link: String? = nil,
    expires: CalendarDay? = nil, board: String? = nil
  ) {
    self.cases = cases
    self.verdict = verdict
    self.rules = rules
    self.reason = reason
    self.link = link
    self.expires = expires
    self.board = board
  }

  /// Whether it is about this case. Of a run that does not tell boards apart it is, whatever its board.
  func fits(_ row: RecordedCase) -> Bool {
    cases.matches(row.id) && (board == nil || row.board == nil || board == row.board)
  }

  /// Whether it covers these broken rules.
  func covers(_ broken: Set<String>) -> Bool { rules.isEmpty || broken.isSubset(of: rules) }

  /// Whether some of these broken rules are what it is about.
  func touches(_ broken: Set<String>) -> Bool { rules.isEmpty || !broken.isDisjoint(with: rules) }

  /// Whether it is over on that day.
  func isExpired(on today: CalendarDay) -> Bool { expires.map { $0 < today } ?? false }
}

/// A day of the calendar, in UTC.
public struct CalendarDay: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// As ISO 8601 writes it: `2027-01-31`.
  public let description: String

  private static let style = Date.ISO8601FormatStyle().year().month().day()

  /// Reads a day; nil where the text is none.
  public init?(_ text: String) {
    guard let date = try? Date(text, strategy: Self.style) else { return nil }
    self.init(date)
    guard description == text else { return nil }
  }

  /// The day of a moment.
  public init(_ date: Date) { description = date.formatted(Self.style) }

  /// Earlier days are less.
  public static func < (one: Self, other: Self) -> Bool { one.description < other.description }
}
