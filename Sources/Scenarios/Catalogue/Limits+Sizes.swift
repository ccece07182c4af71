import Steps
import WebSocketProtocol

/// Messages of many sizes, in fragments and chunks of many sizes, up to what no board holds.
extension Catalogue {
  /// One after the other, as an application talks: what a client keeps from message to message shows.
  @ListBuilder<Scenario> static var limitsManyMessages: [Scenario] {
    let talks: [(count: Int, size: Int, kind: ServerStep.MessageKind)] = [
      (50, 0, .text), (50, 64, .binary), (50, 256, .text), (30, 1024, .binary), (12, 4096, .text),
      (12, 4096, .binary),
    ]
    for (count, size, kind) in talks {
      lawful(
        "messages-\(count)-of-\(size)-\(kind)", "5.4",
        "Exchanges \(count) \(kind) messages of \(size) bytes, one after the other.", "Echoes all of them.",
        deliveries: .unpaused
      ) {
        for number in 0..<count {
          // Each begins with another letter, so that an old one in place of a new one shows.
          let unit = [UInt8(ascii: "A") + UInt8(number)]
          echo(.repeated(unit: unit, count: size), as: kind)
        }
      }
    }
    lawful(
      "messages-changing-size", "5.4",
      "Exchanges binary messages of 4000, 1, 3000, 0, 2000, 126 and 4000 bytes.",
      "Echoes all of them: nothing of a longer one is left over.", deliveries: .unpaused
    ) {
      for (number, count) in [4000, 1, 3000, 0, 2000, 126, 4000].enumerated() {
        echo(.repeated(unit: [UInt8(number)], count: count), as: .binary)
      }
    }
    lawful(
      "messages-20-of-1000-at-once", "5.4", "Sends twenty text messages of 1000 bytes without waiting.",
      "Echoes all of them, in order, while more come in.", deliveries: .unpaused
    ) {
      for number in UInt8(0)..<20 { ServerStep.text(.repeated(unit: [0x41 + number], count: 1000)) }
      for number in UInt8(0)..<20 { ServerStep.expectText(.repeated(unit: [0x41 + number], count: 1000)) }
    }
  }

  /// The same message of 16 KiB, cut into fragments of one size.
  @ListBuilder<Scenario> static var limitsFragmentSizes: [Scenario] {
    for (kind, size) in [
      (ServerStep.MessageKind.binary, 64), (.binary, 1024), (.text, 100), (.text, 256), (.text, 8192),
    ] {
      let bytes = kind == .text ? Array(String(repeating: "aé€😀zz", count: 1366).utf8) : fillerBytes(16384)
      lawful(
        "fragments-of-\(size)-\(kind)", "5.4",
        "Sends a \(kind) message of 16 KiB in fragments of \(size) bytes, with a Ping behind every tenth.",
        "Answers the Pings and echoes it as one message.", deliveries: .unpaused
      ) {
        fragments(of: bytes, kind, size: size)
        ServerStep.expectMessage(kind: kind, payload: .bytes(bytes))
      }
    }
  }

  /// A message in fragments of at most `size` bytes, with a Ping behind every tenth: a client that pauses some milliseconds at each
  /// read shows by its Pongs that it is at work.
  static func fragments(of bytes: [UInt8], _ kind: ServerStep.MessageKind, size: Int) -> [ServerStep] {
    let starts = Array(stride(from: 0, to: bytes.count, by: size))
    return starts.enumerated().flatMap { index, start -> [ServerStep] in
      let piece = Payload.bytes(Array(bytes[start..<min(start + size, bytes.count)]))
      let isLast = index == starts.count - 1
      let frame: ServerStep =
        index == 0
        ? .frame(kind == .text ? .text : .binary, piece, isFinal: isLast)
        : isLast ? .last(piece) : .more(piece)
      return (index + 1).isMultiple(of: 10) && !isLast ? [frame, .ping("\(index + 1)")] : [frame]
    }
  }

