import Results

/// What the rig assumes of hardware, from sources and threads (research on boards, sections d-1 to d-9), and whether a measurement
/// has confirmed or refuted it.
enum HardwareClaims {
  /// Every claim, with what the profile says of it. Nothing is tested that was measured on what is no hardware.
  static func all(of profile: BoardProfile) -> [BoardProfile.Claim] {
    let measured = [heap(profile), prompt(profile), network(profile)].flatMap(\.self)
    return measured.map { claim in
      guard !profile.board.kind.isHardware else { return claim }
      var untested = claim
      (untested.tested, untested.confirmed) = (false, nil)
      return untested
    } + unmeasured.map { BoardProfile.Claim(claim: $0.claim, tested: false, reason: $0.reason) }
  }

  /// - Parameter holds: whether the figure keeps to the claim's limit; nil where it says nothing about the claim.
  private static func claim(_ claim: String, _ figure: String?, _ holds: Bool?) -> BoardProfile.Claim {
    BoardProfile.Claim(
      claim: claim, tested: figure != nil && holds != nil, confirmed: figure == nil ? nil : holds,
      figure: figure)
  }

  private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}

// MARK: What is measured

extension HardwareClaims {
  private static func heap(_ profile: BoardProfile) -> [BoardProfile.Claim] {
    let isPico2W = profile.board.machine.contains("Pico 2 W")
    return [
      claim(
        "A Pico 2 W has 320 to 480 KiB of heap after its firmware.", "\(profile.heapBytes) bytes free",
        isPico2W ? (320 << 10)...(480 << 10) ~= profile.heapBytes : nil),
      claim(
        "After a reset nine tenths of the heap are one piece.",
        profile.largestBlockBytes.map { "\($0) bytes in one piece" },
        profile.largestBlockBytes.map { $0 * 10 >= profile.heapBytes * 9 }),
      claim(
        "A TLS connection takes 20 to 60 KiB of heap.",
        profile.tlsConnectionBytes.map { "\($0) bytes before the handshake" },
        profile.tlsConnectionBytes.map { (20 << 10)...(60 << 10) ~= $0 }),
      claim(
        "lwIP has five TCP connections at a time.", profile.sockets.map { "\($0) sockets" },
        profile.sockets.map { $0 == 5 }),
    ]
  }

  private static func prompt(_ profile: BoardProfile) -> [BoardProfile.Claim] {
    [
      claim(
        "A soft reset takes less than 8 s.", "\(rounded(profile.softResetSeconds)) s",
        profile.softResetSeconds < 8),
      claim(
        "A hard reset, with USB and prompt again, takes less than 20 s.",
        profile.hardResetSeconds.map { "\(rounded($0)) s" } ?? profile.hardResetFailure,
        profile.hardResetSeconds.map { $0 < 20 } ?? profile.hardResetFailure.map { _ in false }),
      claim(
        "Raw-paste takes source text faster than 10 KB/s.", "\(Int(profile.sourceBytesPerSecond)) bytes/s",
        profile.sourceBytesPerSecond > 10_000),
      claim(
        "Output comes faster than 10 KB/s.", "\(Int(profile.outputBytesPerSecond)) bytes/s",
        profile.outputBytesPerSecond > 10_000),
    ]
  }

  private static func network(_ profile: BoardProfile) -> [BoardProfile.Claim] {
    let times = profile.handshakes.map { one in
      "\(one.key) \(one.milliseconds.map { "\(rounded($0)) ms" } ?? "did not come about")"
    }
    let gap = profile.handshakes.compactMap(\.longestGapMilliseconds).max()
    let echoes = profile.echoes.map { echo in
      let mode = echo.power.map { " \($0)" } ?? ""
      return
        "\(echo.tls ? "TLS" : "clear")\(mode) every \(echo.spacingMilliseconds) ms: \(rounded(echo.p50Microseconds / 1000)) ms"
    }
    return [
      claim(
        "A TLS handshake takes less than 10 s with each kind of key.",
        times.isEmpty ? nil : times.joined(separator: ", "),
        profile.handshakes.allSatisfy { $0.milliseconds.map { $0 < 10_000 } ?? false }),
      claim(
        "A handshake stops the event loop for less than 10 s.", gap.map { "\(rounded($0)) ms" },
        gap.map { $0 < 10_000 }),
      claim(
        "Echoes are slower by up to 200 ms where the radio saves power and messages are far apart.",
        echoes.isEmpty ? nil : echoes.joined(separator: "; "),
        longestDelayBySaving(profile.echoes).map { $0 <= 200 }),
    ]
  }

  /// By how many milliseconds the median of the echoes is longer at the most where the radio saves power; nil where no two series
  /// differ by that alone.
  private static func longestDelayBySaving(_ echoes: [BoardProfile.Echo]) -> Double? {
    echoes.filter { $0.power == WLANPower.performance.rawValue }.compactMap { saving -> Double? in
      let awake = echoes.first {
        $0.power == WLANPower.none.rawValue && $0.tls == saving.tls
          && $0.spacingMilliseconds == saving.spacingMilliseconds
      }
      return awake.map { (saving.p50Microseconds - $0.p50Microseconds) / 1000 }
    }.max()
  }
}

// MARK: What is not

extension HardwareClaims {
  /// What this measurement does not show on any board, and why.
  private static let unmeasured: [(claim: String, reason: String)] = [
    (
      "The serial number on USB is the same in the bootloader and under MicroPython.",
      "the rig does not speak PICOBOOT, by which a board leaves its bootloader without firmware or plug"
    ),
    (
      "From machine.bootloader() to a board that runs again takes a few seconds.",
      "the rig does not speak PICOBOOT, by which a board leaves its bootloader without firmware or plug"
    ),
    ("Without DTR the firmware keeps the latest 256 bytes of output and drops the rest.", byHand),
    (
      "With DTR and a host that does not read, the board waits 500 ms for each write, then drops the rest.",
      byHand
    ),
    (
      "Firmware 1.28 and older may leave stale bytes or a stalled endpoint when the port is opened anew.",
      "it shows by chance only, and with that firmware"
    ),
    ("Ctrl-C empties the board's input of 512 bytes.", "no step of it fills that input"),
    ("A soft reset keeps the WLAN joined.", "a run on the board shows it, which joins first and resets then"),
    ("Exhausted lwIP pools survive a soft reset.", mayHang),
    ("A send that meets a full lwIP heap stops the interpreter for up to 10 s.", mayHang),
    (
      "Data that came before a reset of the peer can still be read (since 1.28).",
      "no step of it has the server reset a connection that holds data"
    ),
    (
      "Port power off for 2 s brings back a board whose radio hangs.",
      "it takes a hub that switches its ports, and a radio that hangs"
    ),
  ]

  private static let byHand = "it takes a host that holds DTR or reading back, which no link of the rig does"
  private static let mayHang = "it may leave the board in need of its plug"
}
