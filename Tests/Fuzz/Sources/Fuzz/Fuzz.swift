import CLibFuzzer

/// One parser under the fuzzer. Add a target: a file with a type of this kind, its name below, and a folder of seeds.
protocol FuzzTarget: Sendable {
  /// Puts one input through the parser; what must hold is checked with `precondition`, which the fuzzer takes for a crash.
  static func run(_ input: FuzzInput)
}

/// The targets by the names that `scripts/fuzz-parsers` takes.
private let targets: [String: any FuzzTarget.Type] = [
  "raw-repl": RawREPLTarget.self,
  "agent-records": AgentRecordsTarget.self,
  "telnet": TelnetTarget.self,
  "usb-descriptors": USBDescriptorsTarget.self,
  "frames": FrameDecoderTarget.self,
  "connection": ConnectionTarget.self,
  "request-head": RequestHeadTarget.self,
  "response-head": ResponseHeadTarget.self,
  "deflate": DeflateTarget.self,
  "utf8": UTF8Target.self,
  "scenario-json": ScenarioTarget.self,
  "toml": TOMLTarget.self,
]

/// What the fuzzer calls with each input; set before it begins, by the only thread.
nonisolated(unsafe) private var target: any FuzzTarget.Type = RawREPLTarget.self

/// `fuzz TARGET …`: the rest is libFuzzer's, its options and folders of inputs.
@main
enum Fuzz {
  static func main() {
    let words = CommandLine.arguments
    guard words.count > 1, let chosen = targets[words[1]] else {
      print(
        "usage: fuzz TARGET [libFuzzer's options and folders]; targets: \(targets.keys.sorted().joined(separator: " "))"
      )
      return
    }
    target = chosen
    var arguments: [UnsafeMutablePointer<CChar>?] =
      ([words[0]] + words.dropFirst(2)).map { duplicate($0) } + [nil]
    var count = CInt(arguments.count - 1)
    arguments.withUnsafeMutableBufferPointer { buffer in
      var start = buffer.baseAddress
      _ = LLVMFuzzerRunDriver(&count, &start) { data, size in
        target.run(FuzzInput(UnsafeBufferPointer(start: data, count: size)))
        return 0
      }
    }
  }

  /// Copies a word for C; it lives as long as the process.
  private static func duplicate(_ word: String) -> UnsafeMutablePointer<CChar> {
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: word.utf8.count + 1)
    for (index, byte) in (Array(word.utf8) + [0]).enumerated() { copy[index] = CChar(bitPattern: byte) }
    return copy
  }
}

/// An input that picks its own chunk sizes: a byte that says how many codes follow, the codes, and the bytes for the parser. The codes
/// are used in turn, again and again; each says how long the next chunk is, and what is done before it.
struct FuzzInput {
  let codes: [UInt8]
  let payload: [UInt8]

  init(_ data: UnsafeBufferPointer<UInt8>) {
    let count = min(Int(data.first ?? 0) & 15, max(0, data.count - 1))
    codes = [UInt8](data.dropFirst().prefix(count))
    payload = [UInt8](data.dropFirst(1 + count))
  }

  /// The bytes in one chunk, or in chunks.
  func forEachChunk(whole: Bool, _ body: (ArraySlice<UInt8>) -> Void) {
    if whole { body(payload[...]) } else { forEachChunk { _, chunk in body(chunk) } }
  }

  /// The bytes in chunks, each with its code.
  func forEachChunk(_ body: (UInt8, ArraySlice<UInt8>) -> Void) {
    guard !codes.isEmpty else { return body(0, payload[...]) }
    var rest = payload[...]
    var next = 0
    repeat {
      let code = codes[next % codes.count]
      next += 1
      // A code without length would go on for ever, so that it is one byte.
      let chunk = rest.prefix(max(1, Int(code >> 3)))
      rest = rest.dropFirst(chunk.count)
      body(code, chunk)
    } while !rest.isEmpty
  }
}
