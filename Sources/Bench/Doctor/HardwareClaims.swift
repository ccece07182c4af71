import Results

/// What the rig assumes of hardware, from sources and threads (research on boards, sections d-1 to d-9), and whether a measurement
/// has tested it.
enum HardwareClaims {
  /// Every claim, with what the profile says of it. Nothing is tested that was measured on what is no hardware.
  static func all(of profile: BoardProfile) -> [BoardProfile.Claim] {
    measured(profile) + unmeasured.map { BoardProfile.Claim(claim: $0, tested: false) }
  }

  private static func measured(_ profile: BoardProfile) -> [BoardProfile.Claim] {
    let isHardware = profile.board.kind.isHardware
    func claim(_ claim: String, _ figure: String?) -> BoardProfile.Claim {
      BoardProfile.Claim(claim: claim, tested: isHardware && figure != nil, figure: figure)
    }
    let times = profile.handshakes.compactMap { one in
      one.milliseconds.map { "\(one.key) \(rounded($0)) ms" }
    }
    let gap = profile.handshakes.compactMap(\.longestGapMilliseconds).max()
    let echoes = profile.echoes.map { echo in
      let mode = echo.power.map { " \($0)" } ?? ""
      return
        "\(echo.tls ? "TLS" : "clear")\(mode) every \(echo.spacingMilliseconds) ms: \(rounded(echo.p50Microseconds / 1000)) ms"
    }
    return [
      claim("A Pico 2 W has about 400 KiB of heap after its firmware.", "\(profile.heapBytes) bytes free"),
      claim(
        "After a reset the heap is one piece.", profile.largestBlockBytes.map { "\($0) bytes in one piece" }),
      claim(
        "A TLS connection takes 40 KiB of heap.",
        profile.tlsConnectionBytes.map { "\($0) bytes before the handshake" }),
      claim("lwIP has five TCP connections at a time.", profile.sockets.map { "\($0) sockets" }),
      claim("A soft reset takes less than 8 s.", "\(rounded(profile.softResetSeconds)) s"),
      claim(
        "A hard reset, with USB and prompt again, takes less than 20 s.",
        profile.hardResetSeconds.map { "\(rounded($0)) s" }),
      claim(
        "Raw-paste takes source text faster than 10 KB/s.", "\(Int(profile.sourceBytesPerSecond)) bytes/s"),
      claim("Output comes faster than 10 KB/s.", "\(Int(profile.outputBytesPerSecond)) bytes/s"),
      claim(
        "A TLS handshake takes less than 10 s with each kind of key.",
        times.isEmpty ? nil : times.joined(separator: ", ")),
      claim("A handshake stops the event loop for seconds at most.", gap.map { "\(rounded($0)) ms" }),
      claim(
        "Echoes are slower by up to 200 ms where the radio saves power and messages are far apart.",
        echoes.isEmpty ? nil : echoes.joined(separator: "; ")),
    ]
  }

  private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

  /// What this measurement does not show on any board.
  private static let unmeasured = [
    "The serial number on USB is the same in the bootloader and under MicroPython.",
    "From machine.bootloader() to a board that runs again takes a few seconds.",
    "Without DTR the firmware keeps the latest 256 bytes of output and drops the rest.",
    "With DTR and a host that does not read, the board waits 500 ms for each write, then drops the rest.",
    "Firmware 1.28 and older may leave stale bytes or a stalled endpoint when the port is opened anew.",
    "Ctrl-C empties the board's input of 512 bytes.",
    "A soft reset keeps the WLAN joined.",
    "Exhausted lwIP pools survive a soft reset.",
    "A send that meets a full lwIP heap stops the interpreter for up to 10 s.",
    "Data that came before a reset of the peer can still be read (since 1.28).",
    "Port power off for 2 s brings back a board whose radio hangs.",
  ]
}
