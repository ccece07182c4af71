/// Finds the name that someone who mistyped may have meant.
public enum Nearest {
  /// The nearest name, if one is near enough to be worth suggesting.
  public static func name(to typed: String, in names: [String]) -> String? {
    Self.names(to: typed, in: names, limit: 1).first
  }

  /// The nearest names, the nearest first, at most `limit`; none that differ in more than about half of their characters.
  public static func names(to typed: String, in names: [String], limit: Int) -> [String] {
    let scored = names.map { (name: $0, distance: distance(typed, $0)) }
    let near = scored.filter { $0.distance <= max(2, max(typed.count, $0.name.count) / 2) }
    return near.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(limit).map(\.name)
  }

  /// How many characters must be inserted, removed or replaced to make one of the other (Levenshtein), without regard to case.
  static func distance(_ first: String, _ second: String) -> Int {
    let first = Array(first.lowercased().utf8)
    let second = Array(second.lowercased().utf8)
    var row = Array(0...second.count)
    for (index, byte) in first.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for (column, other) in second.enumerated() {
        let replaced = diagonal + (byte == other ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
      }
    }
    return row[second.count]
  }
}
