import Results

extension BoardRecord {
  /// The board's name as every report shows it; nobody is to take a stand-in for a real one.
  var displayName: String {
    switch kind {
    case .board: "\(machine)\(uniqueID.map { " \($0)" } ?? "") on \(selector)"
    case .simulated: "simulated board (\(machine.replacing(" (simulated)", with: "")))"
    case .python:
      "python \(firmware.split(whereSeparator: " ,".contains).dropFirst().first ?? "") (\(machine))"
    case .reference: "\(machine) (no board)"
    case .driver: "\(machine), driven by Autobahn's protocol (no board)"
    }
  }

  /// What a reader must know of a run in which no hardware took part; nil where it did.
  var warning: String? {
    kind.isHardware ? nil : "\(displayName): no hardware took part in this run"
  }
}
