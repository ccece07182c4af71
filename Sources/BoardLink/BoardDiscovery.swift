/// Finds attached boards without opening any: libusb lists the bus, the kernel's sysfs tells the rest.
public enum BoardDiscovery {
  /// The kernel's folder with one entry per USB device.
  public static let sysfs = "/sys/bus/usb/devices"

  /// Boards that run MicroPython (2e8a:0005) or wait in the bootloader of an RP2040 or RP2350, by position.
  ///
  /// Empty where there is no USB, as in most containers.
  ///
  /// - Parameter sysfs: the folder with one entry per USB device.
  public static func attachedBoards(sysfs: String = BoardDiscovery.sysfs) -> [BoardDescription] {
    guard let context = try? USBContext(), let devices = try? context.devices(sysfs: sysfs) else { return [] }
    return devices.compactMap(BoardDescription.init)
  }
}

extension BoardDescription {
  /// Describes a device; nil if it is no board of ours.
  init?(_ device: USBDeviceRecord) {
    let isBootloader =
      switch device.kind {
      case .microPython: false
      case .bootloader: true
      case .otherProgram, .unknown: Bool?.none
      }
    guard let isBootloader else { return nil }
    self.init(
      selector: .usb(device.serialNumber ?? device.position), serialNumber: device.serialNumber,
      usbPosition: device.position, productName: device.productName, terminalPath: device.terminalPath,
      isBootloader: isBootloader)
  }
}
