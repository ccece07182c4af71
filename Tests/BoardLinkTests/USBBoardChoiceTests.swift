@testable import BoardLink
import Foundation
import PosixIO
import TestSupport
import Testing

@Suite("The choice of a USB board")
struct USBBoardChoiceTests {
  private static func device(
    _ position: String, product: UInt16 = 0x0005, serial: String? = nil, vendor: UInt16 = 0x2E8A,
    name: String? = nil
  ) -> USBDeviceRecord {
    USBDeviceRecord(
      vendor: vendor, product: product, bus: 1, address: 4, position: position, serialNumber: serial,
      productName: name)
  }

  private static let first = device("1-1", serial: "E661A", name: "Board in FS mode")
  private static let second = device("1-2.3", serial: "E661B")
  private static let mouse = device("1-4", product: 0xC077, vendor: 0x046D)

  private static func cause(_ name: String?, _ devices: [USBDeviceRecord]) -> BoardFailure.Cause? {
    let failure = #expect(throws: BoardFailure.self) { try USBBoardChoice(name: name).pick(from: devices) }
    return failure?.cause
  }

  private static func reason(_ name: String?, _ devices: [USBDeviceRecord]) -> String {
    if case .notOpened(let reason) = cause(name, devices) { reason } else { "" }
  }

  @Test("one board needs no name; a serial number or a position names one of several")
  func chosen() throws {
    let both = [Self.mouse, Self.first, Self.second]
    #expect(try USBBoardChoice(name: nil).pick(from: [Self.mouse, Self.first]) == Self.first)
    #expect(try USBBoardChoice(name: "e661b").pick(from: both) == Self.second)
    #expect(try USBBoardChoice(name: "1-1").pick(from: both) == Self.first)
    // Somebody who names a device of other numbers knows what it runs.
    #expect(try USBBoardChoice(name: "1-4").pick(from: both) == Self.mouse)
  }

