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

  /// Between two attempts to open a terminal that another program has: the kernel tells nobody when it is free.
  private static let pauseBetweenAttempts = Duration.milliseconds(250)

  /// A link that is not open yet.
  public init(path: String, on loop: EventLoop) {
    selector = .terminal(path: path)
    self.path = path
    self.loop = loop
  }

  /// Opens the device: raw, DTR set, for this process alone. What a former owner left unread is dropped.
  public func open(deadline: Deadline) async throws {
    guard channel == nil else { return }
    // Two readers take each other's bytes, and not everybody who opens a terminal keeps others out.
    if let user = Self.otherUser(of: path) { throw failure(.busy(holder: user)) }
    do {
      let channel = try SerialPort.open(path: path, on: loop)
      channel.discardBuffers()
      self.channel = BoardChannel(channel: channel, selector: selector)
      position = PhysicalBoard.usbPosition(ofTerminal: path, sysfs: BoardDiscovery.sysfs) ?? position
    } catch {
      throw failure(Self.cause(error, path))
    }
  }

  /// Why a terminal could not be opened.
  static func cause(_ error: PosixError, _ path: String) -> BoardFailure.Cause {
    switch error.number {
    case .busy: .busy(holder: otherUser(of: path) ?? "a program that this user may not see")
    case .permissionDenied: .forbidden(path, isTerminal: true)
    default: .notOpened(error.description)
    }
  }

  /// Who else has a terminal open. What is none, such as /dev/null, may be many programs'.
  private static func otherUser(of path: String) -> String? {
    let device = PhysicalBoard.target(of: path)
    let name = URL(filePath: device).lastPathComponent
    guard device.hasPrefix("/dev/pts/") || FileManager.default.fileExists(atPath: "/sys/class/tty/\(name)")
    else {
      return nil
    }
    return FileUsers.other(of: device).map { "\($0), which has \(path) open" }
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
  /// and opens it again; one on a line that stays shows its banner there. If the device has gone already, only its return is awaited.
  public func hardReset(deadline: Deadline) async throws {
    if channel != nil, FileManager.default.fileExists(atPath: path),
      try await askForReset(deadline: deadline, mayStay: true)
    {
      return
    }
    close()
    try await openWhenItReturns(deadline: deadline)
  }

  /// Takes the power away from the board's USB port until it has left the bus, gives it back, and opens the device as it returns.
  public func cyclePower(deadline: Deadline) async throws {
    guard let position else { throw PortPowerObstacle("\(path) is on no USB port of this computer") }
    close()
    let cycle = USBPowerCycle(position: position, on: loop)
    if let cause = try await cycle.run(deadline: deadline) { throw failure(cause) }
    try await openWhenItReturns(deadline: deadline)
  }

  /// Closes the device; the board keeps running.
  public func close() {
    channel?.close()
    channel = nil
  }

  /// Who opens each new terminal for a moment, as modem managers do, is waited for.
  private func openWhenItReturns(deadline: Deadline) async throws {
    while true {
      try await waitForDevice(deadline: deadline)
      do {
        return try await open(deadline: deadline)
      } catch let failure as BoardFailure where failure.isBusy {
        let next = Deadline.after(Self.pauseBetweenAttempts)
        guard next < deadline else { throw failure }
        try await loop.pause(until: next)
      }
    }
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
