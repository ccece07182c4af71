import Foundation
import WebSocketProtocol

/// Finds and reads the files under fixtures/.
enum Fixtures {
  /// The fixtures folder of the package: above this file, wherever symbolic links led the compiler to it. The variable
  /// WSRIG_FIXTURES overrides it.
  static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["WSRIG_FIXTURES"] { return URL(fileURLWithPath: path) }
    var place = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    while place.path != "/" {
      place.deleteLastPathComponent()
      let candidate = place.appendingPathComponent("fixtures/vectors")
      if FileManager.default.fileExists(atPath: candidate.path) {
        return place.appendingPathComponent("fixtures")
      }
    }
    preconditionFailure("no fixtures folder above \(#filePath); set WSRIG_FIXTURES")
  }()

  private struct File<Vector: Decodable>: Decodable { let vectors: [Vector] }

  /// The vectors of one file in fixtures/vectors.
  static func vectors<Vector: Decodable>(_ name: String, as: Vector.Type = Vector.self) -> [Vector] {
    do {
      let data = try Data(contentsOf: folder.appendingPathComponent("vectors/\(name).json"))
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
