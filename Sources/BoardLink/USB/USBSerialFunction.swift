/// Where the serial port of a device is: the pair of interfaces of a CDC-ACM function (USB class definitions for
/// communications devices 1.2, subclass for PSTN devices 1.2). Firmware may have any number of other interfaces,
/// and chooses its endpoints as it likes, so all of this comes from the descriptors.
struct USBSerialFunction: Sendable, Equatable {
  /// The communications interface, to which requests go.
  var control: UInt8
  /// The data interface.
  var data: UInt8
  /// The setting of the data interface that has the endpoints.
  var dataAlternateSetting: UInt8
  /// Bulk endpoint from the board.
  var input: USBDescriptors.Endpoint
  /// Bulk endpoint to the board.
  var output: USBDescriptors.Endpoint
  /// The board says that it knows SET_LINE_CODING and SET_CONTROL_LINE_STATE.
  var hasLineControl: Bool

  private enum Code {
    static let communications: UInt8 = 0x02
    static let abstractControlModel: UInt8 = 0x02
    static let data: UInt8 = 0x0A
    static let callManagement: UInt8 = 0x01
    static let abstractControl: UInt8 = 0x02
    static let union: UInt8 = 0x06
  }

  /// The first serial port of a configuration, which is where MicroPython has its REPL; nil where there is none.
  init?(_ configuration: USBDescriptors.Configuration) {
    for interface in configuration.interfaces
    where interface.interfaceClass == Code.communications
      && interface.interfaceSubclass == Code.abstractControlModel
    {
      for candidate in Self.dataInterfaces(of: interface) {
        if let found = USBSerialFunction(interface, candidate, configuration) {
          self = found
          return
        }
      }
    }
    return nil
  }

  private init?(
    _ control: USBDescriptors.Interface, _ data: UInt8, _ configuration: USBDescriptors.Configuration
  ) {
    for setting in configuration.interfaces
    where setting.number == data && setting.interfaceClass == Code.data {
      guard let input = setting.endpoints.first(where: { $0.isBulk && $0.isInput }),
        let output = setting.endpoints.first(where: { $0.isBulk && !$0.isInput }),
        input.maximumPacketBytes > 0, output.maximumPacketBytes > 0
      else { continue }
      self.control = control.number
      self.data = data
      dataAlternateSetting = setting.alternateSetting
      (self.input, self.output) = (input, output)
      hasLineControl = Self.functional(Code.abstractControl, of: control).map { $0[3] & 0x02 != 0 } ?? true
      return
    }
    return nil
  }

  /// Where the data of a communications interface may be, the surest first: its union descriptor says so; without one
  /// the call management descriptor; without either it is the next interface, as the kernel's driver takes it.
  private static func dataInterfaces(of control: USBDescriptors.Interface) -> [UInt8] {
    if let union = functional(Code.union, of: control, bytes: 5) { return Array(union[4...]) }
    if let calls = functional(Code.callManagement, of: control, bytes: 5) { return [calls[4]] }
    return control.number < .max ? [control.number + 1] : []
  }

  /// The functional descriptor of a subtype (5.2.3 of the class definitions), if it is as long as it must be.
  private static func functional(
    _ subtype: UInt8, of interface: USBDescriptors.Interface, bytes: Int = 4
  ) -> [UInt8]? {
    interface.classSpecific.first { $0.count >= max(bytes, 3) && $0[2] == subtype }
  }
}
