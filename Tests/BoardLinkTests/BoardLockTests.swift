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

  @Test("a machine without boards, or without USB, has an empty list or real boards, and no failure")
  func discovery() {
    for board in BoardDiscovery.attachedBoards() { #expect(board.usbPosition != nil) }
  }
}
