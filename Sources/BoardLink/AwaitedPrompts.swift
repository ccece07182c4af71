import Synchronization

/// Counts the friendly prompts that have come, beside those that are to come: the first, and one behind each line or control code.
///
/// Others may come before: what a board that has just started has shown by itself lies there to be read, when the console asks for banner
/// and prompt. A banner more than was asked for counts for nothing, nor what comes before the first one.
final class AwaitedPrompts: Sendable {
  private struct State {
    var awaited = 1
    var come = 0
    var bannersAwaited = 1
    var bannersCome = 0
    /// Whether the last line was that of a banner.
    var isBehindBanner = false
    /// The line that the board is printing, as far as a banner's is known by it.
    var line: [UInt8] = []
  }

  private let state = Mutex(State())
  /// Whether the first prompt is one behind a banner.
  private let startsWithBanner: Bool

  /// Ctrl-B, Ctrl-C, Ctrl-D and the end of a line.
  private static let answered: Set<UInt8> = [0x02, 0x03, 0x04, 0x0D]
  /// Ctrl-B and Ctrl-D are answered by a banner.
  private static let answeredByBanner: Set<UInt8> = [0x02, 0x04]
  private static let prompts = [">>> ", "... "].map { [UInt8]($0.utf8) }
  /// How the lines of MicroPython's banner begin; a build without `help()` has the first alone.
  private static let banner = ["MicroPytho", "Type \"help"].map { [UInt8]($0.utf8) }
  private static let bannerLength = banner.map(\.count).max() ?? 0

  init(behindBanner: Bool) { startsWithBanner = behindBanner }

  /// Whether nothing more is to come of what was typed.
  var haveCome: Bool { state.withLock { $0.come >= $0.awaited } }

  /// Takes what is typed.
  func type(_ bytes: [UInt8]) {
    state.withLock {
      $0.awaited += bytes.count { Self.answered.contains($0) }
      $0.bannersAwaited += bytes.count { Self.answeredByBanner.contains($0) }
    }
  }

  /// Takes what the board sends.
  func receive(_ bytes: [UInt8]) {
    state.withLock { state in
      for byte in bytes {
        if byte == 0x0A || byte == 0x0D {
          if Self.banner.contains(state.line) { state.isBehindBanner = true }
          state.line = []
        } else if state.line.count < Self.bannerLength {
          state.line.append(byte)
          if Self.prompts.contains(state.line) { countPrompt(&state) }
        }
      }
    }
  }

  private func countPrompt(_ state: inout State) {
    if state.isBehindBanner {
      state.isBehindBanner = false
      state.bannersCome += 1
      state.come += state.bannersCome <= state.bannersAwaited ? 1 : 0
    } else if !startsWithBanner || state.bannersCome > 0 {
      state.come += 1
    }
  }
}
