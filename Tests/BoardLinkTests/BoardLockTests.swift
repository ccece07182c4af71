@testable import BoardLink
import Foundation
import Testing

@Suite("Board locks and discovery")
struct BoardLockTests {
  @Test("a board taken twice is busy, with its holder; freed, it can be taken again")
  func exclusive() throws {
    let folder = NSTemporaryDirectory() + "wsrig-lock-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let selector = BoardSelector.terminal(path: "/dev/null")
    do {
      let lock = try BoardLock(selector, folder: folder)
      let failure = #expect(throws: BoardFailure.self) { _ = try BoardLock(selector, folder: folder) }
      #expect(failure?.description.contains("in use by process \(getpid())") == true)
      _ = try BoardLock(.terminal(path: "/dev/zero"), folder: folder)
      withExtendedLifetime(lock) {}
    }
    _ = try BoardLock(selector, folder: folder)
  }

  @Test("a folder that cannot be written is one sentence")
  func unwritable() {
    let failure = #expect(throws: BoardFailure.self) {
      _ = try BoardLock(.simulated, folder: "/dev/null/locks")
    }
    #expect(failure?.description.contains("/dev/null/locks") == true)
  }

  @Test("sysfs tells serial number and terminal of a board, a bootloader has neither")
  func description() throws {
    let sysfs = NSTemporaryDirectory() + "wsrig-sysfs-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: sysfs) }
    let terminal = sysfs + "/1-2.3/1-2.3:1.0/tty/ttyACM7"
    try FileManager.default.createDirectory(atPath: terminal, withIntermediateDirectories: true)
    try "E66123456789ABCD\n".write(toFile: sysfs + "/1-2.3/serial", atomically: true, encoding: .utf8)
    let board = BoardDiscovery.describe(position: "1-2.3", isBootloader: false, sysfs: sysfs)
    #expect(board.selector == .terminal(path: "/dev/ttyACM7"))
    #expect(board.serialNumber == "E66123456789ABCD")
    let bootloader = BoardDiscovery.describe(position: "1-4", isBootloader: true, sysfs: sysfs)
    #expect(bootloader.selector == .usb("1-4"))
    #expect(bootloader.terminalPath == nil)
  }

  @Test("a machine without boards, or without USB, has an empty list or real boards, and no failure")
  func discovery() {
    for board in BoardDiscovery.attachedBoards() { #expect(board.usbPosition != nil) }
  }
}
