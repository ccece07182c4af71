import Foundation
import Traces
import WebSocketProtocol

/// What a client has to draw at random: the masking keys of its frames and the keys of its opening handshakes.
///
/// Two kinds of defect are looked for: what no chance explains (``RandomnessCheck``), and the one generator that clients for
/// MicroPython are known to use (``YasmarangSearch``). Other generators of good statistical quality are not seen.
///
/// The probability to accuse a client that draws them well stays below 1e-6 for a run of up to 1500 cases: each case may spend
/// ``casePortion`` on its masking keys and ``handshakePortion`` on its handshakes, the run as a whole ``runPortion`` on each.
struct ClientKeys: Sendable {
  /// What one case may spend on masking keys. Two equal keys have a chance of 2.3e-10; half of the portion covers it.
  static let casePortion = 5e-10
  /// What one case may spend on the keys of opening handshakes.
  static let handshakePortion = 1e-10
  /// What a run may spend on all its masking keys, and again on all keys of its handshakes.
  static let runPortion = 5e-8

  /// Masking keys in the order of the frames, connection by connection. Frames without payload are left out: nothing is masked.
  var masking: [UInt32] = []
  /// All masking keys of a connection in a row, those of frames without payload too: they are drawn like the others.
  var sequences: [[UInt32]] = []
  /// Keys of handshakes: four words each.
  var handshakes: [[UInt32]] = []

  init() {}

  /// The keys of these connections.
  init(of connections: [DecodedConnection]) {
    masking = connections.flatMap(\.client.frames).compactMap { frame in
      guard frame.payloadLength > 0 else { return nil }
      return frame.header.maskingKey.map { Self.word($0.bytes[...]) }
    }
    sequences = connections.map { connection in
      connection.client.frames.compactMap { frame in frame.header.maskingKey.map { Self.word($0.bytes[...]) }
      }
    }
    handshakes = connections.compactMap { connection in
      guard let text = connection.request?.values("Sec-WebSocket-Key").first,
        let key = Data(base64Encoded: text).map(Array.init), key.count == 16
      else { return nil }
      return stride(from: 0, to: 16, by: 4).map { Self.word(key[$0..<$0 + 4]) }
    }
  }

  private static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    bytes.reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// What is wrong with the masking keys, as a sentence; nil where nothing is.
  func maskingDefect(spending portion: Double) -> String? {
    RandomnessCheck(words: masking, falseAlarmProbability: portion).defect.map {
      "\(masking.count) masking keys \($0) (by chance in less than \(portion) of all runs)."
    }
  }

  /// The generator that the masking keys of some connection come from, as a sentence; nil where they are of none that is known.
  /// The search takes some 4 ms for a connection with many frames, 20 ms in a build for debugging.
  var maskingGenerator: String? {
    guard sequences.contains(where: YasmarangSearch.finds) else { return nil }
    return
      "masking keys are the numbers that MicroPython's random gives, so that all later ones can be computed from"
      + " \(YasmarangSearch.needed) of them (by chance in less than 2^-2000 of all runs)."
  }

  /// What is wrong with the keys of handshakes, as a sentence; nil where nothing is.
  ///
  /// Looked at are all words in one row, and each of the four words for itself over all handshakes.
  func handshakeDefect(spending portion: Double) -> String? {
    let rows = [handshakes.flatMap { $0 }] + (0..<4).map { place in handshakes.map { $0[place] } }
    for row in rows {
      let check = RandomnessCheck(words: row, falseAlarmProbability: portion / Double(rows.count))
      guard let defect = check.defect else { continue }
      return
        "The 32-bit words in \(handshakes.count) keys of opening handshakes \(defect)"
        + " (by chance in less than \(portion) of all runs)."
    }
    return nil
  }
}
