extension Int {
  /// The number with what it counts: `1 case`, `2 cases`.
  public func counted(_ noun: String) -> String { self == 1 ? "1 \(noun)" : "\(self) \(noun)s" }
}
