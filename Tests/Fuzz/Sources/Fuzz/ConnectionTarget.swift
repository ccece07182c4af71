import WebSocketProtocol

/// An open connection of either role, with and without permessage-deflate: nothing traps, and neither the events nor the answers depend on
/// the cuts.
enum ConnectionTarget: FuzzTarget {
  static func run(_ input: FuzzInput) {
    let mode = input.codes.first ?? 0
    let whole = Conversation(mode) { take in take(input.payload[...]) }
    let cut = Conversation(mode) { take in input.forEachChunk { _, chunk in take(chunk) } }
    precondition(whole.events == cut.events, "the events depend on the cuts")
    precondition(whole.answers == cut.answers, "the answers depend on the cuts")
    precondition(whole.ending == cut.ending, "the end depends on the cuts")
  }

  /// What became of a connection.
  private struct Conversation {
    var events: [String] = []
    var answers: [UInt8] = []
    var ending = ""

    init(_ mode: UInt8, _ feed: (_ take: (ArraySlice<UInt8>) -> Void) -> Void) {
      var limits = Limits()
      limits.framePayload = 1 << 16
      limits.message = 1 << 12
      let deflate = mode & 2 == 0 ? nil : PerMessageDeflate(DeflateParameters())
      var machine =
        mode & 1 == 0
        ? ConnectionMachine.server(limits: limits, deflate: deflate)
        : ConnectionMachine.client(limits: limits, maskingKeys: SplitMix64(seed: 1), deflate: deflate)
      var output = ByteBuffer()
      var events: [String] = []
      feed { chunk in
        var bytes = Array(chunk)
        bytes.withUnsafeMutableBytes { memory in
          var received = ReceivedBytes(memory)
          while let event = machine.next(&received, &output) { events.append(Self.words(for: event)) }
        }
      }
      self.events = events
      answers = Array(output.bytes)
      ending = "\(machine.receiveEndOfStream())"
    }

    /// An event as a value; its memory is the machine's.
    private static func words(for event: ReceivedEvent) -> String {
      switch event {
      case .message(let opcode, let payload): "\(opcode) \(Array(payload))"
      case .ping(let payload): "ping \(Array(payload))"
      case .pong(let payload): "pong \(Array(payload))"
      case .close(let close): "close \(close.payload)"
      case .violation(let violation): "violation \(violation)"
      }
    }
  }
}
