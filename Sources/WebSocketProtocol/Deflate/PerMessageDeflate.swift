/// How an endpoint compresses what it sends; its peer need not know.
public struct CompressionSettings: Hashable, Sendable {
  /// The least payload that is compressed, in bytes; of a message in fragments, that of the first. By default each message is,
  /// since this rig is for testing: elsewhere some hundred bytes are a good choice.
  public var threshold = 0
  /// 0 (stored) to 9 (smallest); 6 by default, as in zlib.
  public var level = 6
  /// 1...9, how much memory the search for matches gets; 8 by default, as in zlib.
  public var memLevel = 8

  /// The defaults.
  public init() {}
}

/// permessage-deflate as agreed on for a connection (RFC 7692): what ``ConnectionMachine`` is made with.
public struct PerMessageDeflate: Hashable, Sendable {
  /// What both endpoints keep to.
  public var parameters: DeflateParameters
  /// How this endpoint compresses.
  public var settings: CompressionSettings

  /// Describes the extension of a connection.
  public init(_ parameters: DeflateParameters, settings: CompressionSettings = CompressionSettings()) {
    self.parameters = parameters
    self.settings = settings
  }
}

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
