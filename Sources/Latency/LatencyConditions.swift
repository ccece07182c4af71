import Steps

/// Under what a series of exchanges is measured: one place on each axis.
public struct LatencyConditions: Sendable, Hashable, Codable {
  /// Who decides when the next message is sent.
  public enum Load: String, Sendable, Hashable, Codable, CaseIterable {
    /// The echo: the next message follows it, after the spacing. A slow client is asked less often, which flatters it.
    case closed
    /// A fixed schedule, whatever the client does: one message each spacing. What comes late is late for all that follow.
    case open
  }

  /// Who decides when the next message is sent.
  public var load: Load
  /// The payload in bytes.
  public var payloadLength: Int
  /// The pause between an echo and the next message, or from message to message in an open load, in milliseconds.
  public var spacingMilliseconds: Int
  /// Whether the exchanges go over TLS.
  public var overTLS: Bool
  /// The most payload bytes in a frame of the server's; nil sends each message in one frame.
  public var fragmentLength: Int?
  /// How the server's bytes are delivered.
  public var delivery: Delivery
  /// The power mode of the board's radio, by the words of `wsrig.toml`; nil leaves it alone.
  public var power: String?

  /// Creates conditions; the defaults are those of a plain ping-pong.
  public init(
    load: Load = .closed, payloadLength: Int, spacingMilliseconds: Int = 0, overTLS: Bool = false,
    fragmentLength: Int? = nil, delivery: Delivery = .whole, power: String? = nil
  ) {
    self.load = load
    self.payloadLength = payloadLength
    self.spacingMilliseconds = spacingMilliseconds
    self.overTLS = overTLS
    self.fragmentLength = fragmentLength
    self.delivery = delivery
    self.power = power
  }

  /// In how many frames a message is sent.
  public var frameCount: Int {
    fragmentLength.map { max(1, (payloadLength + $0 - 1) / max(1, $0)) } ?? 1
  }

  /// The name by which tables and files call them: `16B`, `open-1024B-10ms-tls`.
  public var name: String {
    let parts = [
      load == .open ? "open" : nil, "\(payloadLength)B",
      spacingMilliseconds > 0 ? "\(spacingMilliseconds)ms" : nil, overTLS ? "tls" : nil,
      fragmentLength.map { "frag\($0)" }, delivery == .whole ? nil : delivery.rawValue,
      power.map { "pm-\($0)" },
    ]
    return parts.compactMap(\.self).joined(separator: "-")
  }
}
