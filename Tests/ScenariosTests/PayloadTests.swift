import Steps
import Testing

@Suite("Payloads")
struct PayloadTests {
  private static let payloads: [Payload] = [
    .empty, "text", .bytes([0, 255]), .repeated(unit: [1, 2, 3], count: 1),
    .repeated(unit: [7], count: 200_000), .repeated(unit: Array("aé€".utf8), count: 70_001),
    .repeated(unit: Array(repeating: 9, count: 100_000), count: 3), .repeated(unit: [], count: 5),
    .repeated(unit: [1], count: 0),
  ]

  @Test(
    "a payload equals its own bytes, and none that differ in length or in any one place", arguments: payloads)
  func equality(_ payload: Payload) throws {
    let bytes = try #require(payload.bytes)
    #expect(payload.equals(bytes))
    #expect(!payload.equals(bytes + [0]))
    guard !bytes.isEmpty else { return }
    #expect(!payload.equals(Array(bytes.dropLast())))
    for place in [0, bytes.count / 2, bytes.count - 1] {
      var other = bytes
      other[place] ^= 1
      #expect(!payload.equals(other))
    }
  }

  @Test("nothing equals what is still to be drawn")
  func random() { #expect(!Payload.random(count: 1, kind: .binary).equals([1])) }
}
