import PosixIO
import Traces

/// Writing, pacing and ending our direction.
extension ScriptedConnection {
  /// Writes what may be written now.
  func pump() {
    var left = Self.writesPerTurn
    while true {
      switch queue.action {
      case .idle: return
      case .pause(let milliseconds):
        guard sendTimer?.isSet == false else { return }
        ownPauses += .milliseconds(milliseconds)
        sendTimer?.set(.after(.milliseconds(milliseconds)))
        return
      case .write(let range):
        guard !waitsForWritable else { return }
        guard left > 0 else {
          sendTimer?.set(.at(loop.now))
          return
        }
        left -= 1
        write(range)
      }
    }
  }

  private func write(_ range: Range<Int>) {
    let instant = MonotonicInstant.now()
    let transfer = queue.withBytes(range) { bytes in
      let transfer = stream.send(bytes)
      if case .moved(let count) = transfer {
        let end = stampedEnd(afterSending: count)
        tap.sent(UnsafeRawBufferPointer(rebasing: bytes[..<count]), at: instant, stampedEnd: end)
      }
      return transfer
    }
    switch transfer {
    case .moved(let count): queue.wrote(count)
    case .wouldBlock, .end: waitsForWritable = true
    case .failed:
      // The client is gone; the read side learns and records how.
      queue.removeAll()
    }
  }

  func sendPauseEnded() {
    queue.pauseEnded()
    resume()
  }

  func stepPauseEnded() {
    stepState = .finished
    advance()
  }

  /// Goes on after a write became possible, in whatever phase.
  private func resume() {
    pump()
    advance()
    finishDrain()
  }

  /// Half-closes once all is sent, then reads and drops until the client's end of stream.
  func drain() {
    guard phase != .draining, phase != .closed else { return }
    phase = .draining
    readingStopped = false
    pump()
    finishDrain()
  }

  func finishDrain() {
    guard phase == .draining, queue.isEmpty, !stream.holdsUnsent else { return }
    endSending()
    if clientEnded { close() }
  }

  /// Ends our direction, with TLS after its close_notify unless that shall be missing.
  func endSending(notifying: Bool = true) {
    guard !sentEnd else { return }
    sentEnd = true
    if notifying { stream.endSending() } else { stream.truncate() }
    tap.note(.sentEnd, at: .now())
  }

  func reset() {
    guard phase != .closed else { return }
    tap.note(.sentReset, at: .now())
    stream.reset()
    close()
  }
}
