extension Rule {
  /// Nothing but the missed step tells of it (``Judge``).
  static let awaitedInVainID = "awaited-in-vain"
  /// Told by the runner: the board was lost twice in one case and ran another one between.
  public static let boardLostID = "board-lost"

  /// The names of everything that can be broken: the rules of a connection, and what only the echo loop, a missed step, the keys of a
  /// whole run or a lost board can tell.
  public static let names: Set<String> = Set(all.map(\.id)).union([
    WireWitness.alteredID, WireWitness.missingID, awaitedInVainID, boardLostID, RunKeys.maskingID,
    RunKeys.handshakeID,
  ])
}
