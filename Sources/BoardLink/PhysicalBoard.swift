import Foundation

/// The one thing that several names may lead to: `usb`, `usb:SERIAL`, `usb:BUS-PORT` and `tty:/dev/ttyACM0` may all be one board.
public struct PhysicalBoard: Sendable, Hashable {
  /// A text that is the same for all names of the board: its serial number, or where it is.
  public let key: String

  /// Finds the board behind a name, without opening it. What is not there, or is no device of this computer, is known by its name.
  ///
  /// - Parameter sysfs: the kernel's folder with one entry per USB device.
  public init(_ selector: BoardSelector, sysfs: String = BoardDiscovery.sysfs) {
    switch selector {
    case .terminal(let path):
      let device = Self.target(of: path)
      let board = USBDeviceRecord.all(in: sysfs).first { $0.terminalPath == device }
      key = board.map(Self.key) ?? "tty-\(device)"
    case .usb(let name):
      let board = try? USBBoardChoice(name: name).pick(from: USBDeviceRecord.all(in: sysfs))
      key = board.map(Self.key) ?? "usb-\(name?.lowercased() ?? "any")"
    // Both carry the same line of the same server.
    case .tcp(let host, let port), .rfc2217(let host, let port):
      key = "net-\(host.lowercased() == "localhost" ? "127.0.0.1" : host.lowercased())-\(port)"
    case .simulated, .python, .reference: key = selector.description
    }
  }

  /// Where the board behind a terminal is plugged in; nil where it is not on USB.
  static func usbPosition(ofTerminal path: String, sysfs: String) -> String? {
    let device = target(of: path)
    return USBDeviceRecord.all(in: sysfs).first { $0.terminalPath == device }?.position
  }

  /// Where a path leads through all links, though what it leads to may not be there.
  static func target(of path: String) -> String {
    var url = URL(filePath: path).standardizedFileURL
    for _ in 0..<16 {
      guard let next = try? FileManager.default.destinationOfSymbolicLink(atPath: url.path) else { break }
      url = URL(filePath: next, relativeTo: url.deletingLastPathComponent()).standardizedFileURL
    }
    return url.resolvingSymlinksInPath().path
  }

  private static func key(_ device: USBDeviceRecord) -> String {
    "usb-\(device.serialNumber?.lowercased() ?? device.position)"
  }
}

extension USBDeviceRecord {
  /// The devices that sysfs shows, hubs left out, by position.
  static func all(in sysfs: String) -> [USBDeviceRecord] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: sysfs)) ?? []
    return names.sorted().compactMap { name in
      // Interfaces have a colon in their names, and a bus's own hub has no port.
      guard name.contains("-"), !name.contains(":") else { return nil }
      func number<Number: FixedWidthInteger>(_ file: String, radix: Int) -> Number? {
        let text = try? String(contentsOfFile: "\(sysfs)/\(name)/\(file)", encoding: .utf8)
        return text.flatMap { Number($0.trimmingCharacters(in: .whitespacesAndNewlines), radix: radix) }
      }
      guard let vendor: UInt16 = number("idVendor", radix: 16),
        let product: UInt16 = number("idProduct", radix: 16)
      else { return nil }
      return USBDeviceRecord(
        vendor: vendor, product: product, bus: number("busnum", radix: 10) ?? 0,
        address: number("devnum", radix: 10) ?? 0, position: name
      ).completed(from: sysfs)
    }
  }
}
