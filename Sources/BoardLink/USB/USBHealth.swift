import CLibUSB
import Glibc

/// What libusb and the files of attached boards look like to this user.
public struct USBHealth: Sendable {
  /// A board that is attached, and whether this user may drive it.
  public struct Board: Sendable {
    /// The board.
    public var description: BoardDescription
    /// The file through which libusb reaches it.
    public var devicePath: String
    /// Whether this user may write to that file.
    public var isWritable: Bool
  }

  /// The version of libusb.
  public var version: String
  /// Why the bus cannot be listed; nil where it can.
  public var problem: String?
  /// The attached boards.
  public var boards: [Board] = []

  /// Looks.
  public init(sysfs: String = BoardDiscovery.sysfs) {
    let found = libusb_get_version().pointee
    version = "\(found.major).\(found.minor).\(found.micro)"
    do {
      let devices = try USBContext().devices(sysfs: sysfs)
      boards = devices.compactMap { device in
        BoardDescription(device).map {
          Board(
            description: $0, devicePath: device.devicePath, isWritable: access(device.devicePath, W_OK) == 0)
        }
      }
    } catch {
      problem = "\(error)"
    }
  }
}
