import Results
import Verdicts

/// What the device and the reference did, side by side, with the broken rule beside it.
struct FrameTable {
  /// The rows; empty where one of the two has no trace.
  let rows: [Comparison.Row]

  init(_ result: CaseResult) { rows = result.comparison }

  /// The table as text; a row in which the two differ begins with an asterisk.
  var text: String {
    guard !rows.isEmpty else { return "No traces to compare." }
    let widest = 72
    let width = min(widest, rows.map { ($0.device ?? "").count }.max() ?? 0)
    func line(_ mark: String, _ part: String, _ device: String, _ reference: String, _ rule: String) -> String
    {
      let cut = device.count > width ? String(device.prefix(max(0, width - 3))) + "..." : device
      let text =
        "\(mark) \(part.padded(to: 11))  \(cut.padded(to: width))  |  \(reference)"
        + (rule.isEmpty ? "" : "   <- \(rule)")
      return text
    }
    return
      ([line(" ", "", "device", "reference", "")]
      + rows.map {
        line($0.isDifference ? "*" : " ", $0.part.title, $0.device ?? "-", $0.reference ?? "-", $0.rule ?? "")
      })
      .joined(separator: "\n")
  }
}

extension Comparison.Part {
  /// Whose doing the row shows, and of what kind.
  var title: String {
    switch self {
    case .request, .messages, .control, .closing: "client"
    case .server: "server"
    case .application: "application"
    }
  }
}
