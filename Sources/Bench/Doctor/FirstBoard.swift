import BoardLink
import Foundation
import Latency
import Logging
import PosixIO
import RawREPL
import Results
import Scenarios
import Steps
import Traces
import Verdicts
import WebSocketProtocol

/// Measures on a board what could only be assumed without one (hil.md d-9).
public struct FirstBoard: Sendable {
  private let doctor: Doctor
  private let board: BenchBoard

  /// - Parameter doctor: knows fixtures and simulation.
  public init(_ doctor: Doctor, board: BenchBoard) {
    self.doctor = doctor
    self.board = board
  }

  /// Measures everything.
  /// - Parameter tell: is told what is measured now.
  /// - Throws: `MissingBoard`, `ConfigurationError`, where not even the prompt or the first case comes about.
  public func measure(_ tell: @Sendable (String) -> Void) async throws -> BoardProfile {
    tell("the network: WLAN, sockets, a case")
    let first = try await run([.calibration])
    tell("the prompt: heap, resets, pace of the serial line")
    var profile = try await measurePrompt(first.board)
    profile.sockets = first.board.sockets
    for key in TLSKey.allCases {
      tell("a TLS handshake with \(key.rawValue)")
      profile.handshakes.append(try await handshake(key))
    }
    let powers: [WLANPower?] = first.board.radio?.powerMode == nil ? [nil] : WLANPower.allCases
    for power in powers {
      for overTLS in [false, true] {
        tell(
          "echoes \(overTLS ? "over TLS" : "in clear")\(power.map { ", power mode \($0.rawValue)" } ?? "")")
        profile.echoes += try await echoes(overTLS: overTLS, power)
      }
    }
    profile.claims = HardwareClaims.all(of: profile)
    return profile
  }

  private func run(_ cases: [Case], power: WLANPower? = nil) async throws -> RunResult {
    let client = try ClientBundle(client: nil, adapter: nil, board: board.selector, fixtures: doctor.fixtures)
    var configuration = doctor.configuration([board], cases, client: client)
    configuration.power = power
    return try await ConformanceRun(configuration, progress: { _ in }).run()
  }

  private func handshake(_ key: TLSKey) async throws -> BoardProfile.Handshake {
    var testCase = Case.calibration.overTLS
    testCase.scenario.id = "handshake-\(key.rawValue)"
    testCase.scenario.server.tls?.key = key
    let result = try await run([testCase])
    let series = result.latency.series.first { $0.endpoint == .device && $0.measure == .tlsHandshake }
    let played = result.cases.first
    let gap = played?.resources.longestHeartbeatGapMicroseconds
    return BoardProfile.Handshake(
      key: key.rawValue, milliseconds: series.map { Double($0.p50Nanoseconds) / 1e6 },
      longestGapMilliseconds: gap.map { Double($0) / 1e3 },
      reason: series == nil ? played?.judgement.reason ?? "the handshake did not come about" : nil)
  }

  /// Messages close together and far apart: what saves power shows in the gaps.
  private func echoes(overTLS: Bool, _ power: WLANPower?) async throws -> [BoardProfile.Echo] {
    var echoes: [BoardProfile.Echo] = []
    for (spacing, count) in [(10, 20), (100, 10), (1000, 4)] {
      let steps = (0..<count).flatMap { _ -> [ServerStep] in
        [
          .sendFrame(FrameSpec(.text, .text("echo"))), .expectMessage(kind: .text, payload: .text("echo")),
          .pause(milliseconds: spacing),
        ]
      }
      var testCase = Case.calibration
      testCase.scenario.id = "echo-\(spacing)"
      testCase.scenario.server = ServerScript(steps)
      let result = try await run([overTLS ? testCase.overTLS : testCase], power: power)
      let series = result.latency.series.first {
        $0.endpoint == .device && $0.measure == .roundTrip && $0.payloadLength == nil
      }
      guard let series else { continue }
      echoes.append(
        BoardProfile.Echo(
          tls: overTLS, power: power?.rawValue, spacingMilliseconds: spacing, count: series.count,
          p50Microseconds: Double(series.p50Nanoseconds) / 1e3,
          maxMicroseconds: Double(series.maxNanoseconds) / 1e3))
    }
    return echoes
  }
}

// MARK: At the prompt

extension FirstBoard {
  /// What is sent and printed to measure a pace.
  private static let paceBytes = 32 << 10
  private static let limit = Duration.seconds(60)

  private func measurePrompt(_ record: BoardRecord) async throws -> BoardProfile {
    let loop = try EventLoop(name: "first board").start()
    defer { loop.stop() }
    let logger = Logger(label: "wsrig.board", factory: { _ in SwiftLogNoOpLogHandler() })
    let link = try board.selector.link(doctor.simulation, fixtures: doctor.fixtures, on: loop, logger: logger)
    return try await board.selector.whileLocked {
      let board = Board(link: link, on: loop, logger: logger)
      do {
        try await board.attach()
        let profile = try await measure(board, record)
        await board.detach()
        return profile
      } catch let failure as BoardFailure {
        await board.detach()
        throw MissingBoard("The board could not be measured: \(failure); check the cable.")
      }
    }
  }

  private func measure(_ board: Board, _ record: BoardRecord) async throws -> BoardProfile {
    let softReset = try await median { try await board.softReset() }
    let exchange = try await median { _ = try await board.execute("pass", deadline: .after(Self.limit)) }
    let lines = String(repeating: "#" + String(repeating: "x", count: 62) + "\n", count: Self.paceBytes / 64)
    let source = try await median { _ = try await board.execute(lines, deadline: .after(Self.limit)) }
    let output = try await median {
      let program = "for _ in range(\(Self.paceBytes / 64)):print('x'*62)"
      _ = try await board.execute(program, deadline: .after(Self.limit))
    }
    var profile = BoardProfile(
      board: record, heapBytes: await board.identity?.freeHeapBytes ?? 0, softResetSeconds: softReset,
      exchangeSeconds: exchange, sourceBytesPerSecond: Double(Self.paceBytes) / max(1e-6, source - exchange),
      outputBytesPerSecond: Double(Self.paceBytes) / max(1e-6, output - exchange))
    let answers = BoardPrograms.answers(
      try await board.execute(BoardPrograms.memory, deadline: .after(Self.limit)).text)
    profile.largestBlockBytes = answers["block"].flatMap { Int($0) }
    profile.tlsConnectionBytes = answers["tls"].flatMap { Int($0) }
    let start = MonotonicInstant.now()
    // The last one: what does not come back afterwards has told everything else.
    do {
      _ = try await board.hardReset()
      profile.hardResetSeconds = (.now() - start).seconds
    } catch {
      profile.hardResetFailure = "\(error)"
    }
    return profile
  }

  private func median(_ body: () async throws -> Void) async throws -> Double {
    var times: [Double] = []
    for _ in 0..<3 {
      let start = MonotonicInstant.now()
      try await body()
      times.append((.now() - start).seconds)
    }
    return times.sorted()[1]
  }
}
