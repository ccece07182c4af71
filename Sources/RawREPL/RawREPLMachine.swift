/// MicroPython's raw REPL seen from the host, without any input or output of its own.
///
/// Four calls make the seam: `receive` and `receiveEnd` take what came from the board, `takeEvents` and
/// `takeOutput` hand out what it means and what to send. The machine has no clock: the caller sets the
/// deadlines, and says with `deadlinePassed` when a resynchronisation has waited long enough.
public struct RawREPLMachine: Sendable {
  /// How many times a prompt is looked for before `resynchronisationFailed`.
  public static let resynchronisationAttempts = 3
  /// The size of a chunk in the plain raw REPL, which has no flow control, in bytes.
  public static let plainChunkBytes = 256
  /// The pause after such a chunk: with the 512-byte input ring of a board it never overruns.
  public static let plainChunkPause = Duration.milliseconds(10)
  /// So much of an error section is kept; the rest is dropped. No traceback is as long, but what a program prints after an end marker of
  /// its own is taken for one at first.
  public static let errorOutputLimitBytes = 256 * 1024

  var state = RawREPLState.unknown
  var hasRawPaste: Bool
  var outgoing: [UInt8] = []
  var events: [RawREPLEvent] = []

  /// A machine that knows nothing of the board yet.
  ///
  /// - Parameter allowsRawPaste: false makes it use the plain raw REPL from the start.
  public init(allowsRawPaste: Bool = true) { hasRawPaste = allowsRawPaste }

  /// The board is at the raw prompt.
  public var isReady: Bool { state == .ready }

  /// The state in words, such as "at its prompt", for messages.
  public var stateDescription: String { state.name }

  /// The events since the last call, oldest first.
  public mutating func takeEvents() -> [RawREPLEvent] {
    defer { events.removeAll() }
    return events
  }

  /// The bytes to send now. Send all of them before the next call.
  ///
  /// In the plain raw REPL one call gives one chunk, and `outputPause` says how long to wait for the next.
  public mutating func takeOutput() -> [UInt8] {
    if case .sendingPlain(let source, let sent) = state, outgoing.isEmpty {
      sendPlainChunk(source, sent)
    }
    defer { outgoing.removeAll() }
    return outgoing
  }

  /// Not nil while more of a source text waits that must be paced: call `takeOutput` again after it.
  public var outputPause: Duration? {
    if case .sendingPlain = state { Self.plainChunkPause } else { nil }
  }

  private mutating func sendPlainChunk(_ source: [UInt8], _ sent: Int) {
    let end = min(sent + Self.plainChunkBytes, source.count)
    outgoing += source[sent..<end]
    if end == source.count {
      outgoing.append(ControlCode.endOfData)
      state = .awaitingAcceptance(PromptMatcher(REPLText.accepted))
    } else {
      state = .sendingPlain(source: source, sent: end)
    }
  }
}

// MARK: Commands

extension RawREPLMachine {
  /// Brings the board to the raw prompt from whatever it is doing; `ready` or `resynchronisationFailed`
  /// follows.
  ///
  /// Sends two interrupts and Ctrl-B, looks for the friendly prompt, then sends Ctrl-A and looks for the raw
  /// banner. Ctrl-D is avoided in the first attempt, because at an empty prompt it is a soft reset; later
  /// attempts begin with it, since a board that ended a raw-paste early swallows everything until it comes.
  public mutating func resynchronise() {
    guard state != .ended else { return }
    releaseHeldBytes()
    outgoing.removeAll()
    beginResynchronisation(attempt: 1)
  }

  /// The caller's deadline for the current attempt to find a prompt passed: the next attempt begins, or
  /// `resynchronisationFailed` follows. Without effect in other states.
  public mutating func deadlinePassed() {
    switch state {
    case .resynchronising(let attempt, _), .enteringRawREPL(let attempt, _):
      releaseHeldBytes()
      if attempt < Self.resynchronisationAttempts {
        beginResynchronisation(attempt: attempt + 1)
      } else {
        state = .unknown
        events.append(.resynchronisationFailed)
      }
    default: break
    }
  }

  /// Runs a source text; `started`, output and `finished` follow.
  ///
  /// - Parameter source: UTF-8 text without 0x03 and 0x04, which would act on the REPL.
  /// - Throws: `InvalidOperation` if the board is not at the raw prompt or the text holds those bytes.
  public mutating func execute(_ source: [UInt8]) throws(InvalidOperation) {
    try require(state == .ready, "executing a source text")
    let isClean = !source.contains(ControlCode.interrupt) && !source.contains(ControlCode.endOfData)
    try require(isClean, "executing a source text that holds control bytes")
    if hasRawPaste {
      outgoing += REPLText.rawPasteRequest
      let answers = PromptMatcher(REPLText.rawPasteOn, REPLText.rawPasteOff, REPLText.rawBanner)
      state = .requestingRawPaste(source: source, answers)
    } else {
      sendPlain(source)
    }
  }

  /// Begins to send a source text to the plain raw REPL. There an empty one would ask for a soft reset, so a
  /// comment stands in for it.
  mutating func sendPlain(_ source: [UInt8]) {
    state = .sendingPlain(source: source.isEmpty ? [UInt8(ascii: "#")] : source, sent: 0)
  }

  /// Sends Ctrl-C: a running program gets a KeyboardInterrupt, a source text on its way is cut off.
  public mutating func interrupt() {
    guard state != .ended else { return }
    outgoing.append(ControlCode.interrupt)
    switch state {
    case .pasting:
      // Unlike after an early end of its own, a board that was interrupted does not wait for an end marker:
      // one sent now would reach the empty prompt and ask for a soft reset.
      state = .awaitingCompilation
    case .sendingPlain:
      // Ctrl-C clears the line in the plain raw REPL, and the end marker runs what is left: nothing.
      // A board takes that for a soft reset, so a comment is what it is given to run.
      outgoing += [UInt8(ascii: "#"), ControlCode.endOfData]
      state = .awaitingAcceptance(PromptMatcher(REPLText.accepted))
    default: break
    }
  }

  /// Types bytes for the running program to read from its standard input; without effect once it has ended, as the prompt would
  /// take them for a source text.
  public mutating func type(_ bytes: [UInt8]) {
    if case .standardOutput = state { outgoing += bytes }
  }

  /// Asks for a soft reset; `softResetFinished` follows, and the raw REPL stays.
  ///
  /// - Throws: `InvalidOperation` if the board is not at the raw prompt.
  public mutating func softReset() throws(InvalidOperation) {
    try require(state == .ready, "a soft reset")
    outgoing.append(ControlCode.endOfData)
    state = .softResetting(PromptMatcher(REPLText.rawBanner))
  }

  /// Returns to the friendly REPL; `left` follows.
  ///
  /// - Throws: `InvalidOperation` if the board is not at the raw prompt.
  public mutating func leave() throws(InvalidOperation) {
    try require(state == .ready, "leaving the raw REPL")
    outgoing.append(ControlCode.enterFriendlyREPL)
    state = .leaving(PromptMatcher(REPLText.friendlyPrompt))
  }

  private func require(_ condition: Bool, _ operation: String) throws(InvalidOperation) {
    guard condition else { throw InvalidOperation(operation: operation, state: state.name) }
  }

  private mutating func beginResynchronisation(attempt: Int) {
    if attempt > 1 { outgoing.append(ControlCode.endOfData) }
    outgoing += [ControlCode.interrupt, ControlCode.interrupt, ControlCode.enterFriendlyREPL]
    state = .resynchronising(attempt: attempt, PromptMatcher(REPLText.friendlyPrompt))
  }
}
