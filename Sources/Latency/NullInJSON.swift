/// A value that may be unknown, which JSON says with `null`: to leave its key out would leave a reader to guess.
@propertyWrapper
public struct NullInJSON<Value: Sendable & Hashable & Codable>: Sendable, Hashable, Codable {
  /// The value; nil where it is unknown.
  public var wrappedValue: Value?

  /// Wraps a value.
  public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  /// Reads it, or `null`.
  public init(from decoder: any Decoder) throws {
    wrappedValue = try decoder.singleValueContainer().decode(Value?.self)
  }

  /// Writes it, or `null`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(wrappedValue)
  }
}
