import Results

/// A power mode of a board's radio that latencies are measured in: whether the board has it is what the radio says, not what was wished.
struct LatencyPower {
  let mode: WLANPower
  /// Whether the user named it; otherwise it is set where there is a radio, and nothing is wrong where there is none.
  let isAskedFor: Bool

  /// Looks whether the board has a radio whose power mode can be set.
  /// - Throws: `ConfigurationError` where it has none, and the user named a mode.
  func check(_ board: BoardRecord) throws {
    guard isAskedFor, board.radio?.powerMode == nil else { return }
    throw ConfigurationError(
      "--power would set nothing: the board \(board.selector) has no radio in a WLAN whose power mode it could tell; leave the option out."
    )
  }

  /// What was set, and what the radio then said; nil where nothing was set.
  func record(of radio: RadioRecord?) -> PowerModeRecord? {
    guard let radio, radio.powerModeSet != nil else { return nil }
    return radio.powerMode.map { PowerModeRecord(power: mode.rawValue, readBack: $0) }
  }

  /// By what series are called that are measured in it; nil where the radio does not have it.
  func label(on radio: RadioRecord?) -> String? { radio?.hasPowerModeSet == true ? mode.rawValue : nil }

  /// Why nothing is measured in it; nil where something is.
  func refusal(by radio: RadioRecord?) -> LatencyFailure? {
    guard isAskedFor, radio?.hasPowerModeSet != true else { return nil }
    let reason =
      radio?.hasPowerModeSet == false
      ? "the radio was set to it, and reads back another one" : "the board's firmware does not let it be set"
    return LatencyFailure(name: "power mode \(mode.rawValue)", blame: .bench, reason: reason)
  }
}
