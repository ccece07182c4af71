/// The receiving half of permessage-deflate on one connection.
struct MessageInflater: ~Copyable {
  private let keepsContext: Bool
  /// With the largest window, whatever was agreed on: a smaller one would notice a distance that reaches too far back only
  /// depending on how the stream was cut.
  private var inflater = RawInflater()

  /// Inflates what an endpoint of `role` receives.
  init(_ deflate: PerMessageDeflate, role: Role) {
    keepsContext = !deflate.parameters.noContextTakeover(of: role.peer)
  }

  /// Takes a piece of a message; see ``RawInflater/inflate(_:into:limit:)``.
  mutating func inflate(
    _ bytes: UnsafeRawBufferPointer, into output: inout ByteBuffer, limit: Int
  ) throws(InflateFailure) {
    try inflater.inflate(bytes, into: &output, limit: limit)
  }

  /// Ends a message.
  mutating func finishMessage() throws(InflateFailure) {
    try inflater.finishMessage()
    if !keepsContext { inflater.reset() }
  }
}
