import Foundation

/// How the power of the port can be switched in which a board is plugged.
struct USBPortPower: Sendable {
  /// One way to one port.
  enum Way: Sendable, Equatable {
    /// The kernel's file for the port (Linux 6.0): 1 takes device and power away, 0 gives power back.
    case file(String)
    /// The class request to the hub, behind the kernel's back.
    case request(USBHubAddress, port: Int)
  }

  /// The port's, and that of the other half of its connector: power stays as long as one of both has it.
  let ways: [Way]
  private let hubs: any USBHubRequests

  /// Finds a way.
  /// - Parameters:
  ///   - position: the board's.
  ///   - sysfs: the kernel's folder with one entry per USB device.
  /// - Throws: `PortPowerObstacle` where there is none.
  init(position: String, sysfs: String, hubs: any USBHubRequests) throws(PortPowerObstacle) {
    guard let port = USBHubPort(position: position) else {
      throw PortPowerObstacle("\(position) is no port of a USB hub")
    }
    let way = try Self.way(to: port, sysfs, hubs)
    let peer = port.peer(in: sysfs).flatMap { try? Self.way(to: $0, sysfs, hubs) }
    ways = [way] + [peer].compactMap(\.self)
    self.hubs = hubs
  }

  /// The file first: the kernel then knows why the device is gone. A hub that this user may not ask is taken to switch as told.
  private static func way(
    to port: USBHubPort, _ sysfs: String, _ hubs: any USBHubRequests
  ) throws(PortPowerObstacle) -> Way {
    guard let address = port.hubAddress(in: sysfs) else {
      throw PortPowerObstacle("the hub \(port.hub) has left the bus")
    }
    let descriptor: Result<USBHubDescriptor?, USBError>
    do throws(USBError) { descriptor = .success(try hubs.descriptor(of: address)) } catch {
      descriptor = .failure(error)
    }
    if case .success(let hub?) = descriptor, !hub.switchesSinglePorts {
      throw PortPowerObstacle("the hub \(port.hub) does not switch the power of single ports")
    }
    let file = port.folder(in: sysfs).map { $0 + "/disable" }
    if let file, FileManager.default.isWritableFile(atPath: file) { return .file(file) }
    if case .success(_?) = descriptor { return .request(address, port: port.number) }
    throw PortPowerObstacle(reason(file, descriptor, port))
  }

  private static func reason(
    _ file: String?, _ descriptor: Result<USBHubDescriptor?, USBError>, _ port: USBHubPort
  ) -> String {
    let isThere = file.map { FileManager.default.fileExists(atPath: $0) } ?? false
    let first =
      isThere
      ? "this user may not write to \(file ?? "")"
      : "this kernel has no file that switches the power of \(port.name)"
    guard case .failure(let error) = descriptor else {
      return "\(first), and the hub \(port.hub) does not describe itself"
    }
    return "\(first), and the hub \(port.hub) cannot be asked: wsrig \(error)"
  }
}

// MARK: Switching

extension USBPortPower {
  /// Takes the power away, from both halves or from none.
  func switchOff() throws(PortPowerObstacle) {
    for way in ways {
      do throws(PortPowerObstacle) { try set(false, by: way) } catch {
        try? switchOn()
        throw error
      }
    }
  }

  /// Gives the power back, to each half whatever comes of the other.
  func switchOn() throws(PortPowerObstacle) {
    var first: PortPowerObstacle?
    for way in ways {
      do throws(PortPowerObstacle) { try set(true, by: way) } catch { first = first ?? error }
    }
    if let first { throw first }
  }

  private func set(_ isOn: Bool, by way: Way) throws(PortPowerObstacle) {
    do {
      switch way {
      case .request(let hub, let port): try hubs.setPower(isOn, ofPort: port, of: hub)
      case .file(let path):
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        defer { try? file.close() }
        try file.write(contentsOf: Data((isOn ? "0" : "1").utf8))
      }
    } catch let error as USBError {
      throw PortPowerObstacle("wsrig \(error)")
    } catch {
      let path = if case .file(let path) = way { path } else { "the hub" }
      throw PortPowerObstacle("wsrig could not write to \(path): \(error.localizedDescription)")
    }
  }
}
