import Foundation

/// A USB device as the bus and the kernel's sysfs show it, without opening it.
struct USBDeviceRecord: Sendable, Hashable {
  /// What a device is, by its vendor and product number. They do not tell one MicroPython board from another.
  enum Kind: Sendable, Hashable {
    /// MicroPython on an RP2040 or RP2350 (2e8a:0005).
    case microPython
    /// The bootloader of an RP2040 (2e8a:0003) or RP2350 (2e8a:000f).
    case bootloader(chip: String)
    /// Something else of Raspberry Pi, in words: known not to be MicroPython.
    case otherProgram(String)
    /// Anything else, which may run MicroPython with numbers of its own.
    case unknown
  }

  /// `idVendor`.
  var vendor: UInt16
  /// `idProduct`.
  var product: UInt16
  /// The bus's number.
  var bus: UInt8
  /// The number on the bus, another one after each plugging in.
  var address: UInt8
  /// The bus and its ports as the kernel writes them, such as `1-2.3`: the same after each plugging in.
  var position: String
  /// `iSerialNumber` as text; nil where the device has none.
  var serialNumber: String?
  /// `iProduct` as text.
  var productName: String?
  /// The terminal that the kernel's driver offers, such as `/dev/ttyACM0`; nil while it has none.
  var terminalPath: String?

  /// What the device is.
  var kind: Kind {
    switch (vendor, product) {
    case (0x2E8A, 0x0005): .microPython
    case (0x2E8A, 0x0003): .bootloader(chip: "RP2040")
    case (0x2E8A, 0x000F): .bootloader(chip: "RP2350")
    case (0x2E8A, 0x0009), (0x2E8A, 0x000A): .otherProgram("a program made with the Pico SDK")
    case (0x2E8A, 0x0004), (0x2E8A, 0x000C): .otherProgram("a debug probe")
    default: .unknown
    }
  }

  /// Vendor and product number as they are usually written, such as `2e8a:0005`.
  var numbers: String { "\(Self.hexadecimal(vendor)):\(Self.hexadecimal(product))" }

  /// The folder with one folder of device files per bus.
  static let devices = "/dev/bus/usb"

  /// The device file through which libusb reaches the device.
  var devicePath: String { devicePath(in: Self.devices) }

  /// The folder with the device files of the bus.
  var busFolder: String { busFolder(in: Self.devices) }

  func devicePath(in devices: String) -> String { "\(busFolder(in: devices))/\(Self.threeDigits(address))" }

  func busFolder(in devices: String) -> String { "\(devices)/\(Self.threeDigits(bus))" }

  /// The device in words, for messages: `1-2.3 (serial E661…, 2e8a:0005 "Board in FS mode")`.
  var words: String {
    let serial = serialNumber.map { "serial \($0), " } ?? ""
    let name = productName.map { " \"\($0)\"" } ?? ""
    return "\(position) (\(serial)\(numbers)\(name))"
  }

  private static func hexadecimal(_ number: UInt16) -> String {
    String(0x10000 + Int(number), radix: 16).suffix(4).lowercased()
  }

  private static func threeDigits(_ number: UInt8) -> String {
    String(String(1000 + Int(number)).dropFirst())
  }
}

extension USBDeviceRecord {
  /// Adds what sysfs knows of the device.
  ///
  /// - Parameter sysfs: the folder with one entry per USB device.
  func completed(from sysfs: String) -> USBDeviceRecord {
    let folder = "\(sysfs)/\(position)"
    var record = self
    record.serialNumber = Self.line(folder + "/serial")
    record.productName = Self.line(folder + "/product")
    record.terminalPath = Self.terminalPath(folder: folder, position: position)
    return record
  }

  /// The device's descriptors, and which of its configurations is in use; nil where the device has just gone.
  func configuration(in sysfs: String) throws(USBDescriptors.Fault) -> USBDescriptors.Configuration? {
    let folder = "\(sysfs)/\(position)"
    guard let bytes = FileManager.default.contents(atPath: folder + "/descriptors") else { return nil }
    let all = try USBDescriptors([UInt8](bytes)).configurations
    let active = Self.line(folder + "/bConfigurationValue").flatMap { UInt8($0) }
    return all.first { $0.value == active } ?? all.first
  }

  private static func line(_ path: String) -> String? {
    let text = try? String(contentsOfFile: path, encoding: .utf8)
    let line = text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    return line.isEmpty ? nil : line
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
}
