@testable import BoardLink
import Testing

/// Descriptors as devices send them.
enum DeviceDescriptors {
  /// Recorded from Linux's CDC-ACM gadget with the numbers of a Pico, at full speed.
  static let gadget: [UInt8] =
    [18, 1, 0, 2, 0xEF, 2, 1, 64, 0x8A, 0x2E, 5, 0, 0, 1, 1, 2, 3, 1]
    + [9, 2, 75, 0, 2, 1, 4, 0x80, 125]
    + [8, 11, 0, 2, 2, 2, 1, 7]
    + [9, 4, 0, 0, 1, 2, 2, 1, 5]
    + [5, 0x24, 0, 0x10, 1] + [5, 0x24, 1, 0, 1] + [4, 0x24, 2, 2] + [5, 0x24, 6, 0, 1]
    + [7, 5, 0x85, 3, 10, 0, 32]
    + [9, 4, 1, 0, 2, 10, 0, 0, 6]
    + [7, 5, 0x81, 2, 64, 0, 0] + [7, 5, 2, 2, 64, 0, 0]

  /// A firmware of the same numbers with a mass storage and a vendor's interface before the serial port, its endpoints elsewhere,
  /// and its data interface far from the other one: made by hand after the class definitions.
  static let crowded: [UInt8] =
    [18, 1, 0, 2, 0xEF, 2, 1, 64, 0x8A, 0x2E, 5, 0, 0, 1, 1, 2, 3, 1]
    + [9, 2, 0, 0, 4, 3, 4, 0x80, 125]
    + [9, 4, 0, 0, 2, 8, 6, 0x50, 0] + [7, 5, 0x81, 2, 64, 0, 0] + [7, 5, 1, 2, 64, 0, 0]
    + [9, 4, 1, 0, 1, 2, 2, 0, 0] + [5, 0x24, 6, 1, 3] + [4, 0x24, 2, 0] + [7, 5, 0x86, 3, 8, 0, 16]
    + [9, 4, 2, 0, 0, 255, 0, 0, 0]
    + [9, 4, 3, 0, 0, 10, 0, 0, 0]
    + [9, 4, 3, 1, 2, 10, 0, 0, 0] + [7, 5, 0x87, 2, 0, 2, 0] + [7, 5, 4, 2, 0, 2, 0]

  /// The bootloader of an RP2350: mass storage and PICOBOOT.
  static let bootloader: [UInt8] =
    [18, 1, 0x10, 2, 0, 0, 0, 64, 0x8A, 0x2E, 15, 0, 0, 1, 1, 2, 3, 1]
    + [9, 2, 55, 0, 2, 1, 0, 0x80, 250]
    + [9, 4, 0, 0, 2, 8, 6, 0x50, 0] + [7, 5, 0x81, 2, 64, 0, 0] + [7, 5, 2, 2, 64, 0, 0]
    + [9, 4, 1, 0, 2, 255, 0, 0, 0] + [7, 5, 3, 2, 64, 0, 0] + [7, 5, 0x84, 2, 64, 0, 0]
}

