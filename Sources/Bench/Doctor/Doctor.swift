import BoardLink
import Foundation
import PosixIO
import Results
import Scenarios
import Verdicts
import WebSocketPeers

/// Looks at each part of a bench and says how it is, and how to mend it.
public struct Doctor: Sendable {
  /// The bench file that was asked for; nil is the one of the working folder.
  public var config: String?
  /// What `--board` was given.
  public var boards: [String] = []
  /// What `--host` was given, which wins over the bench file.
  public var host: String?
  /// How the simulated board is made.
  public var simulation = RunConfiguration.Simulation()
  /// The rig's own files.
  public var fixtures: Fixtures
  /// Where to look for the udev rule; nil is where udev looks.
  public var udevFolder: String?

  /// Creates a doctor.
  public init(fixtures: Fixtures) { self.fixtures = fixtures }

  /// Looks at everything, one after the other.
  /// - Parameter tell: is told each finding as it comes.
  public func examine(_ tell: @Sendable (Finding) -> Void) async throws {
    tell(interpreter())
    tell(Finding("OpenSSL", .ok, TLSLibrary.version))
    let usb = USBHealth()
    tell(library(usb))
    tell(UdevRule(fixtures).finding(folder: udevFolder, isNeeded: !usb.boards.isEmpty))
    for finding in attached(usb) { tell(finding) }
    tell(await loopback())
    let (finding, file) = benchFile()
    tell(finding)
    if finding.state != .wrong { try await examineBoards(file, tell) }
  }

  private func interpreter() -> Finding {
    do {
      let path = try fixtures.interpreter(path: simulation.interpreter).path
      _ = try MicroPythonInterpreter(path: path)
      return Finding("interpreter", .ok, path)
    } catch {
      return Finding(
        "interpreter", .wrong, "\(error)", mend: "run scripts/setup, or name one with --micropython")
    }
  }

  private func library(_ usb: USBHealth) -> Finding {
    guard let problem = usb.problem else { return Finding("libusb", .ok, "libusb \(usb.version)") }
    return Finding(
      "libusb", .note, "libusb \(usb.version) cannot list the bus (\(problem))",
      mend: "give the machine or container a USB bus (/dev/bus/usb), if boards are to be attached to it")
  }

  private func attached(_ usb: USBHealth) -> [Finding] {
    guard !usb.boards.isEmpty else {
      return [Finding("USB boards", .note, "no board is attached (USB 2e8a:0005)")]
    }
    return usb.boards.map { board in
      let name = board.description.selector.description
      let words = [name, board.description.productName, board.description.terminalPath].compactMap(\.self)
      if board.description.isBootloader {
        return Finding(
          "USB boards", .note, "\(name) waits in its bootloader",
          mend: "copy a firmware onto it, or unplug and plug it in")
      }
      guard board.isWritable else {
        return Finding(
          "USB boards", .wrong, "this user may not drive \(name) at \(board.devicePath)",
          mend: "wsrig doctor --install-udev as root, and usermod -aG plugdev for this user")
      }
      return Finding("USB boards", .ok, words.joined(separator: " "))
    }
  }

  /// The rig against itself: the reference client in the place of a board, in clear and over TLS.
  private func loopback() async -> Finding {
    let run = configuration(
      [BenchBoard(.reference)], [.calibration, .calibration.overTLS], client: .reference)
    do {
      let result = try await ConformanceRun(run, progress: { _ in }).run()
      if let bad = result.cases.first(where: { $0.judgement.verdict != .passed }) {
        return Finding(
          "loopback", .wrong, "\(bad.case.id): \(bad.judgement.reason ?? "it did not pass")",
          mend: "look whether a firewall closes 127.0.0.1 to its own programs")
      }
      return Finding("loopback", .ok, "the reference client talks to the server by TCP and by TLS")
    } catch {
      return Finding(
        "loopback", .wrong, "\(error)", mend: "look whether this computer has the address 127.0.0.1")
    }
  }

  private func benchFile() -> (Finding, BenchFile?) {
    do {
      guard let file = try BenchFile.find(config) else {
        return (Finding("wsrig.toml", .note, "none here: boards and addresses are given with each call"), nil)
      }
      if let wlan = file.wlan {
        _ = try wlan.access()
        if case .file(let path) = wlan.source, let other = Self.readersBesidesOwner(path) {
          return (
            Finding(
              "wsrig.toml", .note, "\(file.path); the passphrase in \(path) can be read by \(other)",
              mend: "chmod 600 \(path)"), file
          )
        }
      }
      return (Finding("wsrig.toml", .ok, "\(file.path), \(file.boards.count.counted("board"))"), file)
    } catch {
      return (Finding("wsrig.toml", .wrong, "\(error)", otherwise: "mend that line"), nil)
    }
  }

  private static func readersBesidesOwner(_ path: String) -> String? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    guard let mode = attributes?[.posixPermissions] as? Int, mode & 0o044 != 0 else { return nil }
    return mode & 0o004 != 0 ? "everybody" : "its group"
  }

  /// Boards that somebody named, on the command line or in the file, and the simulated one: each plays a case.
  private func examineBoards(_ file: BenchFile?, _ tell: @Sendable (Finding) -> Void) async throws {
    let words = boards.isEmpty && file?.boards.isEmpty == false ? ["all"] : boards
    var chosen = try BenchBoard.chosen(by: words, host: host, port: nil, file: file)
    if !chosen.contains(where: { $0.selector == .simulated }) { chosen.append(BenchBoard(.simulated)) }
    var ports: Set<ServerPort> = []
    for board in chosen {
      let port = ServerPort(board)
      if ports.insert(port).inserted { for finding in await port.findings() { tell(finding) } }
      for finding in await examine(board) { tell(finding) }
      try Task.checkCancellation()
    }
  }

  private func examine(_ board: BenchBoard) async -> [Finding] {
    let part = "board \(board.id)"
    let play = "getting it ready and playing a case"
    do {
      let client =
        board.selector == .reference
        ? .reference
        : try ClientBundle(client: nil, adapter: nil, board: board.selector, fixtures: fixtures)
      let result = try await ConformanceRun(
        configuration([board], [.calibration], client: client), progress: { _ in }
      ).run()
      let record = result.board
      var findings = [Finding(part, .ok, "\(record.machine), \(record.firmware)")]
      findings += result.boardEvents.filter { $0.kind != "calibrate" && $0.kind != "attach" }.map {
        Finding(
          part, $0.succeeded ? .ok : .note, "\($0.detail), \(($0.durationSeconds * 1000).rounded() / 1000) s")
      }
      if let played = result.cases.first, played.judgement.verdict != .passed {
        findings.append(
          Finding(
            part, .wrong, "\(play): \(played.judgement.reason ?? "the case did not pass")",
            mend: "run wsrig run --board \(board.word) --only '1.*' and look at the report"))
      }
      return findings
    } catch {
      return [
        Finding(
          part, .wrong, "\(error)",
          otherwise: "run wsrig run --board \(board.word) --only '1.*' and look at its serial.log")
      ]
    }
  }

  func configuration(_ boards: [BenchBoard], _ cases: [Case], client: ClientBundle) -> RunConfiguration {
    RunConfiguration(
      boards: boards, simulation: simulation, client: client, fixtures: fixtures, cases: cases, seed: 1)
  }
}
