import FuzzSupport
import Traces
import WebSocketProtocol

/// Heads as the judge reads them, held against the strict parser of the peers: what that one takes, the judge reads the same way and finds
/// nothing amiss with; of everything else nothing traps.
enum DecodedHeadTarget: FuzzTarget {
  static func run(_ input: FuzzInput) {
    check(DecodedHead(input.payload))
    var parser = HTTPHeadParser(limits: Limits(framePayload: 1, message: 1, head: 2048, headerFields: 64))
    guard case .complete(let head, _) = input.payload.withUnsafeBytes({ parser.receive($0) }) else { return }
    let decoded = DecodedHead(head.rawBytes)
    precondition(
      decoded.isEnded && decoded.bareLineEndOffset == nil, "a complete head is not one to the judge")
    precondition(decoded.startLine == head.startLine, "the first lines differ")
    let fields = head.fields.fields
    precondition(decoded.fields.map(\.name) == fields.map(\.name), "the names differ")
    precondition(decoded.fields.map(\.value) == fields.map(\.value), "the values differ")
    precondition(decoded.fields.allSatisfy(\.isWellFormed), "a lawful line is malformed to the judge")
    compareExtensions(decoded)
  }

  /// What holds of any bytes.
  private static func check(_ decoded: DecodedHead) {
    var last = 0
    for field in decoded.fields {
      precondition(
        field.streamOffset > last && decoded.bytes[field.streamOffset - 1] == 0x0A, "no line begins there")
      last = field.streamOffset
    }
    _ = (decoded.hasMalformedExtensions, decoded.list("Connection"), decoded.values("Upgrade"))
  }

  private static func compareExtensions(_ decoded: DecodedHead) {
    var elements: [ExtensionElement] = []
    for value in decoded.values("Sec-WebSocket-Extensions") {
      guard let some = try? ExtensionListParser.parse(value.utf8), !some.isEmpty else { return }
      elements += some
    }
    precondition(!decoded.hasMalformedExtensions, "lawful extensions are malformed to the judge")
    let words = decoded.extensions.map { [$0.name] + $0.parameters.flatMap { [$0.name, $0.value ?? ";"] } }
    let expected = elements.map {
      [$0.name.lowercased()] + $0.parameters.flatMap { [$0.name.lowercased(), $0.value ?? ";"] }
    }
    precondition(words == expected, "the extensions differ")
  }
}