@Suite("USB descriptors")
struct USBDescriptorsTests {
  private static func function(_ bytes: [UInt8]) throws -> USBSerialFunction? {
    USBSerialFunction(try #require(USBDescriptors(bytes).configurations.first))
  }

  @Test("the serial port of a board is found with its endpoints")
  func serialPort() throws {
    let descriptors = try USBDescriptors(DeviceDescriptors.gadget)
    #expect(descriptors.vendor == 0x2E8A)
    #expect(descriptors.product == 0x0005)
    let function = try #require(try Self.function(DeviceDescriptors.gadget))
    #expect(function.control == 0)
    #expect(function.data == 1)
    #expect(function.dataAlternateSetting == 0)
    #expect(function.input == USBDescriptors.Endpoint(address: 0x81, attributes: 2, maximumPacketBytes: 64))
    #expect(function.output == USBDescriptors.Endpoint(address: 0x02, attributes: 2, maximumPacketBytes: 64))
    #expect(function.hasLineControl)
  }

  @Test("other interfaces, other endpoints and another setting do not hide it")
  func crowded() throws {
    let function = try #require(try Self.function(DeviceDescriptors.crowded))
    #expect(function.control == 1)
    #expect(function.data == 3)
    #expect(function.dataAlternateSetting == 1)
    #expect(function.input.address == 0x87)
    #expect(function.output.address == 0x04)
    #expect(function.input.maximumPacketBytes == 512)
    #expect(!function.hasLineControl)
  }

  @Test("without a union the call management names the data interface, without either it is the next")
  func withoutUnion() throws {
    func configuration(_ functional: [UInt8]) -> [UInt8] {
      [18, 1, 0, 2, 0, 0, 0, 64, 1, 0, 2, 0, 0, 1, 0, 0, 0, 1] + [9, 2, 0, 0, 2, 1, 0, 0x80, 50]
        + [9, 4, 0, 0, 0, 2, 2, 1, 0] + functional
        + [9, 4, 1, 0, 2, 10, 0, 0, 0] + [7, 5, 0x81, 2, 64, 0, 0] + [7, 5, 1, 2, 64, 0, 0]
        + [9, 4, 2, 0, 2, 10, 0, 0, 0] + [7, 5, 0x82, 2, 64, 0, 0] + [7, 5, 2, 2, 64, 0, 0]
    }
    #expect(try Self.function(configuration([5, 0x24, 1, 0, 2]))?.data == 2)
    #expect(try Self.function(configuration([]))?.data == 1)
    // A union that names an interface without bulk endpoints leads nowhere.
    #expect(try Self.function(configuration([5, 0x24, 6, 0, 0])) == nil)
  }

  @Test("a bootloader has no serial port")
  func bootloader() throws { #expect(try Self.function(DeviceDescriptors.bootloader) == nil) }

  @Test(
    "bytes cut anywhere are refused or understood, and never trusted",
    arguments: [DeviceDescriptors.gadget, DeviceDescriptors.crowded, DeviceDescriptors.bootloader])
  func truncated(_ bytes: [UInt8]) {
    for count in 0..<bytes.count {
      guard let descriptors = try? USBDescriptors([UInt8](bytes.prefix(count))) else { continue }
      for configuration in descriptors.configurations { _ = USBSerialFunction(configuration) }
    }
    #expect(throws: USBDescriptors.Fault.noDeviceDescriptor) { try USBDescriptors([UInt8](bytes.prefix(17))) }
    #expect(throws: USBDescriptors.Fault.malformed(offset: 18)) {
      try USBDescriptors([UInt8](bytes.prefix(20)))
    }
  }

  @Test(
    "every byte replaced by every value that lengths fear is refused or understood",
    arguments: [0, 1, 2, 4, 255] as [UInt8])
  func corrupted(_ value: UInt8) {
    for index in DeviceDescriptors.crowded.indices {
      var bytes = DeviceDescriptors.crowded
      bytes[index] = value
      guard let descriptors = try? USBDescriptors(bytes) else { continue }
      for configuration in descriptors.configurations { _ = USBSerialFunction(configuration) }
    }
  }

  @Test("what belongs to something is refused before it")
  func misplaced() {
    let device = [UInt8](DeviceDescriptors.gadget.prefix(18))
    let configuration: [UInt8] = [9, 2, 0, 0, 1, 1, 0, 0x80, 50]
    #expect(throws: USBDescriptors.Fault.misplaced(offset: 18)) {
      try USBDescriptors(device + [9, 4, 0, 0, 0, 2, 2, 1, 0])
    }
    #expect(throws: USBDescriptors.Fault.misplaced(offset: 27)) {
      try USBDescriptors(device + configuration + [7, 5, 0x81, 2, 64, 0, 0])
    }
    #expect(throws: USBDescriptors.Fault.misplaced(offset: 27)) {
      try USBDescriptors(device + configuration + [5, 0x24, 6, 0, 1])
    }
  }
}
