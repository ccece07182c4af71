/// What a USB device says of itself: its device descriptor and its configurations, read from their bytes (USB 2.0,
/// section 9.6). The kernel offers exactly these bytes in `/sys/bus/usb/devices/POSITION/descriptors`.
struct USBDescriptors: Sendable, Equatable {
  /// A pipe of an interface (9.6.6).
  struct Endpoint: Sendable, Equatable {
    /// `bEndpointAddress`: the number, and the direction in the highest bit.
    var address: UInt8
    /// `bmAttributes`.
    var attributes: UInt8
    /// `wMaxPacketSize`, its bits for high-speed transactions left out.
    var maximumPacketBytes: Int

    /// From the device to the host.
    var isInput: Bool { address & 0x80 != 0 }
    var isBulk: Bool { attributes & 0x03 == 2 }
  }

  /// One alternate setting of an interface (9.6.5), with what follows it.
  struct Interface: Sendable, Equatable {
    var number: UInt8
    var alternateSetting: UInt8
    var interfaceClass: UInt8
    var interfaceSubclass: UInt8
    var interfaceProtocol: UInt8
    /// Descriptors that belong to the interface's class, whole, in order.
    var classSpecific: [[UInt8]] = []
    var endpoints: [Endpoint] = []
  }

  /// One configuration (9.6.3).
  struct Configuration: Sendable, Equatable {
    /// `bConfigurationValue`.
    var value: UInt8
    var interfaces: [Interface] = []
  }

  /// Why bytes are no descriptors.
  enum Fault: Error, Sendable, Equatable {
    /// They do not begin with a device descriptor of 18 bytes.
    case noDeviceDescriptor
    /// The descriptor at this offset is shorter than its type allows, or reaches beyond the end.
    case malformed(offset: Int)
    /// The descriptor at this offset belongs to something that did not come before it.
    case misplaced(offset: Int)
  }

  /// `idVendor`.
  var vendor: UInt16
  /// `idProduct`.
  var product: UInt16
  var configurations: [Configuration] = []

  private enum Kind {
    static let device: UInt8 = 1
    static let configuration: UInt8 = 2
    static let interface: UInt8 = 4
    static let endpoint: UInt8 = 5
    /// CS_INTERFACE of class definitions.
    static let classSpecificInterface: UInt8 = 0x24
  }

  /// Reads a device descriptor and the configurations behind it. Descriptors of unknown types are passed over.
  init(_ bytes: [UInt8]) throws(Fault) {
    guard bytes.count >= 18, bytes[0] == 18, bytes[1] == Kind.device else { throw .noDeviceDescriptor }
    vendor = Self.word(bytes[8...])
    product = Self.word(bytes[10...])
    var offset = 18
    while offset < bytes.count {
      let length = Int(bytes[offset])
      guard length >= 2, offset + length <= bytes.count else { throw .malformed(offset: offset) }
      try add([UInt8](bytes[offset..<offset + length]), at: offset)
      offset += length
    }
  }

  private mutating func add(_ descriptor: [UInt8], at offset: Int) throws(Fault) {
    switch descriptor[1] {
    case Kind.configuration:
      guard descriptor.count >= 9 else { throw .malformed(offset: offset) }
      configurations.append(Configuration(value: descriptor[5]))
    case Kind.interface:
      guard descriptor.count >= 9 else { throw .malformed(offset: offset) }
      guard !configurations.isEmpty else { throw .misplaced(offset: offset) }
      configurations[configurations.count - 1].interfaces.append(Self.interface(descriptor))
    case Kind.endpoint:
      guard descriptor.count >= 7 else { throw .malformed(offset: offset) }
      try changeLastInterface(at: offset) { $0.endpoints.append(Self.endpoint(descriptor)) }
    case Kind.classSpecificInterface:
      try changeLastInterface(at: offset) { $0.classSpecific.append(descriptor) }
    default: break
    }
  }

  private mutating func changeLastInterface(
    at offset: Int, _ change: (inout Interface) -> Void
  ) throws(Fault) {
    let last = configurations.count - 1
    guard last >= 0, !configurations[last].interfaces.isEmpty else { throw .misplaced(offset: offset) }
    change(&configurations[last].interfaces[configurations[last].interfaces.count - 1])
  }

  private static func interface(_ descriptor: [UInt8]) -> Interface {
    Interface(
      number: descriptor[2], alternateSetting: descriptor[3], interfaceClass: descriptor[5],
      interfaceSubclass: descriptor[6], interfaceProtocol: descriptor[7])
  }

  private static func endpoint(_ descriptor: [UInt8]) -> Endpoint {
    Endpoint(
      address: descriptor[2], attributes: descriptor[3],
      maximumPacketBytes: Int(word(descriptor[4...]) & 0x07FF))
  }

  private static func word(_ bytes: ArraySlice<UInt8>) -> UInt16 {
    UInt16(bytes[bytes.startIndex]) | UInt16(bytes[bytes.startIndex + 1]) << 8
  }
}
