@testable import BoardLink
import Foundation
import PosixIO
import TestSupport
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

  /// Opens a terminal as programs do that keep nobody out, says so, and closes it when it is told.
  private static let reader = """
    import os, sys
    terminal = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
    print("open", flush=True)
    while not os.path.exists(sys.argv[2]): os.read(terminal, 1)
    os.close(terminal)
    print("closed", flush=True)
    """

  @Test(
    "a program that had the terminal open without keeping others out was not noticed: busy, with its holder",
    .enabled(if: Repository.hasPython, "\(Repository.pythonIsMissing)"))
  func secondReader() async throws {
    let folder = try TemporaryFolder()
    let terminal = try PseudoTerminal(on: .shared)
    let link = TTYLink(path: terminal.path, on: .shared)
    let child = try await RunningChild.start(
      try #require(Repository.python), ["-c", Self.reader, terminal.path, folder.path + "/end"])
    _ = try await child.line(containing: "open")
    let failure = await #expect(throws: BoardFailure.self) {
      try await link.open(deadline: .after(.seconds(1)))
    }
    #expect(failure?.isBusy == true)
    let words = failure?.description ?? ""
    #expect(words.contains("in use by process \(child.id) (") && words.contains(terminal.path), "\(words)")
    try folder.write("", to: "end")
    try await terminal.controller.write([1], deadline: .after(.seconds(5)))
    _ = try await child.finish(within: .seconds(20))
    try await link.open(deadline: .after(.seconds(1)))
    await link.close()
  }

  @Test("who has the other side of a pseudo-terminal is no other user of it")
  func otherSide() async throws {
    let program = """
      import os, sys
      controller, terminal = os.openpty()
      print("board on", os.ttyname(terminal), flush=True)
      os.read(controller, 1)
      """
    let child = try await RunningChild.start(try #require(Repository.python), ["-c", program])
    let line = try await child.line(containing: "board on")
    let path = String(try #require(line.split(separator: " ").last))
    let link = TTYLink(path: path, on: .shared)
    try await link.open(deadline: .after(.seconds(1)))
    try await link.write([1], deadline: .after(.seconds(1)))
    _ = try await child.finish(within: .seconds(20))
    await link.close()
  }

  @Test(
    "a terminal without rights was told as a matter of the cable; one that is kept by another user without it"
  )
  func causes() {
    let forbidden = TTYLink.cause(PosixError(.open, "/dev/null", .permissionDenied), "/dev/null")
    guard case .notOpened(let words) = forbidden else {
      Issue.record("\(forbidden)")
      return
    }
    for part in [
      "may not open /dev/null", "`sudo wsrig doctor --install-udev`", "the group plugdev", "its group",
    ] {
      #expect(words.contains(part), "\(words)")
    }
    let busy = TTYLink.cause(PosixError(.open, "/dev/null", .busy), "/dev/null")
    #expect(busy == .busy(holder: "a program that this user may not see"))
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
