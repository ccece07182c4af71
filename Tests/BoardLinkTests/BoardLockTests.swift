@testable import BoardLink
import Foundation
import PosixIO
import TestSupport
import Testing

@Suite("Board locks and discovery", .timeLimit(.minutes(1)))
struct BoardLockTests {
  private let folder: TemporaryFolder
  private var locks: String { folder.path + "/locks" }
  private var sysfs: String { folder.path + "/devices" }

  init() throws { folder = try TemporaryFolder() }

  /// A board in a sysfs of the test's own.
  private func attach(_ position: String, serial: String?, terminal: String) throws {
    let files = ["idVendor": "2e8a", "idProduct": "0005", "busnum": "1", "devnum": "4", "serial": serial]
    for (name, content) in files {
      if let content { try folder.write(content + "\n", to: "devices/\(position)/\(name)") }
    }
    try folder.write("", to: "devices/\(position)/\(position):1.0/tty/\(terminal)/dev")
  }

  @Test(
    "a board taken twice is busy, with its holder: process, command and since when; freed, it can be taken again"
  )
  func exclusive() throws {
    let selector = BoardSelector.terminal(path: "/dev/null")
    do {
      let lock = try BoardLock(selector, folder: locks)
      let failure = #expect(throws: BoardFailure.self) { _ = try BoardLock(selector, folder: locks) }
      let words = try #require(failure?.description)
      #expect(words.contains("in use by process \(getpid()) ("))
      #expect(words.contains(") since 20"))
      _ = try BoardLock(.terminal(path: "/dev/zero"), folder: locks)
      withExtendedLifetime(lock) {}
    }
    _ = try BoardLock(selector, folder: locks)
  }

  @Test(
    "whatever it is called, one board has one lock",
    arguments: ["usb", "usb:E661A", "usb:e661a", "usb:1-2.3", "tty:/dev/ttyACM7", "tty:LINK"])
  func names(_ name: String) throws {
    try attach("1-2.3", serial: "E661A", terminal: "ttyACM7")
    let link = folder.path + "/board"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/dev/ttyACM7")
    let selector = try BoardSelector(name.replacing("LINK", with: link))
    #expect(PhysicalBoard(selector, sysfs: sysfs).key == "usb-e661a")
    let lock = try BoardLock(.usb("E661A"), folder: locks, sysfs: sysfs)
    #expect(throws: BoardFailure.self) { _ = try BoardLock(selector, folder: locks, sysfs: sysfs) }
    withExtendedLifetime(lock) {}
  }

  @Test(
    "two boards have two locks; one without a serial number is known by its port, one that is not there by its name"
  )
  func others() throws {
    try attach("1-1", serial: "E661A", terminal: "ttyACM0")
    try attach("1-2", serial: nil, terminal: "ttyACM1")
    let keys = [
      "usb:E661A": "usb-e661a", "tty:/dev/ttyACM1": "usb-1-2", "usb:1-2": "usb-1-2", "usb:E661C": "usb-e661c",
      "tty:/dev/null": "tty-/dev/null", "tcp:localhost:4000": "net-127.0.0.1-4000",
      "rfc2217:127.0.0.1:4000": "net-127.0.0.1-4000",
    ]
    for (name, key) in keys { #expect(PhysicalBoard(try BoardSelector(name), sysfs: sysfs).key == key) }
  }

  @Test("a second run waits for the first, and takes the board when that has ended")
  func waits() async throws {
    let selector = BoardSelector.terminal(path: "/dev/null")
    let told = LockedBytes()
    let holder = Mutexed(try BoardLock(selector, folder: locks))
    let locks = locks
    _ = try await BoardLock.wait(
      for: selector, deadline: .after(.seconds(30)), on: .shared, folder: locks
    ) {
      told.append([UInt8]($0.utf8))
      holder.drop()
    }
    #expect(String(decoding: told.value, as: UTF8.self).contains("process \(getpid())"))
  }

  @Test("the wait ends at its deadline, with the holder; the lock that comes later is given back")
  func waitsInVain() async throws {
    let selector = BoardSelector.terminal(path: "/dev/null")
    do {
      let lock = try BoardLock(selector, folder: locks)
      let failure = await #expect(throws: BoardFailure.self) {
        _ = try await BoardLock.wait(
          for: selector, deadline: .after(.milliseconds(50)), on: .shared, folder: locks, whenBusy: { _ in })
      }
      #expect(failure?.isBusy == true)
      withExtendedLifetime(lock) {}
    }
    // The thread that still waits may have it for a moment.
    _ = try await BoardLock.wait(
      for: selector, deadline: .after(.seconds(30)), on: .shared, folder: locks, whenBusy: { _ in })
  }

