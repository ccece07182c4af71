/// What one execution left: both output sections of the raw REPL.
public struct ExecutionOutput: Sendable, Equatable {
  /// Standard output, byte for byte. A board writes line ends as CR LF.
  public var standardOutput: [UInt8]
  /// The error section, empty if the program ended without an exception.
  public var errorOutput: [UInt8]
  /// The program's end was a soft reset, as `sys.exit()` causes.
  public var didSoftReset: Bool
  /// The program was interrupted from outside.
  public var wasInterrupted = false
  /// What came outside of both sections, such as a driver's messages.
  public var foreignOutput: [UInt8] = []

  /// Makes a result from its sections.
  public init(standardOutput: [UInt8] = [], errorOutput: [UInt8] = [], didSoftReset: Bool = false) {
    self.standardOutput = standardOutput
    self.errorOutput = errorOutput
    self.didSoftReset = didSoftReset
  }

  /// The exception that ended the program, if one did.
  public var traceback: Traceback? { Traceback(errorOutput) }

  /// Standard output as text, with CR LF turned into LF; invalid UTF-8 is replaced.
  public var text: String {
    var plain: [UInt8] = []
    for (index, byte) in standardOutput.enumerated() {
      let isBeforeLineFeed = index + 1 < standardOutput.count && standardOutput[index + 1] == 0x0A
      if !(byte == 0x0D && isBeforeLineFeed) { plain.append(byte) }
    }
    return String(decoding: plain, as: UTF8.self)
  }
}
