import Foundation

/// A port of a hub: where a board is plugged in.
struct USBHubPort: Sendable, Hashable {
  /// The hub as the kernel names it: `usb1` for a bus's own, otherwise its position.
  var hub: String
  /// The port, counted from 1.
  var number: Int

  /// As the kernel names it, such as `usb1-port2`.
  var name: String { "\(hub)-port\(number)" }

  /// The port of a hub.
  init(hub: String, number: Int) { (self.hub, self.number) = (hub, number) }

  /// Where a device of that position is plugged in: `1-2.3` in port 3 of `1-2`, `1-2` in port 2 of `usb1`.
  init?(position: String) {
    if let dot = position.lastIndex(of: "."), let number = Int(position[position.index(after: dot)...]) {
      self.init(hub: String(position[..<dot]), number: number)
    } else if let dash = position.firstIndex(of: "-"),
      let number = Int(position[position.index(after: dash)...])
    {
      self.init(hub: "usb" + position[..<dash], number: number)
    } else {
      return nil
    }
  }

  /// Reads a port's `name`.
  private init?(name: String) {
    guard let range = name.range(of: "-port", options: .backwards),
      let number = Int(name[range.upperBound...])
    else { return nil }
    self.init(hub: String(name[..<range.lowerBound]), number: number)
  }

  /// The kernel's folder for the port, which lies in that of its hub's only interface; nil where it has none.
  func folder(in sysfs: String) -> String? {
    let prefix = hub.hasPrefix("usb") ? "\(hub.dropFirst(3))-0:" : "\(hub):"
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: sysfs)) ?? []
    return entries.sorted().filter { $0.hasPrefix(prefix) }.map { "\(sysfs)/\($0)/\(name)" }
      .first { FileManager.default.fileExists(atPath: $0) }
  }

  /// The other half of a connector of USB 3, whose two halves are ports of two hubs; nil where there is none.
  func peer(in sysfs: String) -> USBHubPort? {
    let link = folder(in: sysfs).flatMap {
      try? FileManager.default.destinationOfSymbolicLink(atPath: "\($0)/peer")
    }
    return link.flatMap { USBHubPort(name: URL(filePath: $0).lastPathComponent) }
  }

  /// How the hub is found on its bus; nil where it has left.
  func hubAddress(in sysfs: String) -> USBHubAddress? {
    func number(_ file: String) -> UInt8? {
      let text = try? String(contentsOfFile: "\(sysfs)/\(hub)/\(file)", encoding: .utf8)
      return text.flatMap { UInt8($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
    guard let bus = number("busnum"), let address = number("devnum") else { return nil }
    return USBHubAddress(bus: bus, address: address)
  }
}

/// A hub as libusb finds it.
struct USBHubAddress: Sendable, Hashable {
  /// The bus's number.
  var bus: UInt8
  /// The hub's number there.
  var address: UInt8
}
