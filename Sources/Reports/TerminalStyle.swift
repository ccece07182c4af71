import Rainbow
import Verdicts

/// How text is coloured on a terminal; colourless, every text comes out as it went in.
public struct TerminalStyle: Sendable {
  /// Whether to colour at all: only on a terminal, and not where NO_COLOR is set.
  public var usesColor: Bool

  /// Creates a style.
  public init(usesColor: Bool) { self.usesColor = usesColor }

  func colored(_ text: String, _ color: NamedColor) -> String {
    usesColor ? text.applyingCodes(color) : text
  }

  func bold(_ text: String) -> String { usesColor ? text.applyingCodes(Style.bold) : text }
  func dim(_ text: String) -> String { usesColor ? text.applyingCodes(Style.dim) : text }

  /// A verdict in its colour.
  func verdict(_ verdict: Verdict) -> String { colored(verdict.rawValue, verdict.color) }
}

extension Verdict {
  fileprivate var color: NamedColor {
    switch self {
    case .passed: .green
    case .nonStrict, .informational: .yellow
    case .failed: .red
    case .unsupported: .blue
    case .inconclusive: .magenta
    }
  }
}
