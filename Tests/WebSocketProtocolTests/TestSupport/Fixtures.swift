import Foundation
import TestSupport
import WebSocketProtocol

/// Reads the files under fixtures/.
enum Fixtures {
  private struct File<Vector: Decodable>: Decodable { let vectors: [Vector] }

  /// The vectors of one file in fixtures/vectors.
  static func vectors<Vector: Decodable>(_ name: String, as: Vector.Type = Vector.self) -> [Vector] {
    do {
      let data = try Data(contentsOf: Repository.fixtures.appending(path: "vectors/\(name).json"))
      return try JSONDecoder().decode(File<Vector>.self, from: data).vectors
    } catch {
      preconditionFailure("cannot read the vectors \(name): \(error)")
    }
  }
}

/// Bytes of hexadecimal text that a vector has.
func bytes(hex: String) -> [UInt8] {
  guard let bytes = Hexadecimal.bytes(hex) else { preconditionFailure("no hexadecimal text: \(hex)") }
  return bytes
}

/// Bytes as hexadecimal text.
func hex(_ bytes: some Collection<UInt8>) -> String { Hexadecimal.text(bytes) }