  @Test("a dead holder is no obstacle, whatever its lock file says")
  func deadHolder() throws {
    let selector = BoardSelector.terminal(path: "/dev/null")
    try folder.write("1\nwsrig run\n2020-01-01T00:00:00Z\n", to: "locks/tty--dev-null.lock")
    _ = try BoardLock(selector, folder: locks)
    #expect(try folder.text("locks/tty--dev-null.lock").hasPrefix("\(getpid())\n"))
  }

  @Test(
    "two environments had two lock folders, and another user could not take a lock: one folder, open to all")
  func everybodys() throws {
    #expect(["/run/lock/wsrig", "/tmp/wsrig-locks"].contains(LockFolder.usual))
    let selector = BoardSelector.terminal(path: "/dev/null")
    _ = try BoardLock(selector, folder: locks)
    func rights(_ path: String) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
    #expect(FileLock.isEverybodys(locks) && !FileLock.isEverybodys(folder.path))
    #expect(try rights(locks + "/tty--dev-null.lock") == 0o666)
    _ = try BoardLock(selector, folder: locks)
  }

  @Test("what another user put in the place of the folder or of a lock file is not followed")
  func notFollowed() throws {
    let manager = FileManager.default
    try manager.createSymbolicLink(atPath: locks, withDestinationPath: NSTemporaryDirectory())
    #expect(throws: BoardFailure.self) { _ = try BoardLock(.terminal(path: "/dev/null"), folder: locks) }
    let others = folder.path + "/others"
    try FileLock.makeFolder(others)
    try folder.write("theirs", to: "precious")
    try manager.createSymbolicLink(
      atPath: others + "/tty--dev-null.lock", withDestinationPath: folder.path + "/precious")
    #expect(throws: BoardFailure.self) { _ = try BoardLock(.terminal(path: "/dev/null"), folder: others) }
    #expect(try folder.text("precious") == "theirs")
    // A hard link was followed: hardLinkToAnothersFile.
    try manager.removeItem(atPath: others + "/tty--dev-null.lock")
    try manager.linkItem(atPath: folder.path + "/precious", toPath: others + "/tty--dev-null.lock")
    let failure = #expect(throws: BoardFailure.self) {
      _ = try BoardLock(.terminal(path: "/dev/null"), folder: others)
    }
    #expect(failure.map { "\($0)".contains("no file of its own") } == true, "\(failure as Any)")
    #expect(try folder.text("precious") == "theirs")
  }

  @Test("a holder's note that somebody has written is shown without what a terminal would obey")
  func noteOfAnothers() throws {
    try folder.write("1\nwsrig \u{1B}[2Jrun\nnow\n", to: "note")
    #expect(BoardHolder.words(at: folder.path + "/note") == "process 1 (wsrig [2Jrun) since now")
  }

  @Test("a folder that cannot be written is one sentence")
  func unwritable() {
    let failure = #expect(throws: BoardFailure.self) {
      _ = try BoardLock(.simulated, folder: "/dev/null/locks")
    }
    #expect(failure?.description.contains("/dev/null/locks") == true)
  }

  @Test("a machine without boards, or without USB, has an empty list or real boards, and no failure")
  func discovery() {
    for board in BoardDiscovery.attachedBoards() { #expect(board.usbPosition != nil) }
  }
}

/// A lock that another closure may let go.
private final class Mutexed: @unchecked Sendable {
  private var lock: BoardLock?
  init(_ lock: consuming BoardLock) { self.lock = .some(lock) }
  func drop() { lock = nil }
}
