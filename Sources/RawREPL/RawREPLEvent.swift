/// What the raw REPL machine tells its caller.
public enum RawREPLEvent: Sendable, Equatable {
  /// The raw prompt is there: `execute`, `softReset` and `leave` are possible now.
  case ready
  /// Bytes that belong to no execution: output of background tasks, drivers, boot files, an earlier session.
  case foreignOutput([UInt8])
  /// The board has the whole source text and begins to run it.
  case started
  /// A piece of the program's standard output, as it arrived.
  case standardOutput([UInt8])
  /// The execution ended and the raw prompt is back.
  case finished(errorOutput: [UInt8], didSoftReset: Bool)
  /// A soft reset ended and the raw prompt is back.
  case softResetFinished
  /// The friendly prompt is there.
  case left
  /// Every attempt to find a prompt was used up.
  case resynchronisationFailed
  /// The board sent what the protocol has no place for. Only `resynchronise` helps.
  case violated(RawREPLViolation)
  /// The link ended; the machine is of no more use.
  case ended
}

/// What a board sent, and what the protocol allows there.
public struct RawREPLViolation: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was expected, in words.
  public let expected: String
  /// What came, at most 64 bytes.
  public let received: [UInt8]

  init(expected: String, received: [UInt8]) {
    self.expected = expected
    self.received = [UInt8](received.suffix(64))
  }

  /// One sentence with the received bytes in escaped form.
  public var description: String {
    "the board's raw REPL sent \(PythonLiteral.bytes(received).source) where \(expected) was expected"
  }
}

/// A call that the machine's state does not allow: an error of the program that drives it.
public struct InvalidOperation: Error, Sendable, Equatable, CustomStringConvertible {
  /// The call.
  public let operation: String
  /// The state it was made in.
  public let state: String

  /// One sentence.
  public var description: String { "\(operation) is not possible while the raw REPL is \(state)" }
}
