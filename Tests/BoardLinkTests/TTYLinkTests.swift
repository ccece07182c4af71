import BoardLink
import Foundation
import PosixIO
import Testing

@Suite("Terminal link", .timeLimit(.minutes(1)))
struct TTYLinkTests {
  @Test(
    "a path that is not there, or no terminal, is a failure with a sentence",
    arguments: ["/nowhere/tty", "/dev/null"])
  func notOpened(_ path: String) async throws {
    let link = TTYLink(path: path, on: .shared)
    let failure = await #expect(throws: BoardFailure.self) {
      try await link.open(deadline: .after(.seconds(1)))
    }
    #expect(failure?.description.contains(path) == true)
  }

  @Test("bytes go both ways; a device that goes away ends the link at once")
  func bytesAndEnd() async throws {
    var terminal = try PseudoTerminal(on: .shared)
    let link = TTYLink(path: terminal.path, on: .shared)
    try await link.open(deadline: .after(.seconds(1)))
    terminal.closeTerminal()
    let deadline = Deadline.after(.seconds(5))
    try await link.write([1, 3, 4], deadline: deadline)
    #expect(try await terminal.controller.read(deadline: deadline) == [1, 3, 4])
    try await terminal.controller.write([0, 3, 4, 0x0A], deadline: deadline)
    #expect(try await link.read(deadline: deadline) == [0, 3, 4, 0x0A])
    terminal.controller.close()
    let failure = await #expect(throws: BoardFailure.self) { try await link.read(deadline: deadline) }
    #expect(failure?.isLinkEnded == true)
    await link.close()
  }

  @Test("a read without bytes ends at its deadline, and loses nothing")
  func deadline() async throws {
    let terminal = try PseudoTerminal(on: .shared)
    let link = TTYLink(path: terminal.path, on: .shared)
    try await link.open(deadline: .after(.seconds(1)))
    let failure = await #expect(throws: BoardFailure.self) {
      try await link.read(deadline: .after(.milliseconds(20)))
    }
    #expect(failure?.cause == .timedOut("bytes"))
    try await terminal.controller.write([7], deadline: .after(.seconds(1)))
    #expect(try await link.read(deadline: .after(.seconds(5))) == [7])
    await link.close()
  }

  @Test("a hard reset asks for machine.reset(), waits for the device to leave and return, and opens it again")
  func hardReset() async throws {
    let folder = NSTemporaryDirectory() + "wsrig-tty-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/ttyACM0"
    var before = try PseudoTerminal(on: .shared)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: before.path)
    let link = TTYLink(path: path, on: .shared)
    try await link.open(deadline: .after(.seconds(1)))
    before.closeTerminal()
    let deadline = Deadline.after(.seconds(10))
    async let reset: Void = link.hardReset(deadline: deadline)
    var typed: [UInt8] = []
    while !String(decoding: typed, as: UTF8.self).contains("machine.reset()\r") {
      typed += try await before.controller.read(deadline: deadline)
    }
    // The device leaves the bus and returns under the same name.
    try FileManager.default.removeItem(atPath: path)
    before.controller.close()
    let after = try PseudoTerminal(on: .shared)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: after.path)
    try await reset
    try await link.write([1], deadline: deadline)
    #expect(try await after.controller.read(deadline: deadline) == [1])
    await link.close()
  }
}
