import Foundation
import Steps
import WebSocketProtocol

/// Simpler steps of a server, and payloads of both sides.
extension Shrinker {
  /// The steps with one fragment fewer: its payload stands in the next one of its message.
  static func withFragmentsJoined(_ steps: [ServerStep]) -> [[ServerStep]] {
    let fragments = steps.indices.compactMap { index -> (index: Int, frame: FrameSpec)? in
      if case .sendFrame(let frame) = steps[index], !frame.opcode.isControl { (index, frame) } else { nil }
    }
    return zip(fragments, fragments.dropFirst()).compactMap { first, second in
      guard !first.frame.isFinal, second.frame.opcode == .continuation,
        let begin = first.frame.payload.bytes, let end = second.frame.payload.bytes
      else { return nil }
      var joined = first.frame
      joined.isFinal = second.frame.isFinal
      joined.payload = .bytes(begin + end)
      var left = steps
      left[second.index] = .sendFrame(joined)
      left.remove(at: first.index)
      return left
    }
  }

  static func simpler(_ step: ServerStep) -> [ServerStep] {
    switch step {
    case .respond(.accept(let edits)):
      return pieces(of: edits.count).map { range in
        var left = edits
        left.removeSubrange(range)
        return .respond(.accept(edits: left))
      }
    case .respond(.raw(let payload)): return heads(payload).map { .respond(.raw($0)) }
    case .sendFrame(let frame): return simpler(frame).map(ServerStep.sendFrame)
    case .sendMessage(let message): return simpler(message).map(ServerStep.sendMessage)
    case .sendBytes(let payload): return simpler(payload).map(ServerStep.sendBytes)
    case .expectMessage(let kind?, let payload):
      return (payload == nil ? [] : [.expectMessage(kind: kind, payload: nil)])
    case .pause(let time) where time > 2: return [.pause(milliseconds: time / 2)]
    default: return []
    }
  }

  /// A head without one of its lines.
  private static func heads(_ payload: Payload) -> [Payload] {
    guard case .text(let text) = payload else { return [] }
    let lines = text.components(separatedBy: "\r\n")
    guard lines.count > 2 else { return [] }
    return lines.indices.dropFirst().dropLast(2).reversed().map { index in
      var left = lines
      left.remove(at: index)
      return .text(left.joined(separator: "\r\n"))
    }
  }

  private static func simpler(_ frame: FrameSpec) -> [FrameSpec] {
    var all: [FrameSpec] = []
    func offer(_ change: (inout FrameSpec) -> Void) {
      var smaller = frame
      change(&smaller)
      if smaller != frame { all.append(smaller) }
    }
    offer { $0.declaredLength = nil }
    offer { $0.lengthEncoding = .minimal }
    offer { $0.maskingKey = nil }
    offer { $0.isFinal = true }
    offer { $0.reservedBits = 0 }
    if frame.reservedBits.nonzeroBitCount > 1 {
      for bit: UInt8 in [4, 2, 1] { offer { $0.reservedBits &= bit } }
    }
    return all
      + simpler(frame.payload).map { payload in
        var smaller = frame
        smaller.payload = payload
        return smaller
      }
  }

  private static func simpler(_ message: MessageSpec) -> [MessageSpec] {
    var all: [MessageSpec] = []
    func offer(_ change: (inout MessageSpec) -> Void) {
      var smaller = message
      change(&smaller)
      if smaller != message { all.append(smaller) }
    }
    offer { $0.pingBetween = nil }
    offer { $0.fragments = .count(1) }
    offer { $0.fragments = .count(2) }
    offer { ($0.isCompressed, $0.blocks, $0.deflated) = (false, .normal, nil) }
    offer { $0.blocks = .normal }
    offer { $0.usesContext = true }
    return all.filter { $0.fragments != .count(2) || message.fragments != .count(1) }
      + simpler(message.payload).map { payload in
        var smaller = message
        smaller.payload = payload
        return smaller
      }
  }

  /// Fewer bytes, and simpler ones.
  static func simpler(_ payload: Payload) -> [Payload] {
    if case .repeated(let unit, let count) = payload {
      return [.empty]
        + [0, count / 2, count - 1].filter { $0 < count && $0 > 0 }.map { .repeated(unit: unit, count: $0) }
        + (unit.count > 1 ? [.repeated(unit: [0x61], count: unit.count * count)] : [])
    }
    guard let bytes = payload.bytes, !bytes.isEmpty else { return [] }
    var all: [Payload] = [.empty]
    if bytes.count > 1 {
      all += pieces(of: bytes.count).dropFirst().prefix(24).map { range in
        .bytes(Array(bytes[..<range.lowerBound] + bytes[range.upperBound...]))
      }
    }
    let plain = Array(repeating: UInt8(ascii: "a"), count: bytes.count)
    if bytes != plain { all.append(.bytes(plain)) }
    return all
  }
}
