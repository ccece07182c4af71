/// The sections of RFC 7692 (permessage-deflate) that scenarios and rules may cite, as `RFC 7692 7.2.1`.
public enum RFC7692 {
  /// What stands before the number, since a number alone is a section of RFC 6455.
  public static let prefix = "RFC 7692 "

  /// The numbers of all numbered sections.
  public static let sections: [String] = {
    let subsections: [(String, Int)] = [
      ("1", 0), ("2", 0), ("3", 0), ("4", 0), ("5", 2), ("6", 2), ("7", 2), ("7.1", 3), ("7.1.1", 2),
      ("7.1.2", 2), ("7.2", 3), ("7.2.3", 6), ("8", 0), ("9", 2), ("10", 2),
    ]
    let numbers = subsections.flatMap { section, count in
      [section] + (1..<(count + 1)).map { "\(section).\($0)" }
    }
    return numbers.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }()
}

/// A citation as scenarios and rules write it: `5.5.2` for RFC 6455, `RFC 7692 7.2.1` for RFC 7692.
public enum Citation {
  /// Whether it names a section that is there.
  public static func isKnown(_ citation: String) -> Bool {
    citation.hasPrefix(RFC7692.prefix)
      ? RFC7692.sections.contains(String(citation.dropFirst(RFC7692.prefix.count)))
      : RFC6455.sections.contains(citation)
  }

  /// For sentences: `RFC 6455 section 5.5.2`, `RFC 7692 section 7.2.1`.
  public static func words(_ citation: String) -> String {
    citation.hasPrefix(RFC7692.prefix)
      ? "\(RFC7692.prefix)section \(citation.dropFirst(RFC7692.prefix.count))"
      : "RFC 6455 section \(citation)"
  }
}
