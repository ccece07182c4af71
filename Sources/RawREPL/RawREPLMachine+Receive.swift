extension RawREPLMachine {
  /// Takes bytes from the board, cut anywhere.
  public mutating func receive(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while !rest.isEmpty {
      switch state {
      case .standardOutput: rest = takeStandardOutput(rest)
      case .errorOutput(let errorOutput): rest = takeErrorOutput(errorOutput, rest)
      case .unknown, .ready, .friendly, .ended:
        emitForeign(rest)
        rest = []
      default:
        if state.matcher != nil { search(&rest) } else { take(rest.removeFirst()) }
      }
    }
  }

  /// Takes bytes from the board, cut anywhere.
  public mutating func receive(_ bytes: [UInt8]) { receive(bytes[...]) }

  /// The link has ended: no byte will come any more.
  public mutating func receiveEnd() {
    guard state != .ended else { return }
    releaseHeldBytes()
    outgoing.removeAll()
    state = .ended
    events.append(.ended)
  }

  /// One byte, in the states where each byte can change the state.
  private mutating func take(_ byte: UInt8) {
    switch state {
    case .readingWindow(let source, let low): takeWindowByte(source, low, byte)
    case .pasting(let source, let sent, let window): takeFlowControl(source, sent, window, byte)
    case .awaitingCompilation: takeCompilation(byte)
    case .sendingPlain: emitForeign([byte])
    case .awaitingPrompt(let errorOutput, let didSoftReset, let after):
      takePrompt(errorOutput, didSoftReset, after + [byte])
    case .resynchronising, .enteringRawREPL, .softResetting, .leaving, .requestingRawPaste,
      .awaitingAcceptance, .unknown, .ready, .friendly, .ended, .standardOutput, .errorOutput:
      preconditionFailure("these states are served in receive")
    }
  }
}

// MARK: Searching through noise

extension RawREPLMachine {
  private mutating func search(_ bytes: inout ArraySlice<UInt8>) {
    guard var matcher = state.matcher else { return }
    let found = matcher.take(&bytes)
    guard let found else {
      if let noise = matcher.takeSurplusNoise() { emitForeign(noise) }
      state.setMatcher(matcher)
      return
    }
    emitForeign(found.noise)
    switch state {
    case .resynchronising(let attempt, _):
      outgoing.append(ControlCode.enterRawREPL)
      state = .enteringRawREPL(attempt: attempt, PromptMatcher(REPLText.rawBanner))
    case .enteringRawREPL: become(.ready, .ready)
    case .softResetting: become(.ready, .softResetFinished)
    case .leaving: become(.friendly, .left)
    case .awaitingAcceptance: become(.standardOutput, .started)
    case .requestingRawPaste(let source, _): takeRawPasteAnswer(source, found.pattern)
    default: preconditionFailure("a state without a matcher does not search")
    }
  }

  /// Whether the board said last, while its prompt is looked for, that it begins anew. Then it is not to be asked again, which would have
  /// it begin anew once more.
  public var isBoardRestarting: Bool {
    switch state {
    case .resynchronising(_, let matcher), .enteringRawREPL(_, let matcher):
      let lineEnds: [UInt8] = [0x0D, 0x0A]
      var said = matcher.everythingHeld[...]
      while let last = said.last, lineEnds.contains(last) { said.removeLast() }
      return said.suffix(REPLText.softReboot.count) == REPLText.softReboot[...]
    default: return false
    }
  }

  private mutating func takeRawPasteAnswer(_ source: [UInt8], _ answer: Int) {
    if answer == 0 {
      state = .readingWindow(source: source, low: nil)
    } else {
      // Known but off, or a firmware from before raw-paste, which printed its banner again: never ask twice.
      hasRawPaste = false
      sendPlain(source)
    }
  }

  private mutating func become(_ next: RawREPLState, _ event: RawREPLEvent) {
    state = next
    events.append(event)
  }

  private mutating func emitForeign(_ bytes: some Collection<UInt8>) {
    if !bytes.isEmpty { events.append(.foreignOutput([UInt8](bytes))) }
  }

  /// Hands out what the current state holds back, before it is left without its pattern.
  mutating func releaseHeldBytes() {
    if let matcher = state.matcher { emitForeign(matcher.everythingHeld) }
    if case .errorOutput(let bytes) = state { emitForeign(bytes) }
    if case .awaitingPrompt(let errorOutput, _, let after) = state { emitForeign(errorOutput + after) }
  }
}

extension RawREPLState {
  /// The search of a state that looks for a pattern.
  fileprivate var matcher: PromptMatcher? {
    switch self {
    case .resynchronising(_, let matcher), .enteringRawREPL(_, let matcher), .softResetting(let matcher),
      .leaving(let matcher), .requestingRawPaste(_, let matcher), .awaitingAcceptance(let matcher):
      matcher
    default: nil
    }
  }

