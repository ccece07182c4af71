import CLibUSB
import Foundation

/// Finds attached boards without opening any: libusb lists the bus, the kernel's sysfs tells the rest.
public enum BoardDiscovery {
  private static let vendor: UInt16 = 0x2E8A
  private static let application: UInt16 = 0x0005
  private static let bootloader: UInt16 = 0x000F

  /// Boards that run MicroPython (2e8a:0005) or wait in the RP2350's bootloader (2e8a:000f), by position.
  ///
  /// Empty where there is no USB, as in most containers.
  ///
  /// - Parameter sysfs: the folder with one entry per USB device.
  public static func attachedBoards(sysfs: String = "/sys/bus/usb/devices") -> [BoardDescription] {
    usbDevices().filter { $0.vendor == vendor && [application, bootloader].contains($0.product) }
      .map { describe(position: $0.position, isBootloader: $0.product == bootloader, sysfs: sysfs) }
      .sorted { ($0.usbPosition ?? "") < ($1.usbPosition ?? "") }
  }

  private struct USBDevice {
    var vendor: UInt16
    var product: UInt16
    var position: String
  }

  /// Reads the serial number and the terminal's name of the device at a position such as `1-2.3`.
  static func describe(position: String, isBootloader: Bool, sysfs: String) -> BoardDescription {
    let folder = "\(sysfs)/\(position)"
    let serial = (try? String(contentsOfFile: folder + "/serial", encoding: .utf8))?
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let terminal = terminalPath(folder: folder, position: position)
    let selector = terminal.map { BoardSelector.terminal(path: $0) } ?? .usb(serial ?? position)
    return BoardDescription(
      selector: selector, serialNumber: serial, usbPosition: position, terminalPath: terminal,
      isBootloader: isBootloader)
  }

  /// Firmware may add interfaces, so every interface of the device is asked for a terminal.
  private static func terminalPath(folder: String, position: String) -> String? {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for interface in entries.sorted() where interface.hasPrefix(position + ":") {
      let terminals = try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(interface)/tty")
      if let name = terminals?.min() { return "/dev/\(name)" }
    }
    return nil
  }

  private static func usbDevices() -> [USBDevice] {
    var context: OpaquePointer?
    guard libusb_init(&context) == 0 else { return [] }
    defer { libusb_exit(context) }
    var list: UnsafeMutablePointer<OpaquePointer?>?
    let count = libusb_get_device_list(context, &list)
    guard count > 0, let list else { return [] }
    defer { libusb_free_device_list(list, 1) }
    return (0..<Int(count)).compactMap { list[$0].flatMap(read) }
  }

  private static func read(_ device: OpaquePointer) -> USBDevice? {
    var descriptor = libusb_device_descriptor()
    guard libusb_get_device_descriptor(device, &descriptor) == 0 else { return nil }
    // USB allows no more than seven ports in a row.
    var ports = [UInt8](repeating: 0, count: 7)
    let depth = libusb_get_port_numbers(device, &ports, Int32(ports.count))
    guard depth > 0 else { return nil }
    let path = ports.prefix(Int(depth)).map(String.init).joined(separator: ".")
    let position = "\(libusb_get_bus_number(device))-\(path)"
    return USBDevice(vendor: descriptor.idVendor, product: descriptor.idProduct, position: position)
  }
}
