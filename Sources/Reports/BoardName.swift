import Results

extension BoardRecord {
  /// The board's name as every report shows it; nobody is to take a simulated board for a real one.
  var displayName: String {
    guard isSimulated else { return "\(machine)\(uniqueID.map { " \($0)" } ?? "") on \(selector)" }
    return "simulated board (\(machine.replacing(" (simulated)", with: "")))"
  }
}
