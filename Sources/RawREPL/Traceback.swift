/// A Python exception as MicroPython prints it: the board's answer, not a failure of the link.
public struct Traceback: Sendable, Hashable, CustomStringConvertible {
  /// One level of the call stack.
  public struct Frame: Sendable, Hashable {
    /// The file as the board names it, `<stdin>` for source from the REPL.
    public let file: String
    /// The line, from 1.
    public let line: Int
    /// The function, `<module>` at top level; nil where the board names none (a syntax error).
    public let function: String?

    /// Makes a frame from its parts.
    public init(file: String, line: Int, function: String?) {
      self.file = file
      self.line = line
      self.function = function
    }
  }

  /// The exception's type, such as `ValueError`.
  public let type: String
  /// The text after the type, empty if there is none.
  public let message: String
  /// The call stack, the outermost frame first.
  public let frames: [Frame]

  /// Makes a traceback from its parts.
  public init(type: String, message: String, frames: [Frame]) {
    self.type = type
    self.message = message
    self.frames = frames
  }

  /// Reads the error section of an execution; nil if it is blank.
  ///
  /// Text without a `Traceback` heading still makes an exception, so that nothing a board reports is lost:
  /// its first line is taken as type and message.
  public init?(_ errorOutput: [UInt8]) {
    let text = String(decoding: errorOutput.filter { $0 != 0x0D }, as: UTF8.self)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    if let heading = lines.lastIndex(where: { $0.hasPrefix("Traceback (most recent call last)") }) {
      lines = lines[(heading + 1)...]
    }
    var frames: [Frame] = []
    while let line = lines.first, let frame = Frame(line) {
      frames.append(frame)
      lines.removeFirst()
    }
    while lines.last?.isEmpty == true { lines.removeLast() }
    guard let first = lines.first(where: { !$0.isEmpty }) else { return nil }
    let (type, firstMessage) = Self.divide(first)
    let rest = lines.drop { $0.isEmpty }.dropFirst()
    self.init(type: type, message: ([firstMessage] + rest).joined(separator: "\n"), frames: frames)
  }

  /// `Type: message`, or the type alone.
  public var description: String { message.isEmpty ? type : "\(type): \(message)" }

  /// Splits `Type: message`; MicroPython prints `Type: ` where the message is empty.
  private static func divide(_ line: Substring) -> (type: String, message: Substring) {
    guard let colon = line.firstIndex(of: ":") else { return (String(line), "") }
    let message = line[line.index(after: colon)...]
    return (String(line[..<colon]), message.first == " " ? message.dropFirst() : message)
  }
}

extension Traceback.Frame {
  /// Reads `  File "name", line 12, in function`; nil for any other line.
  init?(_ text: Substring) {
    let opening = "  File \""
    guard text.hasPrefix(opening) else { return nil }
    let afterOpening = text.dropFirst(opening.count)
    // The name may itself hold a quotation mark, the text that follows it may not: so search from the end.
    let marks = afterOpening.indices.reversed()
    guard let closing = marks.first(where: { afterOpening[$0...].hasPrefix("\", line ") }) else { return nil }
    let digits = afterOpening[closing...].dropFirst("\", line ".count)
    let number = digits.prefix { $0.isASCII && $0.isNumber }
    guard let line = Int(number) else { return nil }
    let tail = digits.dropFirst(number.count)
    let function = tail.hasPrefix(", in ") ? String(tail.dropFirst(", in ".count)) : nil
    self.init(file: String(afterOpening[..<closing]), line: line, function: function)
  }
}
