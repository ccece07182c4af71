import CLibUSB

/// libusb refused something: what, and its reason.
struct USBError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was attempted.
  enum Operation: String, Sendable {
    case start = "start libusb"
    case list = "list the USB devices"
    case open = "open the device"
    case claim = "claim the interface"
    case choose = "choose the interface's setting"
    case transfer = "transfer bytes"
    case watch = "watch for devices"
    case describe = "ask the hub how it switches power"
    case power = "switch the port's power"
  }

  /// What was attempted.
  let operation: Operation
  /// libusb's code, negative.
  let code: Int32

  /// The user may not open the device.
  var isPermission: Bool { code == LIBUSB_ERROR_ACCESS.rawValue }
  /// Another program holds it.
  var isBusy: Bool { code == LIBUSB_ERROR_BUSY.rawValue }
  /// The device has left the bus.
  var isGone: Bool { code == LIBUSB_ERROR_NO_DEVICE.rawValue || code == LIBUSB_ERROR_NOT_FOUND.rawValue }

  /// One sentence.
  var description: String {
    let reason = libusb_strerror(code).map { String(cString: $0) } ?? "error \(code)"
    return "could not \(operation.rawValue): \(reason) (libusb \(code))"
  }

  /// Throws where a call returned an error.
  @discardableResult
  static func check(_ operation: Operation, _ result: Int32) throws(USBError) -> Int32 {
    if result < 0 { throw USBError(operation: operation, code: result) }
    return result
  }
}
