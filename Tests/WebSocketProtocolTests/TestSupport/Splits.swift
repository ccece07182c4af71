import WebSocketProtocol

/// The ways in which every vector is cut: whole, byte by byte, and once at every place.
func everySplit(_ bytes: [UInt8]) -> [[[UInt8]]] {
  var ways = [[bytes], bytes.map { [$0] }]
  if bytes.count > 1 {
    ways += (1..<bytes.count).map { [Array(bytes[..<$0]), Array(bytes[$0...])] }
  }
  return ways
}

/// Cuts at random places; pieces may be empty.
func randomChunks(_ bytes: [UInt8], using generator: inout SplitMix64) -> [[UInt8]] {
  var chunks: [[UInt8]] = []
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = Int.random(in: 0...min(rest.count, 40), using: &generator)
    chunks.append(Array(rest.prefix(count)))
    rest = rest.dropFirst(count)
  }
  return chunks
}

extension Array where Element == [UInt8] {
  /// For messages of failures: the lengths of the pieces.
  var cut: String { "cut as \(prefix(20).map(\.count))" }
}
