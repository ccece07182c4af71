import Rainbow

/// What the doctor says, as text for a person.
public struct DoctorReport: Sendable {
  private let style: TerminalStyle

  /// Creates a report.
  public init(style: TerminalStyle) { self.style = style }

  /// A finding: the state, the part, what was seen, and below it how to mend it.
  /// - Parameter state: `ok`, `note` or `wrong`.
  public func line(_ part: String, _ state: String, _ seen: String, mend: String?) -> String {
    let word = state.padding(to: 5)
    let colored = state == "wrong" ? style.colored(word, .red) : state == "note" ? style.dim(word) : word
    let first = "\(colored)  \(part.padding(to: 12))  \(seen.withoutControls)"
    return mend.map { "\(first)\n       \("".padding(to: 12))  -> \($0)" } ?? first
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
