/// The sections of RFC 6455 that scenarios may cite.
public enum RFC6455 {
  /// The numbers of all numbered sections.
  public static let sections: [String] = {
    let subsections: [(String, Int)] = [
      ("1", 9), ("2", 1), ("3", 0), ("4", 4), ("4.2", 2), ("5", 8), ("5.5", 3), ("6", 2), ("7", 4),
      ("7.1", 7),
      ("7.2", 3), ("7.4", 2), ("8", 2), ("9", 2), ("9.2", 0), ("10", 8), ("11", 8), ("11.1", 2), ("11.3", 5),
      ("12", 0), ("13", 0), ("14", 2),
    ]
    let numbers = subsections.flatMap { section, count in
      [section] + (1..<(count + 1)).map { "\(section).\($0)" }
    }
    return numbers.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }()
}
