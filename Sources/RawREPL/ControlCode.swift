/// The control bytes of MicroPython's REPL.
public enum ControlCode {
  /// Ctrl-A: enters the raw REPL, or prints its banner again. In raw-paste it also opens one more window.
  public static let enterRawREPL: UInt8 = 0x01
  /// Ctrl-B: returns to the friendly REPL.
  public static let enterFriendlyREPL: UInt8 = 0x02
  /// Ctrl-C: raises KeyboardInterrupt in a running program, clears the line at a prompt.
  public static let interrupt: UInt8 = 0x03
  /// Ctrl-D: ends a source text or an output section; at an empty prompt it asks for a soft reset.
  public static let endOfData: UInt8 = 0x04
  /// Ctrl-E: enters paste mode in the friendly REPL, begins the raw-paste request in the raw REPL.
  public static let enterPasteMode: UInt8 = 0x05
}

/// The fixed texts a board prints, and the request a host makes.
enum REPLText {
  /// What asks for raw-paste mode at a raw prompt.
  static let rawPasteRequest: [UInt8] = [ControlCode.enterPasteMode, 0x41, ControlCode.enterRawREPL]
  /// The raw REPL's banner with its prompt. The banner is what tells this prompt from a `>` in noise.
  static let rawBanner = [UInt8]("raw REPL; CTRL-B to exit\r\n>".utf8)
  /// The friendly REPL's prompt.
  static let friendlyPrompt = [UInt8](">>> ".utf8)
  /// What a board prints at the start of a soft reset.
  static let softReboot = [UInt8]("MPY: soft reboot".utf8)
  /// A plain raw REPL's answer to a source text it took.
  static let accepted = [UInt8]("OK".utf8)
  /// Raw-paste is on; the window increment follows.
  static let rawPasteOn: [UInt8] = [0x52, 0x01]
  /// Raw-paste is known to the firmware, but switched off.
  static let rawPasteOff: [UInt8] = [0x52, 0x00]
}
