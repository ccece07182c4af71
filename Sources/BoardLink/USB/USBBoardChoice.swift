/// Which of the attached devices is meant by `usb`, `usb:SERIAL` or `usb:BUS-PORT`.
struct USBBoardChoice: Sendable, Equatable {
  /// The serial number or the position that was asked for; nil takes the only MicroPython board.
  var name: String?
  /// The board of an earlier opening: where nothing is asked for, the same one is taken again.
  var earlier: USBDeviceRecord?

  init(name: String?, earlier: USBDeviceRecord? = nil) {
    self.name = name
    self.earlier = earlier
  }

  /// The device that is meant.
  ///
  /// - Throws: a failure with one sentence: nothing there, several and none chosen, in the bootloader, no MicroPython.
  func pick(from devices: [USBDeviceRecord]) throws(BoardFailure) -> USBDeviceRecord {
    let candidates = self.candidates(devices)
    if candidates.count > 1 { throw failure(.ambiguous(candidates.map(Self.suggestion))) }
    guard let device = candidates.first else { throw failure(.notOpened(reasonForNone(devices))) }
    switch device.kind {
    case .microPython, .unknown: return device
    case .bootloader(let chip): throw failure(.notOpened(Self.bootloaderWords(device, chip)))
    case .otherProgram(let program):
      throw failure(
        .notOpened(
          "\(device.words) runs \(program) and not MicroPython: copy MicroPython's .uf2 to the board"))
    }
  }

  /// Whether the device is the one that was opened before: by its serial number, or by its port if it has none.
  private func isEarlier(_ device: USBDeviceRecord) -> Bool {
    guard let earlier else { return false }
    // A bootloader has another serial number than the program, or none: there the port tells.
    let isComparable = earlier.serialNumber != nil && device.kind == earlier.kind
    return isComparable ? device.serialNumber == earlier.serialNumber : device.position == earlier.position
  }

  private func candidates(_ devices: [USBDeviceRecord]) -> [USBDeviceRecord] {
    if let name {
      return devices.filter { $0.position == name || $0.serialNumber?.lowercased() == name.lowercased() }
    }
    if earlier != nil { return devices.filter(isEarlier) }
    return devices.filter { $0.kind == .microPython }
  }

  private func reasonForNone(_ devices: [USBDeviceRecord]) -> String {
    let boards = devices.filter { $0.kind != .unknown }
    if name == nil, earlier == nil, let device = boards.first, boards.count == 1 {
      if case .bootloader(let chip) = device.kind { return Self.bootloaderWords(device, chip) }
    }
    let wanted =
      (name ?? earlier.map { $0.serialNumber ?? $0.position })
      .map { "no USB device has the serial number or position \($0)" }
      ?? "no MicroPython board is attached (USB 2e8a:0005)"
    let others = boards.map(\.words).joined(separator: ", ")
    return wanted + (others.isEmpty ? "; check the cable, some carry power only" : "; attached are \(others)")
  }

  private static func bootloaderWords(_ device: USBDeviceRecord, _ chip: String) -> String {
    "\(device.words) waits in the bootloader of its \(chip) and does not run MicroPython: plug it in again without "
      + "BOOTSEL held, or copy MicroPython's .uf2 to its drive"
  }

  private func failure(_ cause: BoardFailure.Cause) -> BoardFailure {
    BoardFailure(board: BoardSelector.usb(name).description, cause)
  }

  private static func suggestion(_ device: USBDeviceRecord) -> String {
    BoardSelector.usb(device.serialNumber ?? device.position).description
  }
}
