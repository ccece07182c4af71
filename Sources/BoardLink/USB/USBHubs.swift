import CLibUSB

/// What is asked of hubs, so that the decision how to switch power can be tested without one.
protocol USBHubRequests: Sendable {
  /// What a hub says of itself; nil where that makes no sense.
  func descriptor(of hub: USBHubAddress) throws(USBError) -> USBHubDescriptor?
  /// Switches the power of a port.
  func setPower(_ isOn: Bool, ofPort port: Int, of hub: USBHubAddress) throws(USBError)
}

/// The hubs of this computer, asked through libusb while the kernel goes on driving them. Each request blocks, for a second at most: a
/// hub answers within microseconds, and the loop serves this board alone.
struct USBHubs: USBHubRequests {
  /// Requests of section 11.24 of USB 2.0, as type, number and value.
  private enum Request {
    static let typeOfGetDescriptor: UInt8 = 0xA0
    static let getDescriptor: UInt8 = 6
    static let typeForPort: UInt8 = 0x23
    static let clearFeature: UInt8 = 1
    static let setFeature: UInt8 = 3
    static let portPower: UInt16 = 8
  }

  private static let limitMilliseconds: UInt32 = 1000

  func descriptor(of hub: USBHubAddress) throws(USBError) -> USBHubDescriptor? {
    var bytes = [UInt8](repeating: 0, count: 64)
    var result: Int32 = 0
    let context = try USBContext()
    // A hub knows the one type or the other.
    for type in USBHubDescriptor.types {
      result = try context.request(to: hub) {
        libusb_control_transfer(
          $0, Request.typeOfGetDescriptor, Request.getDescriptor, UInt16(type) << 8, 0, &bytes,
          UInt16(bytes.count), Self.limitMilliseconds)
      }
      if result >= 0 { break }
    }
    try USBError.check(.describe, result)
    return USBHubDescriptor([UInt8](bytes.prefix(Int(result))))
  }

  func setPower(_ isOn: Bool, ofPort port: Int, of hub: USBHubAddress) throws(USBError) {
    let result = try USBContext().request(to: hub) {
      libusb_control_transfer(
        $0, Request.typeForPort, isOn ? Request.setFeature : Request.clearFeature, Request.portPower,
        UInt16(port), nil, 0, Self.limitMilliseconds)
    }
    try USBError.check(.power, result)
  }
}

extension USBContext {
  /// Opens a hub for one request.
  fileprivate func request(
    to hub: USBHubAddress, _ body: (OpaquePointer) -> Int32
  ) throws(USBError) -> Int32 {
    let handle = try open(bus: hub.bus, address: hub.address)
    return body(handle.raw)
  }
}
