/// The sending half of permessage-deflate on one connection.
struct MessageDeflater: ~Copyable {
  private let windowBits: Int
  private let keepsContext: Bool
  private let settings: CompressionSettings
  /// Made for the first message: it takes some 260 KiB.
  private var deflater: RawDeflater?
  private var output = ByteBuffer()
  /// Whether the message in progress is compressed.
  private var isCompressing = false

  /// Deflates what an endpoint of `role` sends.
  init(_ deflate: PerMessageDeflate, role: Role) {
    windowBits = deflate.parameters.windowBits(of: role)
    keepsContext = !deflate.parameters.noContextTakeover(of: role)
    settings = deflate.settings
  }

  /// Compresses the payload of a frame, all of a message or a fragment, so that its receiver can inflate all of it.
  ///
  /// - Returns: The payload to be sent, valid until the next call; nil where the message is sent as it is.
  mutating func deflate(_ opcode: Opcode, _ payload: UnsafeRawBufferPointer, isFinal: Bool)
    -> UnsafeRawBufferPointer?
  {
    if opcode != .continuation { isCompressing = payload.count >= settings.threshold }
    guard isCompressing else { return nil }
    output.removeAll()
    if deflater == nil {
      deflater = RawDeflater(windowBits: windowBits, level: settings.level, memLevel: settings.memLevel)
    }
    if isFinal {
      deflater?.finishMessage(payload, into: &output)
      if !keepsContext { deflater?.reset() }
    } else {
      deflater?.deflate(payload, into: &output)
    }
    return output.bytes
  }
}
