import FuzzSupport

@testable import BoardLinkParsers

/// What a USB device says of itself: nothing traps, a fault is told where it stands, what is understood is the same when it is written
/// down again, and what came before a cut is understood as before.
enum USBDescriptorsTarget: FuzzTarget {
  static func run(_ input: FuzzInput) {
    if let hub = USBHubDescriptor(input.payload) { precondition((0...255).contains(hub.ports)) }
    do throws(USBDescriptors.Fault) {
      let descriptors = try USBDescriptors(input.payload)
      let again = try? USBDescriptors(bytes(of: descriptors))
      precondition(again == descriptors, "written down again, it is another device")
      for configuration in descriptors.configurations { look(for: USBSerialFunction(configuration)) }
      cut(input, whole: descriptors)
    } catch {
      check(error, input.payload)
    }
  }

  private static func check(_ fault: USBDescriptors.Fault, _ payload: [UInt8]) {
    switch fault {
    case .noDeviceDescriptor: precondition(payload.count < 18 || payload[0] != 18 || payload[1] != 1)
    case .malformed(let offset), .misplaced(let offset):
      precondition((18..<payload.count).contains(offset), "the fault stands outside of the bytes")
      // All that stands before it is sound.
      precondition((try? USBDescriptors([UInt8](payload.prefix(offset)))) != nil)
    }
  }

  /// A serial port is one that transfers can be made for.
  private static func look(for function: USBSerialFunction?) {
    guard let function else { return }
    precondition(function.input.isInput && function.input.isBulk && function.input.maximumPacketBytes > 0)
    precondition(!function.output.isInput && function.output.isBulk && function.output.maximumPacketBytes > 0)
  }

  /// The beginnings that end where chunks do: refused for their last descriptor, or understood as far as they go.
  private static func cut(_ input: FuzzInput, whole: USBDescriptors) {
    var count = 0
    input.forEachChunk { _, chunk in
      count += chunk.count
      guard let part = try? USBDescriptors([UInt8](input.payload.prefix(count))) else { return }
      precondition((part.vendor, part.product) == (whole.vendor, whole.product))
      let values = whole.configurations.map(\.value).prefix(part.configurations.count)
      precondition(part.configurations.map(\.value) == [UInt8](values), "a beginning says something else")
    }
  }

  private static func bytes(of descriptors: USBDescriptors) -> [UInt8] {
    var bytes: [UInt8] = [18, 1, 0, 2, 0, 0, 0, 64]
    bytes += word(descriptors.vendor) + word(descriptors.product)
    bytes += [0, 0, 0, 0, 0, UInt8(truncatingIfNeeded: descriptors.configurations.count)]
    for configuration in descriptors.configurations {
      bytes += [9, 2, 0, 0, 0, configuration.value, 0, 0, 0]
      for interface in configuration.interfaces { bytes += self.bytes(of: interface) }
    }
    return bytes
  }

  private static func bytes(of interface: USBDescriptors.Interface) -> [UInt8] {
    let head: [UInt8] = [
      9, 4, interface.number, interface.alternateSetting, 0, interface.interfaceClass,
      interface.interfaceSubclass, interface.interfaceProtocol, 0,
    ]
    return head + interface.classSpecific.flatMap(\.self)
      + interface.endpoints.flatMap { endpoint -> [UInt8] in
        [7, 5, endpoint.address, endpoint.attributes] + word(UInt16(endpoint.maximumPacketBytes)) + [0]
      }
  }

  private static func word(_ number: UInt16) -> [UInt8] {
    [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
  }
}
