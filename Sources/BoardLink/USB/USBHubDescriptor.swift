/// What a hub says of itself that matters here: how it switches the power of its ports (USB 2.0, section 11.23.2.1).
struct USBHubDescriptor: Sendable, Equatable {
  /// How the power of ports is switched: the lowest bits of `wHubCharacteristics`.
  enum PowerSwitching: Sendable, Equatable {
    /// All ports at once.
    case together
    /// Each for itself.
    case single
    /// Not at all.
    case none
  }

  /// `bNbrPorts`.
  var ports: Int
  /// How the power of its ports is switched.
  var switching: PowerSwitching

  /// The type of the descriptor of a hub up to USB 2.0, and of one of USB 3.
  static let types: [UInt8] = [0x29, 0x2A]

  /// Reads the descriptor; nil where these bytes are none.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 5, bytes[0] >= 7, Self.types.contains(bytes[1]) else { return nil }
    ports = Int(bytes[2])
    switching =
      switch bytes[3] & 0x03 {
      case 0: .together
      case 1: .single
      default: .none
      }
  }

  /// Whether the power of one port can be switched without that of another.
  var switchesSinglePorts: Bool { switching == .single || (switching == .together && ports == 1) }
}