  @Test("several boards and none chosen is a failure that says what to write")
  func ambiguous() {
    let nameless = Self.device("2-1")
    #expect(
      Self.cause(nil, [Self.first, nameless, Self.second])
        == .ambiguous(["usb:E661A", "usb:2-1", "usb:E661B"]))
    let failure = BoardFailure(board: "usb", .ambiguous(["usb:E661A", "usb:2-1"]))
    #expect(failure.description == "board usb: several boards are attached; choose one of usb:E661A, usb:2-1")
  }

  @Test("nothing attached, and a name that fits nothing, say what was looked for and what is there")
  func missing() {
    #expect(
      Self.reason(nil, [Self.mouse]).contains(
        "no MicroPython board is attached (USB 2e8a:0005); check the cable"))
    let reason = Self.reason("E661C", [Self.first, Self.mouse])
    #expect(reason.contains("E661C; attached are 1-1 (serial E661A, 2e8a:0005 \"Board in FS mode\")"))
  }

  @Test(
    "a bootloader is told apart, by its chip", arguments: [(0x0003 as UInt16, "RP2040"), (0x000F, "RP2350")])
  func bootloader(_ product: UInt16, _ chip: String) {
    let waiting = Self.device("1-2", product: product, serial: "0123")
    for name in [nil, "1-2", "0123"] {
      let reason = Self.reason(name, [Self.mouse, waiting])
      #expect(reason.contains("waits in the bootloader of its \(chip)"))
      #expect(reason.contains(".uf2"))
    }
    // Beside a board that runs MicroPython it is not meant.
    #expect((try? USBBoardChoice(name: nil).pick(from: [waiting, Self.first])) == Self.first)
  }

  @Test("a program of the Pico SDK is no MicroPython")
  func otherProgram() {
    let program = Self.device("1-2", product: 0x0009, serial: "E66")
    #expect(Self.reason("1-2", [program]).contains("a program made with the Pico SDK and not MicroPython"))
    #expect(Self.reason(nil, [program]).contains("attached are 1-2 (serial E66, 2e8a:0009)"))
  }

  @Test(
    "after an earlier opening the same board is found again: by serial number wherever it is, else by port")
  func again() throws {
    let moved = Self.device("3-1", serial: "E661A")
    #expect(
      try USBBoardChoice(name: nil, earlier: Self.first).pick(from: [Self.second, moved]) == moved)
    #expect(throws: BoardFailure.self) {
      try USBBoardChoice(name: nil, earlier: Self.first).pick(from: [Self.second])
    }
    let nameless = Self.device("2-1")
    #expect(try USBBoardChoice(name: nil, earlier: nameless).pick(from: [Self.first, nameless]) == nameless)
    // A board that went to its bootloader has another serial number there, but hangs on the same port.
    let waiting = Self.device("1-1", product: 0x000F, serial: "0123")
    let failure = #expect(throws: BoardFailure.self) {
      try USBBoardChoice(name: nil, earlier: Self.first).pick(from: [Self.second, waiting])
    }
    #expect(failure?.description.contains("waits in the bootloader") == true)
  }

  @Test("sysfs tells serial number, name, terminal and descriptors of a board; a bootloader has no terminal")
  func sysfs() throws {
    let sysfs = NSTemporaryDirectory() + "wsrig-sysfs-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: sysfs) }
    let folder = sysfs + "/1-2.3"
    try FileManager.default.createDirectory(
      atPath: folder + "/1-2.3:1.0/tty/ttyACM7", withIntermediateDirectories: true)
    try "E66123456789ABCD\n".write(toFile: folder + "/serial", atomically: true, encoding: .utf8)
    try "Board in FS mode\n".write(toFile: folder + "/product", atomically: true, encoding: .utf8)
    try "3\n".write(toFile: folder + "/bConfigurationValue", atomically: true, encoding: .utf8)
    let two = DeviceDescriptors.gadget + DeviceDescriptors.crowded.dropFirst(18)
    try Data(two).write(to: URL(filePath: folder + "/descriptors"))
    let board = Self.device("1-2.3").completed(from: sysfs)
    #expect(board.serialNumber == "E66123456789ABCD")
    #expect(board.productName == "Board in FS mode")
    #expect(board.terminalPath == "/dev/ttyACM7")
    #expect(board.devicePath == "/dev/bus/usb/001/004")
    #expect(try board.configuration(in: sysfs)?.value == 3)
    let described = try #require(BoardDescription(board))
    #expect(described.selector == .usb("E66123456789ABCD"))
    #expect(described.terminalPath == "/dev/ttyACM7")
    let bootloader = try #require(
      BoardDescription(Self.device("1-4", product: 0x000F).completed(from: sysfs)))
    #expect(bootloader.isBootloader)
    #expect(bootloader.selector == .usb("1-4"))
    #expect(bootloader.terminalPath == nil)
    #expect(BoardDescription(Self.mouse) == nil)
    #expect(try Self.device("1-4").configuration(in: sysfs) == nil)
  }

  @Test("a link without its board fails to open with a sentence, and can be closed")
  func notThere() async throws {
    let loop = try EventLoop(name: "board").start()
    let link = USBLink(name: "no-such-board", on: loop)
    let failure = await #expect(throws: BoardFailure.self) {
      try await link.open(deadline: .after(.seconds(5)))
    }
    #expect(failure?.description.contains("no-such-board") == true)
    await link.close()
    loop.stopAndWait()
  }

  @Test("who has a file open is found, and this process is not meant")
  func users() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("", to: "held")
    let handle = try FileHandle(forReadingFrom: URL(filePath: path))
    #expect(FileUsers.other(of: path) == nil)
    let child = try await ChildProcess.start(
      ChildCommand("/bin/sh", ["-c", "exec 9<\"$0\"; echo; exec sleep 60", path]), streams: .pipes,
      on: .shared)
    let output = try #require(child.output)
    _ = try await output.read(deadline: .after(.seconds(10)))
    #expect(FileUsers.other(of: path)?.hasPrefix("process \(child.id) (") == true)
    child.kill()
    _ = try await child.waitForEnd(deadline: .after(.seconds(10)))
    try handle.close()
  }
}
