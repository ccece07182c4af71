import RawREPL
import Synchronization

/// Looks for the agent's word that the client's steps are over in what a program prints, in chunks of any size.
final class OverWatch: Sendable {
  private struct State {
    var tail: [UInt8] = []
    var isFound = false
  }

  /// The record as the agent prints it: its text never changes.
  static let line: [UInt8] = {
    let text = Array(#"{"k": "over"}"#.utf8)
    let digits = String(CRC32.checksum(of: text), radix: 16)
    let checksum = String(repeating: "0", count: 8 - digits.count) + digits
    return AgentOutput.sentinel + Array("\(checksum):".utf8) + text
  }()

  private let state = Mutex(State())
  private let whenFound: @Sendable () -> Void

  /// - Parameter whenFound: called once, by whoever calls ``receive(_:)``.
  init(whenFound: @escaping @Sendable () -> Void) { self.whenFound = whenFound }

  /// Takes the next bytes of standard output.
  func receive(_ bytes: [UInt8]) {
    let isNew = state.withLock { state in
      guard !state.isFound else { return false }
      let text = state.tail + bytes
      state.isFound = text.firstRange(of: Self.line) != nil
      state.tail = state.isFound ? [] : Array(text.suffix(Self.line.count - 1))
      return state.isFound
    }
    if isNew { whenFound() }
  }
}
