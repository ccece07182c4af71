import Foundation
import PosixIO

extension Link {
  /// Asks the board at whatever prompt it has for `machine.reset()`, and reads on until the link has ended, for at most half
  /// of the time left.
  ///
  /// - Parameter mayStay: whether the link may stay, so that the board's banner shows that it has restarted.
  /// - Returns: whether it has on this link; false where the link has ended.
  /// - Throws: `BoardFailure` with `.timedOut` if neither has come by then.
  @discardableResult
  func askForReset(deadline: Deadline, mayStay: Bool = false) async throws -> Bool {
    let request = [UInt8]("\u{3}\u{3}\u{2}\rimport machine\rmachine.reset()\r".utf8)
    let now = MonotonicInstant.now()
    let half = deadline.instant.map { Deadline.at(now + ($0 - now) / 2) } ?? .after(.seconds(10))
    var said: [UInt8] = []
    do {
      try await write(request, deadline: half)
      while !mayStay || !Self.showsBanner(String(decoding: said, as: UTF8.self)) {
        // A program that prints without end is not kept whole.
        said = (said + (try await read(deadline: half))).suffix(4096)
      }
      return true
    } catch let failure as BoardFailure {
      if case .timedOut = failure.cause {
        throw self.failure(.timedOut("the board to restart after machine.reset()"))
      }
      return false
    }
  }

  /// After the command itself, which the prompt echoes, a board that restarted names its firmware.
  private static func showsBanner(_ text: String) -> Bool {
    guard let echo = text.range(of: "machine.reset()") else { return false }
    return text[echo.upperBound...].contains("MicroPython ")
  }
}
