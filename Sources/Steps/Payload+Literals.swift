extension Payload: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  /// A literal string is its UTF-8 bytes.
  public init(stringLiteral text: String) { self = .text(text) }
}

extension Payload: ExpressibleByArrayLiteral {
  /// A literal array is exactly these bytes.
  public init(arrayLiteral bytes: UInt8...) { self = .bytes(bytes) }
}
