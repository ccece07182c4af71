import Testing
import WebSocketProtocol

@Suite("Connection of both roles, RFC 6455 sections 5 to 7")
struct ConnectionTests {
  /// Carries what one endpoint wrote to the other until both are silent.
  private func exchange(_ first: inout BufferedConnection, _ second: inout BufferedConnection) {
    while first.hasOutput || second.hasOutput {
      second.receive(first.takeOutput())
      first.receive(second.takeOutput())
    }
  }

  @Test("Messages of each boundary length pass in both directions", arguments: Boundaries.sendable)
  func lengths(length: Int) throws {
    var client = BufferedConnection(.client(maskingKeys: SplitMix64(seed: 3)))
    var server = BufferedConnection(.server())
    let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let text = String(repeating: "x", count: length)
    for message in [Message.binary(payload), .text(text)] {
      try client.send(message)
      try server.send(message)
      exchange(&client, &server)
      #expect(client.takeEvents() == [.message(message)])
      #expect(server.takeEvents() == [.message(message)])
    }
  }

  @Test("Either role may start the closing handshake, and both end clean", arguments: Role.allCases)
  func closing(starter: Role) throws {
    var client = BufferedConnection(.client(maskingKeys: SplitMix64(seed: 4)))
    var server = BufferedConnection(.server())
    if starter == .client {
      try client.close(.goingAway, reason: "bye")
    } else {
      try server.close(.goingAway, reason: "bye")
    }
    exchange(&client, &server)
    #expect(client.directive == .awaitEnd)
    #expect(server.directive == .halfCloseAndDrain)
    client.receiveEndOfStream()
    server.receiveEndOfStream()
    for events in [client.takeEvents(), server.takeEvents()] {
      guard case .ended(let status) = events.last else {
        Issue.record("no end")
        continue
      }
      #expect(status.wasClean)
      #expect(status.code == .goingAway)
    }
    #expect(client.directive == .close)
  }

