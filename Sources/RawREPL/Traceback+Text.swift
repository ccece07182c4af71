extension Traceback {
  /// The traceback as MicroPython prints it, several lines without a line feed at the end.
  public var text: String {
    let places = frames.map { frame in
      "  File \"\(frame.file)\", line \(frame.line)" + (frame.function.map { ", in \($0)" } ?? "")
    }
    return (["Traceback (most recent call last):"] + places + [description]).joined(separator: "\n")
  }
}
