extension Catalogue {
  /// Long messages in many fragments of one size, as a library that fragments by itself sends them (RFC 6455 section 5.4).
  static var autoFragmentation: [Scenario] { [] }
}
