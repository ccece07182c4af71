import BoardLink
import Scenarios

/// Fault files: what is made to go wrong on the link of a simulated board (`fixtures/schema/faults.schema.json`).
public enum FaultFile {
  /// The faults that the file lists.
  /// - Throws: `ConfigurationError` that names file and key.
  public static func read(path: String) throws -> [LinkFault] {
    do {
      let object = try JSONFile.reader(path: path).object("faults")
      return try object.required("faults", "a list of faults").list(fault)
    } catch {
      throw ConfigurationError("\(error)")
    }
  }

  private static func fault(_ reader: JSONReader) throws(ScenarioFileError) -> LinkFault {
    let object = try reader.object("on", "skip", "times", "do")
    return LinkFault(
      try trigger(try object.required("on", "what sets the fault off")),
      try effect(try object.required("do", "what happens then")),
      skip: try object.optional("skip", count) ?? 0, times: try object.optional("times", times) ?? 1)
  }

  private static func trigger(_ reader: JSONReader) throws(ScenarioFileError) -> LinkFault.Trigger {
    let (key, content) = try reader.tagged("opening", "toBoard", "fromBoard", "byteToBoard", "byteFromBoard")
    switch key {
    case "opening": return .opening
    case "toBoard": return .pattern(.toBoard, try bytes(content))
    case "fromBoard": return .pattern(.fromBoard, try bytes(content))
    case "byteToBoard": return .byte(.toBoard, try count(content))
    default: return .byte(.fromBoard, try count(content))
    }
  }

  private static func effect(_ reader: JSONReader) throws(ScenarioFileError) -> LinkFault.Effect {
    let (key, content) = try reader.tagged(
      "drop", "duplicate", "corrupt", "insert", "replace", "delay", "swallow", "silence", "hang", "block",
      "deaf", "stall", "reset", "vanish")
    switch key {
    case "drop", "duplicate", "corrupt": return try change(key, content)
    case "insert", "replace": return try exchange(key, content)
    case "delay":
      let object = try content.object("direction", "milliseconds")
      return .delay(try direction(object), try milliseconds(object))
    case "swallow":
      let object = try content.object("direction", "byte")
      return .swallow(
        try direction(object), UInt8(try object.required("byte", "a byte from 0 to 255").integer(0...255)))
    case "silence": return .silence(try direction(try content.object("direction")))
    case "stall": return .stall(try milliseconds(try content.object("milliseconds")))
    case "vanish":
      let object = try content.object("milliseconds")
      return .vanish(object.optional("milliseconds") == nil ? nil : try milliseconds(object))
    default: return try plain(key, content)
    }
  }

  /// What needs nothing said about it.
  private static func plain(
    _ key: String, _ content: JSONReader
  ) throws(ScenarioFileError) -> LinkFault.Effect {
    _ = try content.object()
    switch key {
    case "hang": return .hang
    case "block": return .block
    case "deaf": return .deaf
    default: return .reset
    }
  }

  private static func change(
    _ key: String, _ content: JSONReader
  ) throws(ScenarioFileError) -> LinkFault.Effect {
    let object = try content.object("direction", "skip", "count")
    let direction = try direction(object)
    let skip = try object.optional("skip", count) ?? 0
    let number = try object.optional("count", times) ?? 1
    switch key {
    case "drop": return .drop(direction, skip: skip, count: number)
    case "duplicate": return .duplicate(direction, skip: skip, count: number)
    default: return .corrupt(direction, skip: skip, count: number)
    }
  }

  private static func exchange(
    _ key: String, _ content: JSONReader
  ) throws(ScenarioFileError) -> LinkFault.Effect {
    if key == "insert" {
      let object = try content.object("direction", "skip", "bytes")
      return .replace(
        try direction(object), skip: try object.optional("skip", count) ?? 0, count: 0,
        with: try bytes(try object.required("bytes", allowedBytes)))
    }
    let object = try content.object("direction", "skip", "count", "with")
    return .replace(
      try direction(object), skip: try object.optional("skip", count) ?? 0,
      count: try times(try object.required("count", "how many bytes are replaced")),
      with: try bytes(try object.required("with", allowedBytes)))
  }

  private static let allowedBytes = "a text, or {\"hex\": \"…\"}"

  /// A text as UTF-8, or hexadecimal digits.
  private static func bytes(_ reader: JSONReader) throws(ScenarioFileError) -> [UInt8] {
    let bytes: [UInt8]
    if reader.hasKey("hex") {
      bytes = try (try reader.object("hex")).required("hex", "hexadecimal digits").hex()
    } else if let text = try? reader.string() {
      bytes = [UInt8](text.utf8)
    } else {
      throw reader.mismatch(allowedBytes)
    }
    guard !bytes.isEmpty else { throw reader.mismatch("at least one byte") }
    return bytes
  }

  private static func direction(_ object: JSONObjectReader) throws(ScenarioFileError) -> LinkFault.Direction {
    try object.required("direction", "\"toBoard\" or \"fromBoard\"").choice(LinkFault.Direction.self)
  }

  private static func milliseconds(_ object: JSONObjectReader) throws(ScenarioFileError) -> Duration {
    .milliseconds(try object.required("milliseconds", "a time in milliseconds").integer(1...600_000))
  }

  private static func count(_ reader: JSONReader) throws(ScenarioFileError) -> Int {
    try reader.integer(0...1_000_000_000)
  }

  private static func times(_ reader: JSONReader) throws(ScenarioFileError) -> Int {
    try reader.integer(1...1_000_000_000)
  }
}
