import ArgumentParser
import WebSocketProtocol

/// The inner loops on 64 KiB, as one JSON object in GB/s: the best of many short runs, as the machine may be shared.
struct LoopsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "loops", abstract: "Speed of the inner loops on 64 KiB: GB/s, as JSON.")

  private static let size = 64 << 10
  private static let runs = 40
  private static let turns = 1_000

  func run() throws {
    let rows: [(String, Double)] = [
      ("utf8_cjk", validating(Self.filled(with: Array("漢字".utf8)))),
      ("utf8_ascii", validating(Self.filled(with: Array("plain text ".utf8)))),
      ("masking", masking()), ("memcpy", copying()),
    ]
    print("{" + rows.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}")
  }

  /// Whole characters, so that the end cuts none.
  private static func filled(with unit: [UInt8]) -> [UInt8] {
    Array((0..<size / unit.count).map { _ in unit }.joined())
  }

  private func validating(_ text: [UInt8]) -> Double {
    text.withUnsafeBytes { bytes in
      speed(bytes.count) {
        var validator = UTF8StreamValidator()
        precondition(validator.append(bytes) == nil && validator.isComplete)
      }
    }
  }

  private func masking() -> Double {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.size, alignment: 64)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 7)
    let key = MaskingKey(0x37, 0xFA, 0x21, 0x3D)
    return speed(memory.count) { Masking.apply(key, to: memory) }
  }

  private func copying() -> Double {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * Self.size, alignment: 64)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 7)
    let target = UnsafeMutableRawBufferPointer(rebasing: memory[Self.size...])
    let source = UnsafeRawBufferPointer(rebasing: memory[..<Self.size])
    return speed(Self.size) { target.copyMemory(from: source) }
  }

  private func speed(_ byteCount: Int, _ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    let times = (0..<Self.runs).map { _ in clock.measure { for _ in 0..<Self.turns { body() } } }
    return Double(byteCount * Self.turns) / (times.min()! / .nanoseconds(1))
  }
}
