/// Where the conversation with the board stands. Each case lists the states that may follow.
enum RawREPLState: Sendable, Equatable {
  /// Nothing is known about the board. Next: `resynchronising`.
  case unknown
  /// Looking for the friendly prompt after an interrupt. Next: `enteringRawREPL`, or `unknown` after the
  /// last attempt.
  case resynchronising(attempt: Int, PromptMatcher)
  /// Ctrl-A was sent, looking for the banner through noise. Next: `ready`, or `resynchronising` again.
  case enteringRawREPL(attempt: Int, PromptMatcher)
  /// At the raw prompt. Next: `requestingRawPaste`, `sendingPlain`, `softResetting`, `leaving`.
  case ready
  /// Raw-paste was asked for. Next: `readingWindow`, or `sendingPlain` if the board has none.
  case requestingRawPaste(source: [UInt8], PromptMatcher)
  /// Raw-paste is on, the two bytes of the window increment arrive. Next: `pasting`.
  case readingWindow(source: [UInt8], low: UInt8?)
  /// The source goes out as the window allows. Next: `awaitingCompilation` when all is sent;
  /// `standardOutput` if the board ends early.
  case pasting(source: [UInt8], sent: Int, RawPasteWindow)
  /// The whole source is sent, or was cut by an interrupt. Next: `standardOutput`.
  case awaitingCompilation
  /// The source goes out at a fixed pace, for want of flow control. Next: `awaitingAcceptance`.
  case sendingPlain(source: [UInt8], sent: Int)
  /// The plain raw REPL has the source. Next: `standardOutput`.
  case awaitingAcceptance(PromptMatcher)
  /// The program runs. Next: `errorOutput`.
  case standardOutput
  /// The error section arrives. Next: `awaitingPrompt`.
  case errorOutput([UInt8])
  /// Both sections are there. Next: `ready`.
  case awaitingPrompt(errorOutput: [UInt8], didSoftReset: Bool, after: [UInt8])
  /// Ctrl-D was sent at the prompt. Next: `ready`.
  case softResetting(PromptMatcher)
  /// Ctrl-B was sent at the prompt. Next: `friendly`.
  case leaving(PromptMatcher)
  /// At the friendly prompt. Next: `resynchronising`.
  case friendly
  /// The link is gone. Final.
  case ended

  /// The state in words, for error messages.
  var name: String {
    switch self {
    case .unknown: "in an unknown state"
    case .resynchronising, .enteringRawREPL: "being resynchronised"
    case .ready: "at its prompt"
    case .requestingRawPaste, .readingWindow, .pasting, .sendingPlain: "taking a source text"
    case .awaitingCompilation, .awaitingAcceptance: "compiling a source text"
    case .standardOutput, .errorOutput, .awaitingPrompt: "executing"
    case .softResetting: "being soft reset"
    case .leaving, .friendly: "left"
    case .ended: "gone with its link"
    }
  }
}
