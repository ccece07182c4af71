import PosixIO

/// A board on USB, driven through libusb without the kernel's driver for its serial port.
public actor USBLink: Link {
  /// `usb`, `usb:SERIAL` or `usb:BUS-PORT`.
  public nonisolated let selector: BoardSelector
  private let loop: EventLoop
  private let sysfs: String
  private let inbox: LinkInbox
  private let changes: DeviceChanges
  private var choice: USBBoardChoice
  private var bus: USBBus?
  private var port: USBSerialPort?

  /// The executor of the loop: transfers end and the link runs on one thread.
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    loop.serialExecutor.asUnownedSerialExecutor()
  }

  /// A link that is not open yet.
  ///
  /// - Parameters:
  ///   - name: the serial number or the position of the board; nil takes the only one.
  ///   - sysfs: the kernel's folder with one entry per USB device.
  public init(name: String?, on loop: EventLoop, sysfs: String = BoardDiscovery.sysfs) {
    selector = .usb(name)
    self.loop = loop
    self.sysfs = sysfs
    inbox = LinkInbox(board: selector.description, on: loop)
    changes = DeviceChanges(on: loop)
    choice = USBBoardChoice(name: name)
  }

  /// Finds the board, takes it from the kernel's driver, sets DTR and begins to read. After an earlier opening the same board
  /// is found again, by its serial number or, where it has none, by its port.
  public func open(deadline: Deadline) async throws {
    guard port == nil else { return }
    let bus = try makeBus()
    do {
      let device = try choice.pick(from: bus.devices())
      let port = try makePort(device, bus)
      do {
        try await port.start(deadline: deadline)
      } catch {
        await port.close()
        throw error
      }
      self.port = port
      choice.earlier = device
    } catch let error as USBError {
      throw failure(.notOpened(error.description))
    }
  }

  /// Waits for bytes from the board.
  public func read(deadline: Deadline) async throws -> [UInt8] {
    guard port != nil else { throw failure(.linkEnded("the link is closed")) }
    return try await inbox.read(deadline: deadline)
  }

  /// Writes all bytes.
  public func write(_ bytes: [UInt8], deadline: Deadline) async throws {
    guard let port else { throw failure(.linkEnded("the link is closed")) }
    try await port.write(bytes, deadline: deadline)
  }

  /// Asks the board for `machine.reset()`, waits until it leaves the bus and returns, and opens it again. If it has gone
  /// already, only its return is awaited.
  public func hardReset(deadline: Deadline) async throws {
    if let port, !port.hasEnded { try await askForReset(deadline: deadline) }
    await closePort()
    try await openWhenItReturns(deadline: deadline)
  }

  /// Takes the power away from the board's port until it has left the bus, gives it back, and opens the board again as it returns.
  public func cyclePower(deadline: Deadline) async throws {
    guard let position = choice.earlier?.position else {
      throw PortPowerObstacle("the board has not been open yet, so that its port is not known")
    }
    await closePort()
    let cycle = USBPowerCycle(position: position, on: loop, sysfs: sysfs)
    if let cause = try await cycle.run(deadline: deadline) { throw failure(cause) }
    try await openWhenItReturns(deadline: deadline)
  }

  /// Gives the board back to the kernel's driver; it keeps running.
  public func close() async {
    await closePort()
    dropBus()
  }
}

// MARK: Opening

extension USBLink {
  private func makeBus() throws -> USBBus {
    if let bus { return bus }
    do {
      let bus = try USBBus(on: loop, sysfs: sysfs, changes: changes)
      self.bus = bus
      return bus
    } catch {
      throw failure(.notOpened("\(error)"))
    }
  }

  private func dropBus() {
    bus?.shutDown()
    bus = nil
  }

  private func makePort(_ device: USBDeviceRecord, _ bus: USBBus) throws -> USBSerialPort {
    let function = try serialFunction(of: device, bus)
    // The driver would be taken away from whoever uses its terminal, without a word to them.
    if let terminal = device.terminalPath, let user = FileUsers.other(of: terminal) {
      throw failure(.busy(holder: "\(user), which has \(terminal) open"))
    }
    inbox.reopen()
    do {
      let selector = self.selector
      return try USBSerialPort(bus.open(device), device, function, into: inbox, on: loop) {
        BoardFailure(board: selector.description, $0)
      }
    } catch {
      throw failure(cause(error, device))
    }
  }

  private func serialFunction(of device: USBDeviceRecord, _ bus: USBBus) throws -> USBSerialFunction {
    do {
      guard let configuration = try bus.configuration(of: device) else {
        throw failure(.notOpened("\(device.words) has just left the bus"))
      }
      guard let function = USBSerialFunction(configuration) else {
        throw failure(
          .notOpened(
            "\(device.words) has no serial port (CDC-ACM), so it does not run MicroPython as we know it"))
      }
      return function
    } catch let fault as USBDescriptors.Fault {
      throw failure(
        .notOpened("the descriptors of \(device.words) cannot be read: \(fault)"))
    }
  }

  private func cause(_ error: USBError, _ device: USBDeviceRecord) -> BoardFailure.Cause {
    if error.isPermission { return .forbidden("\(device.words) at \(device.devicePath)", isTerminal: false) }
    if error.isBusy {
      return .busy(
        holder: FileUsers.other(of: device.devicePath) ?? "another program that drives it over USB")
    }
    return .notOpened("\(device.words): \(error)")
  }

  private func closePort() async {
    let port = self.port
    self.port = nil
    await port?.close()
  }

  /// Tries at each change on the bus, until the deadline. Each time with another use of libusb: where no udev runs, as in many
  /// containers, one sees the devices that were there at its beginning and no others, and only the device files tell of new ones.
  private func openWhenItReturns(deadline: Deadline) async throws {
    let files = changes.watch(folders: ["/dev"] + [choice.earlier?.busFolder].compactMap(\.self))
    defer { for channel in files { channel.close() } }
    while true {
      dropBus()
      let seen = changes.count
      do {
        return try await open(deadline: deadline)
      } catch let failure as BoardFailure {
        guard await changes.wait(after: seen, deadline: deadline) else { throw failure }
      }
    }
  }
}
