/// The payload lengths at which the header changes its form (RFC 6455 section 5.2).
enum Boundaries {
  /// Lengths that a test can really send.
  static let sendable = [0, 1, 124, 125, 126, 127, 65534, 65535, 65536, 65537]
  /// Lengths that only a header declares.
  static let declared: [UInt64] = [1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, .max]
}