  static func fillerBytes(_ count: Int) -> [UInt8] { Array((filler(count).bytes ?? []).prefix(count)) }

  /// One frame of 12 KiB in writes of one size: wherever a client's buffers end, some write ends there.
  @ListBuilder<Scenario> static var limitsChunkSizes: [Scenario] {
    let text = Array(String(repeating: "a€😀", count: 1536).utf8)
    for size in [64, 800, 1460, 2048] {
      lawful(
        "chunks-of-\(size)", "5.2",
        "Sends a text message of 12 KiB in one frame, in writes of \(size) bytes.",
        "Puts the pieces together, whatever they end in, and echoes the text.", deliveries: .wholeOnly
      ) {
        let frame = [0x81, 0x7E, UInt8(text.count >> 8), UInt8(text.count & 0xFF)] + text
        for start in stride(from: 0, to: frame.count, by: size) {
          ServerStep.sendBytes(.bytes(Array(frame[start..<min(start + size, frame.count)])))
        }
        ServerStep.expectText(.bytes(text))
      }
    }
  }

  /// A message that not every board and client can hold: it may be refused with 1009, but none of up to 64 KiB.
  static func oversized(
    _ slug: String, _ rule: Rule, _ description: String,
    _ expectation: String = "Echoes it whole, or fails the connection with 1009 at a limit of its own.",
    tags: [String] = ["large"], @StepList _ steps: () -> [ServerStep]
  ) -> Scenario {
    lawful(
      slug, rule, description, expectation, tags: tags, expected: Expected(messageLimit: 65536),
      deliveries: .wholeOnly, steps)
  }

  /// Messages that no small board holds; they run where they fit.
  @ListBuilder<Scenario> static var limitsSizes: [Scenario] {
    for (name, count) in [
      ("128-kib", 128 << 10), ("256-kib", 256 << 10), ("1-mib", 1 << 20), ("4-mib", 4 << 20),
      ("8-mib", 8 << 20), ("16-mib", 16 << 20),
    ] {
      for kind in ServerStep.MessageKind.allCases {
        oversized("size-\(name)-\(kind)", "5.2", "Sends a \(kind) message of \(words(name)) in one frame.") {
          echo(large(count, kind), as: kind)
        }
      }
    }
    let fragmented: [(String, Int, String, Int)] = [
      ("128-kib", 128 << 10, "1-kib", 1 << 10), ("1-mib", 1 << 20, "16-kib", 16 << 10),
      ("1-mib", 1 << 20, "64-kib", 64 << 10),
      ("4-mib", 4 << 20, "256-kib", 256 << 10),
    ]
    for (name, count, pieceName, piece) in fragmented {
      for kind in ServerStep.MessageKind.allCases {
        oversized(
          "size-\(name)-\(kind)-by-\(pieceName)", "5.4",
          "Sends a \(kind) message of \(words(name)) in fragments of \(words(pieceName)), with a Ping behind each.",
          "Answers Pings and echoes it whole, or fails the connection with 1009."
        ) {
          let content = large(piece, kind)
          ServerStep.begin(kind, content)
          for number in 2..<(count / piece) {
            ServerStep.ping("\(number)")
            ServerStep.more(content)
          }
          ServerStep.last(content)
          ServerStep.expectMessage(kind: kind, payload: large(count, kind))
        }
      }
    }
  }

  static func words(_ name: String) -> String {
    name.replacing("-kib", with: " KiB").replacing("-mib", with: " MiB")
  }

  /// Exactly `count` bytes, a multiple of 256: of every value for binary, and letters and an emoji for text.
  static func large(_ count: Int, _ kind: ServerStep.MessageKind) -> Payload {
    let text = Array((String(repeating: "board", count: 50) + "é😀").utf8)
    return .repeated(unit: kind == .text ? text : (UInt8.min...UInt8.max).map { $0 }, count: count / 256)
  }
}
