import Foundation
import PosixIO

/// A board behind a terminal device, by path: a USB CDC port, a serial adapter, or a pseudo-terminal.
public actor TTYLink: Link {
  /// The board's name.
  public nonisolated let selector: BoardSelector
  private let path: String
  private let loop: EventLoop
  private var channel: BoardChannel?
  /// Where the board is plugged in, if it is on USB.
  private var position: String?

  /// A link that is not open yet.
  public init(path: String, on loop: EventLoop) {
    selector = .terminal(path: path)
    self.path = path
    self.loop = loop
  }

  /// Opens the device: raw, DTR set, for this process alone. What a former owner left unread is dropped.
  public func open(deadline: Deadline) async throws {
    guard channel == nil else { return }
    do {
      let channel = try SerialPort.open(path: path, on: loop)
      channel.discardBuffers()
      self.channel = BoardChannel(channel: channel, selector: selector)
      position = PhysicalBoard.usbPosition(ofTerminal: path, sysfs: BoardDiscovery.sysfs) ?? position
    } catch {
      throw failure(.notOpened(error.description))
    }
  }

  /// Waits for bytes. No bytes or an I/O error mean that the device is gone.
  public func read(deadline: Deadline) async throws -> [UInt8] {
    let bytes = try await openChannel().read(deadline: deadline)
    if bytes.isEmpty { throw failure(.linkEnded("\(path) is gone (unplugged or reset?)")) }
    return bytes
  }

  /// Writes all bytes.
  public func write(_ bytes: [UInt8], deadline: Deadline) async throws {
    try await openChannel().write(bytes, deadline: deadline)
  }

  /// Asks the board at whatever prompt it has for `machine.reset()`, waits until its device leaves and returns,
  /// and opens it again. If the device has gone already, only its return is awaited.
  public func hardReset(deadline: Deadline) async throws {
    if channel != nil, FileManager.default.fileExists(atPath: path) {
      try await askForReset(deadline: deadline)
    }
    close()
    try await waitForDevice(deadline: deadline)
    try await open(deadline: deadline)
  }

  /// Takes the power away from the board's USB port until it has left the bus, gives it back, and opens the device as it returns.
  public func cyclePower(deadline: Deadline) async throws {
    guard let position else { throw PortPowerObstacle("\(path) is on no USB port of this computer") }
    close()
    let cycle = USBPowerCycle(position: position, on: loop)
    if let cause = try await cycle.run(deadline: deadline) { throw failure(cause) }
    try await waitForDevice(deadline: deadline)
    try await open(deadline: deadline)
  }

  /// Closes the device; the board keeps running.
  public func close() {
    channel?.close()
    channel = nil
  }

  private func waitForDevice(deadline: Deadline) async throws {
    let folder = URL(filePath: path).deletingLastPathComponent().path
    do {
      let changes = try FolderWatch.channel(of: folder, on: loop)
      defer { changes.close() }
      while !FileManager.default.isWritableFile(atPath: path) {
        _ = try await changes.read(deadline: deadline)
      }
    } catch let error as PosixError {
      let cause: BoardFailure.Cause =
        error.number == .timedOut ? .timedOut("\(path) to appear") : .notOpened(error.description)
      throw failure(cause)
    }
  }

  private func openChannel() throws -> BoardChannel {
    guard let channel else { throw failure(.linkEnded("\(path) is not open")) }
    return channel
  }
}
