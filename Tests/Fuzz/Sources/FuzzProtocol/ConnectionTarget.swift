import FuzzSupport
import WebSocketProtocol

/// An open connection of either role, with and without permessage-deflate: nothing traps, and neither the events nor the answers depend on
/// the cuts, nor on whether payloads are read right to where the machine puts them together.
enum ConnectionTarget: FuzzTarget {
  static func run(_ input: FuzzInput) {
    let mode = input.codes.first ?? 0
    let whole = Conversation(mode, readsInPlace: false) { take in take(input.payload[...]) }
    let cut = Conversation(mode, readsInPlace: mode & 4 != 0) { take in
      input.forEachChunk { _, chunk in take(chunk) }
    }
    precondition(whole.events == cut.events, "the events depend on the cuts")
    precondition(whole.answers == cut.answers, "the answers depend on the cuts")
    precondition(whole.ending == cut.ending, "the end depends on the cuts")
  }

  /// What became of a connection.
  private struct Conversation {
    var events: [Said] = []
    var answers: [UInt8] = []
    var ending: CloseStatus

    init(_ mode: UInt8, readsInPlace: Bool, _ feed: (_ take: (ArraySlice<UInt8>) -> Void) -> Void) {
      var limits = Limits()
      limits.framePayload = 1 << 16
      limits.message = 1 << 13
      let deflate = mode & 2 == 0 ? nil : PerMessageDeflate(Self.smallWindows)
      var machine =
        mode & 1 == 0
        ? ConnectionMachine.server(limits: limits, deflate: deflate)
        : ConnectionMachine.client(limits: limits, maskingKeys: SplitMix64(seed: 1), deflate: deflate)
      var output = ByteBuffer()
      var events: [Said] = []
      feed { chunk in
        let inPlace = readsInPlace ? Self.readInPlace(chunk, &machine) : 0
        var bytes = Array(chunk.dropFirst(inPlace))
        bytes.withUnsafeMutableBytes { memory in
          var received = ReceivedBytes(memory, inPlace: inPlace)
          while let event = machine.next(&received, &output) { events.append(Self.said(by: event)) }
        }
      }
      self.events = events
      answers = Array(output.bytes)
      ending = machine.receiveEndOfStream()
    }

    /// zlib clears its windows for each conversation: large ones would take most of the time.
    private static let smallWindows = DeflateParameters(serverMaxWindowBits: 9, clientMaxWindowBits: 9)

    /// Puts as much of a chunk as goes there where the machine wants the next payload; how much.
    private static func readInPlace(_ chunk: ArraySlice<UInt8>, _ machine: inout ConnectionMachine) -> Int {
      guard let room = machine.payloadRoom() else { return 0 }
      let bytes = chunk.prefix(room.count)
      room.copyBytes(from: bytes)
      return bytes.count
    }

    /// An event as a value; its memory is the machine's.
    private static func said(by event: ReceivedEvent) -> Said {
      switch event {
      case .message(let opcode, let payload): .message(opcode, Array(payload))
      case .ping(let payload): .ping(Array(payload))
      case .pong(let payload): .pong(Array(payload))
      case .close(let close): .close(close.payload)
      case .violation(let violation): .violation(violation)
      }
    }
  }

  private enum Said: Equatable {
    case message(Opcode, [UInt8])
    case ping([UInt8])
    case pong([UInt8])
    case close(ClosePayload)
    case violation(ProtocolViolation)
  }
}
