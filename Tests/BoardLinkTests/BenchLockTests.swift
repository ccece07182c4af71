@testable import BoardLink
import Foundation
import PosixIO
import TestSupport
import Testing

@Suite("The lock of a bench", .timeLimit(.minutes(1)))
struct BenchLockTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func take(_ sharing: FileLock.Sharing, within limit: Duration? = nil) async throws -> BenchLock {
    try await BenchLock.take(
      sharing, deadline: limit.map { .after($0) }, on: .shared, folder: folder.path + "/locks")
  }

  @Test("a lock folder that cannot be made was told as NSCocoaErrorDomain", arguments: [true, false])
  func cocoaErrorOfLockFolder(_ ofBench: Bool) async throws {
    let failure = await #expect(throws: BoardFailure.self) {
      if ofBench {
        _ = try await BenchLock.take(.shared, deadline: nil, on: .shared, folder: "/proc/wsrig")
      } else {
        _ = try BoardLock(.terminal(path: "/dev/x"), folder: "/proc/wsrig")
      }
    }
    let text = failure?.description ?? ""
    #expect(text.contains("/proc/wsrig") && text.contains("all users may write to /proc"), "\(text)")
    #expect(!text.contains("NSCocoa") && !text.contains("UserInfo"), "\(text)")
  }

  @Test("runs share the bench; a measurement does not get it while one goes on, and is told which")
  func shared() async throws {
    let first = try await take(.shared)
    let second = try await take(.shared)
    let busy = await #expect(throws: BenchLock.Busy.self) { _ = try await take(.exclusive) }
    #expect(busy?.isWantedAlone == true)
    #expect(busy?.holders.contains("process \(getpid()) (") == true, "\(String(describing: busy))")
    withExtendedLifetime(first) {}
    withExtendedLifetime(second) {}
  }

  @Test(
    "no run begins while a measurement goes on, nor another measurement; afterwards all may",
    arguments: [false, true])
  func exclusive(wantsAlone: Bool) async throws {
    let wanted = wantsAlone ? FileLock.Sharing.exclusive : .shared
    do {
      let lock = try await take(.exclusive)
      let busy = await #expect(throws: BenchLock.Busy.self) {
        _ = try await take(wanted, within: .milliseconds(50))
      }
      #expect(busy?.isWantedAlone == wantsAlone)
      withExtendedLifetime(lock) {}
    }
    // The thread that still waits may have it for a moment.
    _ = try await take(wanted, within: .seconds(30))
  }

  @Test("who waits gets the bench when the measurement ends, and was told its holder")
  func waits() async throws {
    let told = LockedBytes()
    let holder = Held(try await take(.exclusive))
    _ = try await BenchLock.take(
      .shared, deadline: .after(.seconds(30)), on: .shared, folder: folder.path + "/locks"
    ) {
      told.append([UInt8]($0.utf8))
      holder.drop()
    }
    #expect(String(decoding: told.value, as: UTF8.self).contains("process \(getpid())"))
  }
}

/// A lock that another closure may let go.
private final class Held: @unchecked Sendable {
  private var lock: BenchLock?
  init(_ lock: consuming BenchLock) { self.lock = .some(lock) }
  func drop() { lock = nil }
}
