import Foundation
import PosixIO

/// Takes the power away from a board's port, waits until the board has left the bus, and gives it back.
actor USBPowerCycle {
  private let position: String
  private let sysfs: String
  private let devices: String
  private let loop: EventLoop
  private let hubs: any USBHubRequests
  private let offTime: Duration
  private let changes: DeviceChanges

  /// How long a board may take to leave the bus. By the kernel's file it is gone at once; of a request to the hub the kernel may learn
  /// nothing until power returns.
  private static let leaveLimit = Duration.seconds(2)
  /// How long a board may take to leave the bus when power has returned: it has to begin anew for that.
  private static let returnLimit = Duration.seconds(10)

  /// The executor of the loop: the device files are watched there.
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.serialExecutor.asUnownedSerialExecutor() }

  /// - Parameters:
  ///   - position: where the board is plugged in.
  ///   - devices: the folder with one folder of device files per bus.
  ///   - offTime: how long the port is without power. That is a matter of time, of which no event tells: the capacitors of board and
  ///     hub keep it alive for a while, and what has not been dead begins nothing anew.
  init(
    position: String, on loop: EventLoop, sysfs: String = BoardDiscovery.sysfs,
    devices: String = USBDeviceRecord.devices, hubs: any USBHubRequests = USBHubs(),
    offTime: Duration = .seconds(2)
  ) {
    (self.position, self.sysfs, self.loop, self.hubs) = (position, sysfs, loop, hubs)
    (self.devices, self.offTime) = (devices, offTime)
    changes = DeviceChanges(on: loop)
  }

  /// Does it. Whatever goes wrong or is cancelled, the port has power afterwards, unless the hub refuses.
  /// - Throws: `PortPowerObstacle` where power cannot be switched; `CancellationError`.
  /// - Returns: why the board has not begun anew; nil where it has left the bus on the way.
  func run(deadline: Deadline) async throws -> BoardFailure.Cause? {
    let power = try USBPortPower(position: position, sysfs: sysfs, hubs: hubs)
    let device = USBDeviceRecord.all(in: sysfs).first { $0.position == position }
    let files = changes.watch(folders: [device?.busFolder(in: devices)].compactMap(\.self))
    defer { for channel in files { channel.close() } }
    try power.switchOff()
    let isGone = await hasLeft(device, by: min(deadline, .after(Self.leaveLimit)))
    try? await loop.pause(until: .after(offTime))
    do throws(PortPowerObstacle) { try power.switchOn() } catch {
      return .linkEnded("its port could not be given its power back: \(error.reason)")
    }
    try Task.checkCancellation()
    if isGone { return nil }
    // A board that stays was never without power.
    return await hasLeft(device, by: min(deadline, .after(Self.returnLimit)))
      ? nil : .timedOut("the board to leave the bus after its port was switched off")
  }

  /// The device file goes before anything is told of it; sysfs may lag behind.
  private func hasLeft(_ device: USBDeviceRecord?, by deadline: Deadline) async -> Bool {
    guard let path = device?.devicePath(in: devices) else { return true }
    while true {
      let seen = changes.count
      if !FileManager.default.fileExists(atPath: path) { return true }
      guard await changes.wait(after: seen, deadline: deadline) else { return false }
    }
  }
}