  @Test("What may not be sent is refused and nothing is written", arguments: Role.allCases)
  func refusals(role: Role) throws {
    var connection = BufferedConnection(.of(role))
    #expect(throws: InvalidOperation.nothingToContinue) { try connection.send(.continuation, []) }
    #expect(throws: InvalidOperation.notADataOpcode(.ping)) { try connection.send(.ping, []) }
    #expect(throws: InvalidOperation.controlPayloadTooLong(bytes: 126)) {
      try connection.ping(Array(repeating: 0, count: 126))
    }
    #expect(throws: InvalidOperation.closeCodeNotSendable(.abnormalClosure)) {
      try connection.close(.abnormalClosure)
    }
    #expect(throws: InvalidOperation.closeReasonTooLong(bytes: 124)) {
      try connection.close(reason: String(repeating: "é", count: 62))
    }
    #expect(connection.hasOutput == false)
    try connection.send(.text, [0x61], isFinal: false)
    #expect(throws: InvalidOperation.fragmentedMessageUnfinished) { try connection.send(.text("b")) }
    try connection.ping()
    try connection.send(.continuation, [])
    try connection.close()
    _ = connection.takeOutput()
    #expect(throws: InvalidOperation.notOpen) { try connection.send(.text("late")) }
    #expect(throws: InvalidOperation.notOpen) { try connection.ping() }
    #expect(throws: InvalidOperation.notOpen) { try connection.close() }
    #expect(connection.hasOutput == false)
  }

  @Test(
    "A policy decides which Pings are answered, section 5.5.3",
    arguments: [(PongPolicy.each, 3), (.latest, 1), (.never, 0)])
  func pongs(policy: PongPolicy, count: Int) {
    var server = BufferedConnection(.server())
    server.pongPolicy = policy
    let key = MaskingKey(1, 2, 3, 4)
    server.receive((1...3).flatMap { Frame(.ping, [$0], maskingKey: key).encoded() })
    let pongs = FrameDecoder.decode(server.takeOutput()).frames
    #expect(pongs.count == count)
    #expect(pongs.allSatisfy { $0.header.opcode == .pong })
    #expect(count == 0 || pongs.last?.payload == [3])
    #expect(server.takeEvents().count == 3)
    // Nothing is held over the Close of the peer (section 5.5.2).
    server.receive(Frame(.ping, maskingKey: key).encoded() + Frame(.close, maskingKey: key).encoded())
    #expect(FrameDecoder.decode(server.takeOutput()).frames.last?.header.opcode == .close)
  }

  @Test("An echo in place: slices of the read buffer go straight to the output")
  func inPlace() throws {
    var machine = ConnectionMachine.server()
    var output = ByteBuffer()
    let key = MaskingKey(5, 6, 7, 8)
    var chunk = (0..<20).flatMap { Frame(.text, Array("message \($0)".utf8), maskingKey: key).encoded() }
    try chunk.withUnsafeMutableBytes { memory in
      var input = ReceivedBytes(memory)
      while let event = machine.next(&input, &output) {
        guard case .message(let opcode, let payload) = event else { continue }
        #expect(payload.baseAddress! >= memory.baseAddress! && payload.count < 12)
        try machine.send(opcode, UnsafeRawBufferPointer(payload), &output)
      }
      #expect(input.remaining == 0)
    }
    let echoes = FrameDecoder.decode(output.take()).frames
    #expect(echoes.map { String(decoding: $0.payload, as: UTF8.self) } == (0..<20).map { "message \($0)" })
    #expect(echoes.allSatisfy { !$0.header.isMasked })
  }

  @Test(
    "What is read right to where a large message is put together is the same message, however the stream is cut"
  )
  func payloadRoom() {
    let key = MaskingKey(9, 8, 7, 6)
    let text = Array(String(repeating: "aé€😀", count: 9000).utf8)
    var broken = text
    broken[60_000] = 0xFF
    let fragments =
      Frame(.text, Array(text[..<40_001]), isFinal: false, maskingKey: key).encoded()
      + Frame(.continuation, Array(text[40_001...]), maskingKey: key).encoded()
    let streams = [
      Frame(.text, text, maskingKey: key).encoded() + Frame(.binary, text + text, maskingKey: key).encoded(),
      fragments + Frame(.ping, [1], maskingKey: key).encoded()
        + Frame(.text, text, maskingKey: key).encoded(),
      Frame(.text, broken, maskingKey: key).encoded() + Frame(.text, text, maskingKey: key).encoded(),
    ]
    for stream in streams {
      let expected = Self.events(of: stream, cutAt: stream.count, readsInPlace: false)
      #expect(expected.events.count > 1 || expected.answers.count > 1)
      for cut in [97, 1000, 4096, 40_007, 65_535] {
        let inPlace = Self.events(of: stream, cutAt: cut, readsInPlace: true)
        #expect(inPlace.events == expected.events && inPlace.answers == expected.answers)
        // In larger pieces one of them may hold all that counts.
        #expect(cut > 4096 || inPlace.count > 0, "nothing was read in place")
      }
    }
  }

  /// What a server makes of a stream that comes in pieces of so many bytes, and how many of them went right where they belong.
  private static func events(
    of stream: [UInt8], cutAt size: Int, readsInPlace: Bool
  ) -> (events: [ConnectionEvent], answers: [UInt8], count: Int) {
    var machine = ConnectionMachine.server()
    var output = ByteBuffer()
    var events: [ConnectionEvent] = []
    var count = 0
    for start in stride(from: 0, to: stream.count, by: size) {
      var piece = Array(stream[start..<min(start + size, stream.count)])
      var inPlace = 0
      if readsInPlace, let room = machine.payloadRoom() {
        inPlace = min(room.count, piece.count)
        room.copyBytes(from: piece[..<inPlace])
        piece.removeFirst(inPlace)
      }
      count += inPlace
      piece.withUnsafeMutableBytes { memory in
        var input = ReceivedBytes(memory, inPlace: inPlace)
        while let event = machine.next(&input, &output) { events.append(ConnectionEvent(event)) }
      }
    }
    return (events, output.take(), count)
  }

  @Test("A client masks every frame, large ones too, each with a key of its own")
  func clientMasks() throws {
    var client = BufferedConnection(.client(maskingKeys: SplitMix64(seed: 9)))
    let payload = (0..<20_000).map { UInt8(truncatingIfNeeded: $0) }
    for _ in 0..<3 { try client.send(.binary(payload)) }
    let frames = FrameDecoder.decode(client.takeOutput()).frames
    #expect(frames.map(\.payload) == [payload, payload, payload])
    #expect(Set(frames.map(\.header.maskingKey)).count == 3)
  }

  @Test("Descriptions are one sentence with offset, section and code")
  func descriptions() {
    let violation = ProtocolViolation(.reservedBits(4), streamOffset: 17)
    #expect(
      violation.description
        == "reserved bits 4 set without a negotiated extension at stream offset 17 (RFC 6455 section 5.2, close code 1002)"
    )
    #expect(
      ProtocolViolation(.compressedBitMisplaced(.ping), streamOffset: 3).description
        == "RSV1, the mark of a compressed message, on a ping frame at stream offset 3 (RFC 7692 section 6.1, close code 1002)"
    )
    #expect(HandshakeRejection(.value, header: "Upgrade", status: 426).description.contains("Upgrade"))
    #expect(InvalidOperation.notOpen.description.contains("no longer open"))
  }

  @Test("Every violation names a close code that may be sent and a reason that fits")
  func violationsFit() throws {
    let rules: [ProtocolViolation.Rule] = [
      .reservedBits(1), .reservedOpcode(.text), .fragmentedControlFrame(.ping), .controlFrameTooLong(.close),
      .unmaskedFrame,
      .maskedFrame, .lengthNotMinimal, .lengthTopBitSet, .unexpectedContinuation, .expectedContinuation,
      .textNotUTF8,
      .closePayloadTooShort, .invalidCloseCode(.noStatusReceived), .closeReasonNotUTF8,
      .frameTooBig(limit: 1),
      .messageTooBig(limit: 1), .compressedBitMisplaced(.ping), .compressedDataCorrupt,
    ]
    for rule in rules {
      #expect(rule.closeCode.isValidOnWire)
      #expect(!rule.section.isEmpty)
      #expect(!ProtocolViolation(rule, streamOffset: 0).description.contains("\n"))
    }
    #expect(Set(rules.map(\.name)).count == rules.count)
  }
}
