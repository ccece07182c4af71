import Foundation
import Results
import TestSupport
import Testing

@testable import Bench
@testable import BoardLink

@Suite("Profiles of boards, and what they say of claims about hardware")
struct BoardProfileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static func record(_ kind: BoardKind) -> BoardRecord {
    BoardRecord(
      selector: "usb", kind: kind, machine: "Raspberry Pi Pico 2 W with RP2350", firmware: "MicroPython")
  }

  private static func profile(_ kind: BoardKind = .board) -> BoardProfile {
    BoardProfile(
      board: record(kind), heapBytes: 400 << 10, softResetSeconds: 1, exchangeSeconds: 0.01,
      sourceBytesPerSecond: 50_000, outputBytesPerSecond: 5000)
  }

  /// The profile as a file, with one key changed.
  private func file(_ key: String, _ value: String) throws -> String {
    let data = try JSONEncoder().encode(Self.profile())
    var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    object[key] = "VALUE"
    let text = String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    return try folder.write(text.replacing("\"VALUE\"", with: value), to: "p.json")
  }

  @Test("a profile is read as it was written")
  func roundTrip() throws {
    let profile = try BoardProfile(path: file("sockets", "5"))
    #expect(profile.sockets == 5 && profile.heapBytes == 400 << 10)
  }

  @Test(
    "figures that no board has ended the tool by a trap, or were taken, or kept a run from its end",
    arguments: [
      ("hardResetSeconds", "1e300", "0 to 600"), ("hardResetSeconds", "-5", "is -5"),
      ("schemaVersion", "99", "schemaVersion 99"), ("sourceBytesPerSecond", "0.001", "is 0.001"),
      ("outputBytesPerSecond", "1e300", "sBytesPerSecond"), ("softResetSeconds", "-1", "0 to 600"),
      ("heapBytes", "1", "65536 to"), ("sockets", "0", "sockets is 0"),
    ])
  func hardResetOf1e300Seconds(key: String, value: String, part: String) throws {
    let path = try file(key, value)
    let error = try #require(throws: ConfigurationError.self) { try BoardProfile(path: path) }
    let wanted = part == "sBytesPerSecond" ? key : part
    #expect(error.sentence.contains(wanted) && error.sentence.contains(key), "\(error)")
    #expect(error.sentence.contains("p.json"), "\(error)")
  }

  private static func claim(_ word: String, of profile: BoardProfile) throws -> BoardProfile.Claim {
    try #require(HardwareClaims.all(of: profile).first { $0.claim.contains(word) })
  }

  @Test("a claim could not fail: 544 bytes were no word against 40 KiB")
  func claimThatCannotFail() throws {
    var profile = Self.profile()
    profile.tlsConnectionBytes = 544
    profile.sockets = 5
    #expect(try Self.claim("A TLS connection takes", of: profile).outcome == "refuted")
    #expect(try Self.claim("five TCP connections", of: profile).outcome == "confirmed")
    #expect(try Self.claim("Output comes faster", of: profile).outcome == "refuted")
    #expect(try Self.claim("A hard reset", of: profile).outcome == "untested")
    // A board that did not come back was untested: hardResetInVain.
    profile.hardResetFailure = "no prompt within 20 s"
    let reset = try Self.claim("A hard reset", of: profile)
    #expect(reset.outcome == "refuted" && reset.figure == "no prompt within 20 s")
    profile.handshakes = [BoardProfile.Handshake(key: "p256", reason: "no heap")]
    #expect(try Self.claim("each kind of key", of: profile).outcome == "refuted")
  }

  @Test("echoes are held against the same ones with the radio awake")
  func savingPower() throws {
    var profile = Self.profile()
    func echo(_ power: String?, _ milliseconds: Double) -> BoardProfile.Echo {
      BoardProfile.Echo(
        tls: false, power: power, spacingMilliseconds: 1000, count: 4, p50Microseconds: milliseconds * 1000,
        maxMicroseconds: 0)
    }
    profile.echoes = [echo("performance", 90)]
    #expect(try Self.claim("saves power", of: profile).outcome == "untested")
    profile.echoes.append(echo("none", 10))
    #expect(try Self.claim("saves power", of: profile).outcome == "confirmed")
    profile.echoes[0].p50Microseconds = 400_000
    #expect(try Self.claim("saves power", of: profile).outcome == "refuted")
  }

  @Test("nothing is tested where no hardware is, and what nothing measures says why")
  func untested() {
    let claims = HardwareClaims.all(of: Self.profile(.simulated))
    #expect(claims.allSatisfy { $0.outcome == "untested" && !$0.tested })
    #expect(claims.contains { $0.claim.contains("bootloader") && $0.reason != nil })
  }

  @Test("a simulated board behind a terminal counted as hardware")
  func simulatedBehindTerminal() {
    func kind(_ machine: String, _ implementation: String = "MicroPython", platform: String?) -> BoardKind {
      var identity = BoardIdentity(
        machine: machine, implementation: implementation, version: "1", build: "b", uniqueID: "",
        freeHeapBytes: 1)
      identity.platform = platform
      var record = Self.record(.board)
      record.add(identity)
      return record.kind
    }
    #expect(kind("Raspberry Pi Pico 2 W with RP2350 (simulated)", platform: "rp2") == .simulated)
    #expect(kind("linux [GCC 14.2.1] version", platform: "linux") == .simulated)
    #expect(kind("Raspberry Pi Pico 2 W with RP2350", platform: "rp2") == .board)
    #expect(kind("unknown", platform: nil) == .board)
    #expect(kind("CPython on this computer", "CPython", platform: "linux") == .python)
  }
}

@Suite("What the doctor says of an error")
struct FindingTests {
  @Test("the mend of a board's failure said nothing: \"do what this says\"")
  func doWhatThisSays() {
    let told = Finding(
      "board x", .wrong, "Could not get the board ready: it is gone; check --board and the cable.",
      otherwise: "no")
    #expect(
      told.seen == "Could not get the board ready: it is gone" && told.mend == "check --board and the cable")
    let untold = Finding(
      "wsrig.toml", .wrong, "line 1: board is \"x\"; allowed here: y.", otherwise: "mend that line")
    #expect(untold.mend == "mend that line" && untold.seen.hasSuffix("allowed here: y"))
  }
}
