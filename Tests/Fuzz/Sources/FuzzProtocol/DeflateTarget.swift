import FuzzSupport
import WebSocketProtocol

/// Inflating what a peer sends: nothing traps, the limit is kept, nothing depends on the cuts, and what came out comes out again when it is
/// deflated anew (RFC 7692 section 7.2).
enum DeflateTarget: FuzzTarget {
  private static let limit = 1 << 14

  static func run(_ input: FuzzInput) {
    let whole = inflated(input, whole: true)
    precondition(whole == inflated(input, whole: false), "what is inflated depends on the cuts")
    guard case .success(let bytes) = whole else { return }
    precondition(bytes.count <= limit)
    var deflater = RawDeflater(windowBits: windowBits(input))
    var inflater = RawInflater(windowBits: windowBits(input))
    let again = try? inflater.inflateMessage(deflater.deflateMessage(bytes), limit: limit)
    precondition(again == bytes, "what was deflated is not inflated again")
  }

  /// 9 to 15, by the first code: zlib deflates with no smaller window.
  private static func windowBits(_ input: FuzzInput) -> Int { 9 + Int(input.codes.first ?? 6) % 7 }

  private static func inflated(_ input: FuzzInput, whole: Bool) -> Result<[UInt8], InflateFailure> {
    var inflater = RawInflater(windowBits: windowBits(input))
    var output = ByteBuffer()
    var failure: InflateFailure?
    input.forEachChunk(whole: whole) { chunk in
      guard failure == nil else { return }
      failure = attempt { () throws(InflateFailure) in
        try Array(chunk).withUnsafeBufferPointer { (bytes) throws(InflateFailure) in
          try inflater.inflate(UnsafeRawBufferPointer(bytes), into: &output, limit: limit)
        }
      }
    }
    failure = failure ?? attempt { () throws(InflateFailure) in try inflater.finishMessage() }
    return failure.map { .failure($0) } ?? .success(Array(output.bytes))
  }

  private static func attempt(_ work: () throws(InflateFailure) -> Void) -> InflateFailure? {
    do { try work() } catch { return error }
    return nil
  }
}
