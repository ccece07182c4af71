import CLibUSB
import PosixIO

/// A use of libusb with a list of devices of its own: made when it is needed, because a context that is older than a
/// device sees it only where udev tells of it.
struct USBContext: ~Copyable {
  /// The pointer that libusb's calls take; lent to the files of this folder only.
  let raw: OpaquePointer

  init() throws(USBError) {
    var context: OpaquePointer?
    try USBError.check(.start, libusb_init(&context))
    guard let context else { throw USBError(operation: .start, code: LIBUSB_ERROR_OTHER.rawValue) }
    raw = context
  }

  deinit { libusb_exit(raw) }

  /// The devices that are attached, hubs included, by position.
  ///
  /// - Parameter sysfs: where the kernel tells what only an open device would.
  func devices(sysfs: String) throws(USBError) -> [USBDeviceRecord] {
    var records: [USBDeviceRecord] = []
    try forEachDevice { if let record = Self.record($0) { records.append(record.completed(from: sysfs)) } }
    return records.sorted { $0.position < $1.position }
  }

  /// Opens a device; nothing is claimed yet.
  func open(_ record: USBDeviceRecord) throws(USBError) -> USBDeviceHandle {
    try open(bus: record.bus, address: record.address)
  }

  /// Opens the device, or the hub, with that number on its bus.
  func open(bus: UInt8, address: UInt8) throws(USBError) -> USBDeviceHandle {
    var handle: OpaquePointer?
    var result = LIBUSB_ERROR_NO_DEVICE.rawValue
    try forEachDevice { device in
      guard handle == nil, libusb_get_bus_number(device) == bus,
        libusb_get_device_address(device) == address
      else { return }
      result = libusb_open(device, &handle)
    }
    try USBError.check(.open, result)
    guard let handle else { throw USBError(operation: .open, code: LIBUSB_ERROR_NO_DEVICE.rawValue) }
    return USBDeviceHandle(adopting: handle)
  }

  private func forEachDevice(_ body: (OpaquePointer) -> Void) throws(USBError) {
    var list: UnsafeMutablePointer<OpaquePointer?>?
    let count = try USBError.check(.list, Int32(clamping: libusb_get_device_list(raw, &list)))
    guard let list else { return }
    defer { libusb_free_device_list(list, 1) }
    for index in 0..<Int(count) { if let device = list[index] { body(device) } }
  }

  private static func record(_ device: OpaquePointer) -> USBDeviceRecord? {
    var descriptor = libusb_device_descriptor()
    guard libusb_get_device_descriptor(device, &descriptor) == 0 else { return nil }
    // USB allows no more than seven ports in a row; a bus's own hub is at none.
    var ports = [UInt8](repeating: 0, count: 7)
    let depth = libusb_get_port_numbers(device, &ports, Int32(ports.count))
    guard depth > 0 else { return nil }
    let path = ports.prefix(Int(depth)).map(String.init).joined(separator: ".")
    let bus = libusb_get_bus_number(device)
    return USBDeviceRecord(
      vendor: descriptor.idVendor, product: descriptor.idProduct, bus: bus,
      address: libusb_get_device_address(device), position: "\(bus)-\(path)")
  }
}

/// An open device. Closed when it goes out of scope, which must be after the last of its transfers has ended.
struct USBDeviceHandle: ~Copyable {
  /// The pointer that libusb's calls take; lent to the files of this folder only.
  let raw: OpaquePointer

  init(adopting raw: OpaquePointer) {
    self.raw = raw
    // The kernel's driver is detached in the same call that claims, so that nobody else comes between, and given the
    // interface back when it is released.
    libusb_set_auto_detach_kernel_driver(raw, 1)
  }

  deinit { libusb_close(raw) }

  /// Takes an interface for this process.
  func claim(_ interface: UInt8) throws(USBError) {
    try USBError.check(.claim, libusb_claim_interface(raw, Int32(interface)))
  }

  /// Gives an interface back to the kernel's driver. Of no account where the device has gone.
  func release(_ interface: UInt8) { _ = libusb_release_interface(raw, Int32(interface)) }

  /// Chooses an interface's alternate setting.
  func choose(_ setting: UInt8, of interface: UInt8) throws(USBError) {
    try USBError.check(.choose, libusb_set_interface_alt_setting(raw, Int32(interface), Int32(setting)))
  }

  /// Makes a halted endpoint work again, on both sides. Blocks for one request, which is why it is kept for endpoints that
  /// did halt; and on one that did not, it would reset the host's packet toggle and perhaps not the board's.
  func clearHalt(_ endpoint: UInt8) throws(USBError) {
    try USBError.check(.transfer, libusb_clear_halt(raw, endpoint))
  }
}
