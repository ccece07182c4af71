import Results

extension BoardRecord {
  /// The board's name as every report shows it; nobody is to take a stand-in for a real one.
  var displayName: String {
    switch kind {
    case .board: "\(machine)\(uniqueID.map { " \($0)" } ?? "") on \(selector)"
    case .simulated:
      "simulated board (\(machine.replacing(" (simulated)", with: "")))\(selector == "sim" ? "" : " on \(selector)")"
    case .python:
      "python \(firmware.split(whereSeparator: " ,".contains).dropFirst().first ?? "") (\(machine))"
    case .reference: "\(machine) (no board)"
    case .driver: "\(machine), driven by Autobahn's protocol (no board)"
    }
  }

  /// What its firmware told of itself beside name and version, for a page of facts.
  var firmwareFacts: [(String, String)] {
    let facts: [(String, String?)] = [
      ("uname", uname), ("modules", modules?.joined(separator: ", ")), ("TLS library", tlsLibrary),
    ]
    return facts.compactMap { name, value in value.map { (name, $0) } }
  }

  /// What a reader must know of a run in which no hardware took part; nil where it did.
  var warning: String? {
    kind.isHardware ? nil : "\(displayName): no hardware took part in this run"
  }
}

extension RunResult {
  /// The board's name, or those of all boards, each with its id.
  var boardNames: String {
    guard !boards.isEmpty else { return board.displayName }
    return "\(boards.count) boards: "
      + boards.map { "\($0.id ?? $0.selector) = \($0.displayName)" }.joined(separator: ", ")
  }

  /// The name of the board that a case ran on.
  func boardName(of result: CaseResult) -> String {
    let record = boards.first { $0.id == result.board && $0.id != nil }
    return record.map { "\($0.id ?? "") = \($0.displayName)" } ?? boardNames
  }

  /// What a reader must know of a run in which some board was no hardware; nil where all were.
  var boardWarning: String? { (boards + [board]).lazy.compactMap(\.warning).first }
}
