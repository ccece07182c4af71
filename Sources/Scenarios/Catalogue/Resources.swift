extension Catalogue {
  /// What the client costs the board: memory, and the time that it keeps the event loop busy (QUALITY, ours).
  static var resources: [Scenario] { [] }
}
