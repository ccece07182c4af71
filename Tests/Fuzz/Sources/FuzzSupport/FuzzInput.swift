/// An input that picks its own chunk sizes: a byte that says how many codes follow, the codes, and the bytes for the parser. The codes
/// are used in turn, again and again; each says how long the next chunk is, and what is done before it.
public struct FuzzInput {
  /// How the bytes are cut, and what is done in between.
  public let codes: [UInt8]
  /// The bytes for the parser.
  public let payload: [UInt8]

  /// Takes the fuzzer's bytes apart.
  public init(_ data: UnsafeBufferPointer<UInt8>) {
    let count = min(Int(data.first ?? 0) & 15, max(0, data.count - 1))
    codes = [UInt8](data.dropFirst().prefix(count))
    payload = [UInt8](data.dropFirst(1 + count))
  }

  /// An input with other bytes, cut the same way.
  public init(codes: [UInt8], payload: [UInt8]) {
    self.codes = codes
    self.payload = payload
  }

  /// The bytes in one chunk, or in chunks.
  public func forEachChunk(whole: Bool, _ body: (ArraySlice<UInt8>) -> Void) {
    if whole { body(payload[...]) } else { forEachChunk { _, chunk in body(chunk) } }
  }

  /// The bytes in chunks, each with its code.
  public func forEachChunk(_ body: (UInt8, ArraySlice<UInt8>) -> Void) {
    guard !codes.isEmpty else { return body(0, payload[...]) }
    var rest = payload[...]
    var next = 0
    repeat {
      let code = codes[next % codes.count]
      next += 1
      // A code without length would go on for ever, so that it is one byte.
      // The longest is long enough for what only large payloads go through.
      let length = code >> 3 == 31 ? 4096 : max(1, Int(code >> 3))
      let chunk = rest.prefix(length)
      rest = rest.dropFirst(chunk.count)
      body(code, chunk)
    } while !rest.isEmpty
  }
}
