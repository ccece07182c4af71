import PosixIO

/// Counts how often devices have come or gone, so that a change between a look and the wait for the next one is not missed.
///
/// `@unchecked Sendable`: all state is touched on the loop's thread only.
final class DeviceChanges: @unchecked Sendable {
  /// How often, so far.
  private(set) var count = 0
  private let loop: EventLoop
  private let signal: LoopSignal

  init(on loop: EventLoop) {
    self.loop = loop
    signal = LoopSignal(on: loop)
  }

  /// A device has come or gone, or may have. On the loop.
  func note() {
    loop.preconditionOnLoop()
    count += 1
    signal.fire()
  }

  /// Waits until more is counted than `seen`; false at the deadline.
  func wait(after seen: Int, deadline: Deadline) async -> Bool {
    await signal.wait(until: { self.count != seen }, deadline: deadline)
  }

  /// Counts what appears in folders too, as long as the channels that come back are open. Folders that are not there are passed over.
  func watch(folders: [String]) -> [ByteChannel] {
    let channels = folders.compactMap { try? FolderWatch.channel(of: $0, on: loop) }
    for channel in channels { channel.receive { _ in self.note() } }
    return channels
  }
}
