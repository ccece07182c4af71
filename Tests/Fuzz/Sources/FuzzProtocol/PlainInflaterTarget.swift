import FuzzSupport
import WebSocketProtocol

@testable import VerdictInflating

/// The judge's inflater beside zlib, which the peers go by: both inflate the same messages to the same bytes, and refuse the same; the
/// judge's does not depend on the cuts.
enum PlainInflaterTarget: FuzzTarget {
  private static let limit = 1 << 14

  static func run(_ input: FuzzInput) {
    let expected: [UInt8]?
    do throws(InflateFailure) {
      var zlib = RawInflater()
      expected = try zlib.inflateMessage(input.payload, limit: limit)
    } catch {
      // Few bytes become many, and the judge takes its time for each.
      if error == .limitExceeded { return }
      expected = nil
    }
    var (plain, output): (PlainInflater, [UInt8]?) = (PlainInflater(), [])
    input.forEachChunk { _, chunk in
      guard output != nil else { return }
      if let more = try? plain.inflate(Array(chunk)) { output? += more } else { output = nil }
    }
    if output != nil, !plain.finishMessage() { output = nil }
    precondition(output == expected, "the judge and zlib do not agree")
  }
}
