@testable import BoardLink
import CLibUSB
import Foundation
import PosixIO
import Synchronization
import TestSupport
import Testing

@Suite("The power of a USB port")
struct USBPortPowerTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Hubs that answer as told, and keep what they were asked for.
  final class Hubs: USBHubRequests {
    let bytes: [UInt8]
    let refusal: USBError?
    let requests = Mutex<[String]>([])

    /// - Parameters:
    ///   - bytes: the descriptor of each of them.
    ///   - refusal: libusb's code, where nobody may open one.
    init(_ bytes: [UInt8] = Descriptor.single, refusal: libusb_error? = nil) {
      self.bytes = bytes
      self.refusal = refusal.map { USBError(operation: .open, code: $0.rawValue) }
    }

    func descriptor(of hub: USBHubAddress) throws(USBError) -> USBHubDescriptor? {
      if let refusal { throw refusal }
      return USBHubDescriptor(bytes)
    }

    func setPower(_ isOn: Bool, ofPort port: Int, of hub: USBHubAddress) throws(USBError) {
      if let refusal { throw refusal }
      requests.withLock { $0.append("\(hub.bus)/\(hub.address) port \(port) \(isOn ? "on" : "off")") }
    }
  }

  enum Descriptor {
    /// Recorded from the root hub of Linux's dummy_hcd.
    static let single: [UInt8] = [9, 0x29, 1, 1, 0, 0, 0, 0, 0xFF]
    /// Four ports that have power together.
    static let together: [UInt8] = [9, 0x29, 4, 0, 0, 50, 100, 0, 0xFF]
    static let none: [UInt8] = [9, 0x29, 4, 2, 0, 50, 100, 0, 0xFF]
    static let usb3: [UInt8] = [12, 0x2A, 4, 9, 0, 50, 0, 0, 0, 0, 0, 0]
  }

  /// A bus with a hub in its second port and a board in the hub's third, as sysfs shows it.
  private func makeBus(hasFiles: Bool = true, isWritable: Bool = true) throws {
    for (hub, address) in [("usb1", 1), ("1-2", 7)] {
      try folder.write("1\n", to: "\(hub)/busnum")
      try folder.write("\(address)\n", to: "\(hub)/devnum")
    }
    for file in ["1-0:1.0/usb1-port2", "1-2:1.0/1-2-port3"] {
      try folder.write("0\n", to: "\(file)/\(hasFiles ? "disable" : "connect_type")")
      if hasFiles, !isWritable {
        try FileManager.default.setAttributes(
          [.posixPermissions: 0o444], ofItemAtPath: "\(folder.path)/\(file)/disable")
      }
    }
  }

  /// The same without files for ports, and its first hub's second port as one half of a connector; the other is port 5 of a second bus.
  private func makeConnectorOfUSB3() throws {
    try makeBus(hasFiles: false)
    try folder.write("2\n", to: "usb2/busnum")
    try folder.write("1\n", to: "usb2/devnum")
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/1-0:1.0/usb1-port2/peer", withDestinationPath: "../../2-0:1.0/usb2-port5")
  }

  /// The board in the hub's third port.
  private func plugIn() throws {
    for (name, text) in [("idVendor", "2e8a"), ("idProduct", "0005"), ("busnum", "1"), ("devnum", "8")] {
      try folder.write(text + "\n", to: "1-2.3/\(name)")
    }
  }

  private func obstacle(_ position: String, _ hubs: Hubs) -> String {
    let obstacle = #expect(throws: PortPowerObstacle.self) {
      try USBPortPower(position: position, sysfs: folder.path, hubs: hubs)
    }
    return obstacle?.description ?? ""
  }

  @Test("a position names hub and port, on a bus's own hub and behind others")
  func ports() {
    #expect(USBHubPort(position: "1-2")?.name == "usb1-port2")
    #expect(USBHubPort(position: "12-2.3")?.name == "12-2-port3")
    #expect(USBHubPort(position: "1-2.3.10")?.name == "1-2.3-port10")
    for text in ["", "1", "1-", "usb1", "1-2."] { #expect(USBHubPort(position: text) == nil) }
  }

  @Test("a hub's descriptor says whether single ports are switched")
  func descriptors() {
    #expect(USBHubDescriptor(Descriptor.single)?.switchesSinglePorts == true)
    #expect(USBHubDescriptor(Descriptor.usb3)?.switchesSinglePorts == true)
    #expect(USBHubDescriptor(Descriptor.together)?.switchesSinglePorts == false)
    #expect(USBHubDescriptor(Descriptor.none)?.switchesSinglePorts == false)
    // The only port is a single one.
    #expect(USBHubDescriptor([9, 0x29, 1, 0, 0, 0, 0, 0, 0xFF])?.switchesSinglePorts == true)
    for bytes in [[], [9, 0x29, 1, 1], [9, 1, 1, 1, 0, 0, 0, 0, 0xFF]] as [[UInt8]] {
      #expect(USBHubDescriptor(bytes) == nil)
    }
  }

  @Test("the kernel's file comes first, also where the hub may not be asked; without one it is a request")
  func ways() throws {
    try makeBus()
    let file = "\(folder.path)/1-2:1.0/1-2-port3/disable"
    for hubs in [Hubs(), Hubs(refusal: LIBUSB_ERROR_ACCESS)] {
      #expect(
        try USBPortPower(position: "1-2.3", sysfs: folder.path, hubs: hubs).ways == [.file(file)])
    }
    try FileManager.default.removeItem(atPath: file)
    #expect(
      try USBPortPower(position: "1-2.3", sysfs: folder.path, hubs: Hubs()).ways
        == [.request(USBHubAddress(bus: 1, address: 7), port: 3)])
  }

  @Test("both halves of a connector of USB 3 are switched: off both, on both")
  func peer() throws {
    let file = "2-0:1.0/usb2-port5/disable"
    try makeConnectorOfUSB3()
    try folder.write("0\n", to: file)
    let hubs = Hubs()
    let power = try USBPortPower(position: "1-2", sysfs: folder.path, hubs: hubs)
    #expect(
      power.ways == [.request(USBHubAddress(bus: 1, address: 1), port: 2), .file("\(folder.path)/\(file)")])
    try power.switchOff()
    #expect(try folder.text(file).first == "1")
    try power.switchOn()
    #expect(try folder.text(file).first == "0")
    #expect(hubs.requests.withLock { $0 } == ["1/1 port 2 off", "1/1 port 2 on"])
  }

  @Test("where it cannot be done, the reason is one clause")
  func obstacles() throws {
    #expect(obstacle("1-9.1", Hubs()) == "skipped, as the hub 1-9 has left the bus")
    #expect(obstacle("nowhere", Hubs()) == "skipped, as nowhere is no port of a USB hub")
    try makeBus(hasFiles: false)
    for bytes in [Descriptor.together, Descriptor.none] {
      #expect(
        obstacle("1-2.3", Hubs(bytes)) == "skipped, as the hub 1-2 does not switch the power of single ports")
    }
    let refused = obstacle("1-2.3", Hubs(refusal: LIBUSB_ERROR_ACCESS))
    #expect(refused.contains("this kernel has no file that switches the power of 1-2-port3"))
    #expect(refused.contains("the hub 1-2 cannot be asked: wsrig could not open the device"))
    #expect(obstacle("1-2.3", Hubs([])).contains("the hub 1-2 does not describe itself"))
  }

  @Test(
    "a file that this user may not write to is named", .enabled(if: geteuid() != 0, "root may write to all"))
  func noPermission() throws {
    try makeBus(isWritable: false)
    let reason = obstacle("1-2.3", Hubs(refusal: LIBUSB_ERROR_ACCESS))
    #expect(reason.contains("this user may not write to \(folder.path)/1-2:1.0/1-2-port3/disable"))
  }

  @Test("a half that was switched off has its power back where the other one refuses")
  func halfRefused() throws {
    try makeConnectorOfUSB3()
    // A folder in the place of the file: it is there, and nobody can write to it.
    try folder.write("", to: "2-0:1.0/usb2-port5/disable/x")
    let hubs = Hubs()
    let power = try USBPortPower(position: "1-2", sysfs: folder.path, hubs: hubs)
    #expect(throws: PortPowerObstacle.self) { try power.switchOff() }
    #expect(hubs.requests.withLock { $0 } == ["1/1 port 2 off", "1/1 port 2 on"])
  }

  @Test("a cycle takes power and gives it back, at least the time asked for later")
  func cycle() async throws {
    try makeBus(hasFiles: false)
    let loop = try EventLoop(name: "usb").start()
    defer { loop.stopAndWait() }
    let hubs = Hubs()
    let start = MonotonicInstant.now()
    let cycle = USBPowerCycle(
      position: "1-2.3", on: loop, sysfs: folder.path, hubs: hubs, offTime: .milliseconds(50))
    // The board is not on the bus any more: nothing has to leave.
    #expect(try await cycle.run(deadline: .after(.seconds(10))) == nil)
    #expect(MonotonicInstant.now() - start >= .milliseconds(50))
    #expect(hubs.requests.withLock { $0 } == ["1/7 port 3 off", "1/7 port 3 on"])
  }

  @Test("a board that stays on the bus was never without power, and the port has it back all the same")
  func neverLeft() async throws {
    try makeBus(hasFiles: false)
    try plugIn()
    let loop = try EventLoop(name: "usb").start()
    defer { loop.stopAndWait() }
    let hubs = Hubs()
    let cycle = USBPowerCycle(
      position: "1-2.3", on: loop, sysfs: folder.path, devices: folder.path, hubs: hubs,
      offTime: .milliseconds(1))
    try folder.write("", to: "001/008")
    let cause = try await cycle.run(deadline: .after(.milliseconds(200)))
    #expect(cause == .timedOut("the board to leave the bus after its port was switched off"))
    #expect(hubs.requests.withLock { $0 } == ["1/7 port 3 off", "1/7 port 3 on"])
  }

  @Test("a board that leaves the bus only as power returns, as after a request to the hub, has begun anew")
  func leavesLate() async throws {
    try makeBus(hasFiles: false)
    try plugIn()
    let file = try folder.write("", to: "001/008")
    let loop = try EventLoop(name: "usb").start()
    defer { loop.stopAndWait() }
    let hubs = LateHubs(file: file)
    let cycle = USBPowerCycle(
      position: "1-2.3", on: loop, sysfs: folder.path, devices: folder.path, hubs: hubs,
      offTime: .milliseconds(1))
    #expect(try await cycle.run(deadline: .after(.seconds(20))) == nil)
  }

  /// A hub whose device leaves when power returns; as the kernel learns of it then.
  private struct LateHubs: USBHubRequests {
    let file: String

    func descriptor(of hub: USBHubAddress) throws(USBError) -> USBHubDescriptor? {
      USBHubDescriptor(Descriptor.single)
    }

    func setPower(_ isOn: Bool, ofPort port: Int, of hub: USBHubAddress) throws(USBError) {
      if isOn { try? FileManager.default.removeItem(atPath: file) }
    }
  }
}