  fileprivate mutating func setMatcher(_ matcher: PromptMatcher) {
    switch self {
    case .resynchronising(let attempt, _): self = .resynchronising(attempt: attempt, matcher)
    case .enteringRawREPL(let attempt, _): self = .enteringRawREPL(attempt: attempt, matcher)
    case .softResetting: self = .softResetting(matcher)
    case .leaving: self = .leaving(matcher)
    case .requestingRawPaste(let source, _): self = .requestingRawPaste(source: source, matcher)
    case .awaitingAcceptance: self = .awaitingAcceptance(matcher)
    default: preconditionFailure("only a searching state has a matcher")
    }
  }
}

// MARK: Raw-paste

extension RawREPLMachine {
  private mutating func takeWindowByte(_ source: [UInt8], _ low: UInt8?, _ byte: UInt8) {
    guard let low else {
      state = .readingWindow(source: source, low: byte)
      return
    }
    guard let window = RawPasteWindow(incrementLow: low, incrementHigh: byte) else {
      let violation = RawREPLViolation(expected: "a window increment above zero", received: [low, byte])
      become(.unknown, .violated(violation))
      return
    }
    paste(source, 0, window)
  }

  /// Sends what the window allows; after the last byte the end marker, which needs no window.
  private mutating func paste(_ source: [UInt8], _ sent: Int, _ window: RawPasteWindow) {
    var window = window
    let granted = window.claim(source.count - sent)
    outgoing += source[sent..<(sent + granted)]
    if sent + granted == source.count {
      outgoing.append(ControlCode.endOfData)
      state = .awaitingCompilation
    } else {
      state = .pasting(source: source, sent: sent + granted, window)
    }
  }

  private mutating func takeFlowControl(
    _ source: [UInt8], _ sent: Int, _ window: RawPasteWindow, _ byte: UInt8
  ) {
    switch byte {
    case ControlCode.enterRawREPL:
      var window = window
      window.grow()
      paste(source, sent, window)
    case ControlCode.endOfData: answerEarlyEnd()
    default: emitForeign([byte])
    }
  }

  private mutating func takeCompilation(_ byte: UInt8) {
    switch byte {
    case ControlCode.enterRawREPL: break  // A window that nobody needs any more.
    // An early end that crossed our own end marker looks the same as its acknowledgement, and is as good.
    case ControlCode.endOfData: become(.standardOutput, .started)
    default: emitForeign([byte])
    }
  }

  /// The board wants no more (syntax error, no memory). It swallows everything until it gets an
  /// end marker, so one must be sent; its output sections follow.
  private mutating func answerEarlyEnd() {
    outgoing.append(ControlCode.endOfData)
    become(.standardOutput, .started)
  }
}

// MARK: Output sections

extension RawREPLMachine {
  private mutating func takeStandardOutput(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let end = bytes.firstIndex(of: ControlCode.endOfData) ?? bytes.endIndex
    if end > bytes.startIndex { events.append(.standardOutput([UInt8](bytes[..<end]))) }
    guard end < bytes.endIndex else { return [] }
    state = .errorOutput([])
    return bytes[(end + 1)...]
  }

  private mutating func takeErrorOutput(
    _ errorOutput: [UInt8], _ bytes: ArraySlice<UInt8>
  ) -> ArraySlice<UInt8> {
    let end = bytes.firstIndex(of: ControlCode.endOfData) ?? bytes.endIndex
    let room = max(0, Self.errorOutputLimitBytes - errorOutput.count)
    let all = errorOutput + bytes[..<end].prefix(room)
    guard end < bytes.endIndex else {
      state = .errorOutput(all)
      return []
    }
    state = .awaitingPrompt(errorOutput: all, didSoftReset: false, after: [])
    return bytes[(end + 1)...]
  }

  /// The prompt follows at once, except where the program forced a soft reset: then the board reports that,
  /// its boot file may print, and the raw banner ends it.
  private mutating func takePrompt(_ errorOutput: [UInt8], _ wasSoftReset: Bool, _ after: [UInt8]) {
    if after.last == ControlCode.endOfData, !wasSoftReset {
      // The program printed an end marker itself: what was taken for the error section was output, and this one ends what follows.
      events.append(.standardOutput([ControlCode.endOfData] + errorOutput))
      state = .awaitingPrompt(errorOutput: [UInt8](after.dropLast()), didSoftReset: false, after: [])
      return
    }
    let didSoftReset = wasSoftReset || after.suffix(REPLText.softReboot.count) == REPLText.softReboot[...]
    let end = didSoftReset ? REPLText.rawBanner : [UInt8(ascii: ">")]
    let isLineStart = didSoftReset || after.count == 1 || after.suffix(2).first == UInt8(ascii: "\n")
    guard isLineStart, after.suffix(end.count) == end[...] else {
      let surplus = after.count > 1024 ? after.count - REPLText.rawBanner.count : 0
      emitForeign(after.prefix(surplus))
      let kept = [UInt8](after.dropFirst(surplus))
      state = .awaitingPrompt(errorOutput: errorOutput, didSoftReset: didSoftReset, after: kept)
      return
    }
    emitForeign(after.dropLast(end.count))
    become(.ready, .finished(errorOutput: errorOutput, didSoftReset: didSoftReset))
  }
}
