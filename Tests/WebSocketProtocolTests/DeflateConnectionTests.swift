import Testing
import WebSocketProtocol

@Suite("Connections with permessage-deflate, RFC 7692 sections 6 and 7.2")
struct DeflateConnectionTests {
  private let plain = PerMessageDeflate.agreed("permessage-deflate")

  /// What a server sends, as opcode, reserved bits, isFinal and payload.
  private func sent(_ connection: inout BufferedConnection) -> [String] {
    FrameDecoder.decode(connection.takeOutput()).frames.map { frame in
      let header = frame.header
      let bits = header.reservedBits == 0 ? "" : " rsv\(header.reservedBits)"
      return "\(header.opcode)\(bits)\(header.isFinal ? "" : " more") \(hex(frame.payload))"
    }
  }

  @Test("Messages are sent as in the RFC's examples, with the window kept between them")
  func sends() throws {
    var server = BufferedConnection(.server(deflate: plain))
    try server.send(.text("Hello"))
    try server.send(.text("Hello"))
    try server.send(.binary([]))
    try server.ping([1])
    try server.close()
    #expect(
      sent(&server) == [
        "text rsv4 f248cdc9c90700", "text rsv4 f200110000", "binary rsv4 00", "ping 01", "close 03e8",
      ])
  }

  @Test(
    "Without context takeover of the sender each message is compressed for itself",
    arguments: [
      ("server_no_context_takeover", Role.server, false), ("client_no_context_takeover", .server, true),
      ("server_no_context_takeover", .client, true), ("client_no_context_takeover", .client, false),
    ])
  func noContextTakeover(parameter: String, role: Role, takesOver: Bool) throws {
    var connection = BufferedConnection(.of(role, deflate: .agreed("permessage-deflate; \(parameter)")))
    for _ in 0..<2 { try connection.send(.text("Hello")) }
    let hello = "text rsv4 f248cdc9c90700"
    #expect(sent(&connection) == [hello, takesOver ? "text rsv4 f200110000" : hello])
  }

  @Test("Fragments are compressed as one message, marked on the first frame, each complete for itself")
  func fragments() throws {
    var server = BufferedConnection(.server(deflate: plain))
    try server.send(.text, Array("He".utf8), isFinal: false)
    try server.ping()
    try server.send(.continuation, [], isFinal: false)
    try server.send(.continuation, Array("llo".utf8), isFinal: false)
    try server.send(.continuation, [])
    let bytes = server.takeOutput()
    let frames = FrameDecoder.decode(bytes).frames
    #expect(frames.map(\.header.reservedBits) == [4, 0, 0, 0, 0])
    #expect(frames.map(\.header.isFinal) == [false, true, false, false, true])
    #expect(frames[0].payload.suffix(4) == [0, 0, 0xFF, 0xFF])
    #expect(frames[2].payload.isEmpty && frames[4].payload == [0])
    var client = BufferedConnection(.client(deflate: plain))
    client.receive(bytes)
    #expect(client.takeEvents() == [.ping([]), .message(.text("Hello"))])
  }

  @Test("Messages below the threshold go as they are, and leave the window alone")
  func threshold() throws {
    var settings = CompressionSettings()
    settings.threshold = 5
    var server = BufferedConnection(
      .server(deflate: .agreed("permessage-deflate", settings: settings)))
    for text in ["Hello", "Hell", "Hello"] { try server.send(.text(text)) }
    try server.send(.text, Array("Hel".utf8), isFinal: false)
    try server.send(.continuation, Array("lo, long".utf8))
    #expect(
      sent(&server) == [
        "text rsv4 f248cdc9c90700", "text 48656c6c", "text rsv4 f200110000", "text more 48656c",
        "continuation 6c6f2c206c6f6e67",
      ])
  }

  @Test("A large message is sent in one frame and comes back whole, masked too", arguments: Role.allCases)
  func large(sender: Role) throws {
    var generator = SplitMix64(seed: 3)
    let payload = generator.repetitiveBytes(3_000_000...3_000_000)
    var from = BufferedConnection(.of(sender, deflate: plain))
    var to = BufferedConnection(.of(sender.peer, deflate: plain))
    try from.send(.binary(payload))
    let bytes = from.takeOutput()
    #expect(bytes.count < payload.count)
    to.receive(bytes)
    #expect(to.takeEvents() == [.message(.binary(payload))])
  }

  @Test("A bomb ends in 1009 as soon as it has inflated to the limit, fragmented or not", arguments: [1, 7])
  func bomb(frames: Int) throws {
    var deflater = RawDeflater(level: 9)
    let payload = deflater.deflateMessage([UInt8](repeating: 0, count: 16 << 20))
    let pieces = (0..<frames).map { index in
      Array(payload[(payload.count * index / frames)..<(payload.count * (index + 1) / frames)])
    }
    var client = BufferedConnection(
      .client(limits: Limits(framePayload: 1 << 20, message: 100_000), deflate: plain))
    for (index, piece) in pieces.enumerated() {
      let opcode: Opcode = index == 0 ? .binary : .continuation
      let frame = Frame(
        opcode, piece, isFinal: index == frames - 1, reservedBits: index == 0 ? 4 : 0)
      client.receive(frame.encoded())
      // The first thousand bytes inflate to a million.
      let violation = ProtocolViolation(.messageTooBig(limit: 100_000), streamOffset: 0)
      if index == 0 { #expect(client.takeEvents() == [.violation(violation)]) }
    }
    #expect(client.takeEvents().isEmpty)
    guard case .failed(_, let close) = client.state else {
      Issue.record("the connection is \(client.state)")
      return
    }
    #expect(close.code == .messageTooBig)
  }

  @Test("Whatever was agreed on, messages arrive as they were sent", arguments: SplitMix64.seeds)
  func roundTrip(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<20 {
      let response = DeflatePolicy.any(using: &generator).response(to: .any(using: &generator))
      var settings = CompressionSettings()
      settings.threshold = [0, 1, 50].randomElement(using: &generator)!
      settings.level = Int.random(in: 0...9, using: &generator)
      settings.memLevel = Int.random(in: 1...9, using: &generator)
      let deflate = PerMessageDeflate(response, settings: settings)
      let role = Role.allCases.randomElement(using: &generator)!
      var from = BufferedConnection(.of(role, deflate: deflate))
      var to = BufferedConnection(.of(role.peer, deflate: deflate))
      for _ in 0..<10 {
        let payload = generator.repetitiveBytes(0...2000)
        try send(payload, by: &from, &generator)
        for chunk in randomChunks(from.takeOutput(), using: &generator) { to.receive(chunk) }
        #expect(to.takeEvents() == [.message(.binary(payload))], "seed \(seed), \(response), \(settings)")
      }
    }
  }

  /// Sends a message in one to four frames.
  private func send(
    _ payload: [UInt8], by connection: inout BufferedConnection, _ generator: inout SplitMix64
  ) throws {
    var rest = payload[...]
    var opcode = Opcode.binary
    for _ in 0..<Int.random(in: 0...3, using: &generator) {
      let count = Int.random(in: 0...rest.count, using: &generator)
      try connection.send(opcode, Array(rest.prefix(count)), isFinal: false)
      rest = rest.dropFirst(count)
      opcode = .continuation
    }
    try connection.send(opcode, Array(rest))
  }

  @Test(
    "The cut of a stream does not change events and answers, sound or damaged", arguments: SplitMix64.seeds,
    Role.allCases)
  func chunking(seed: UInt64, role: Role) {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<150 {
      let deflate = PerMessageDeflate(
        DeflatePolicy.any(using: &generator).response(to: .any(using: &generator)))
      let stream = plausibleStream(to: role, deflate, &generator)
      let whole = outcome(of: [stream], role, deflate)
      for chunks in [stream.map { [$0] }, randomChunks(stream, using: &generator)] {
        let message = "seed \(seed), \(chunks.cut), \(deflate.parameters), stream \(hex(stream))"
        #expect(outcome(of: chunks, role, deflate) == whole, "\(message)")
      }
    }
  }

  private struct Outcome: Equatable {
    var events: [ConnectionEvent]
    var output: [UInt8]
  }

  private func outcome(of chunks: [[UInt8]], _ role: Role, _ deflate: PerMessageDeflate) -> Outcome {
    let limits = Limits(framePayload: 2000, message: 700)
    var connection = BufferedConnection(.of(role, limits: limits, deflate: deflate))
    for chunk in chunks { connection.receive(chunk) }
    connection.receiveEndOfStream()
    return Outcome(events: connection.takeEvents(), output: connection.takeOutput())
  }

  /// Compressed messages of text in two frames; a byte of every third is changed before it is masked.
  private func plausibleStream(
    to role: Role, _ deflate: PerMessageDeflate, _ generator: inout SplitMix64
  ) -> [UInt8] {
    var stream: [UInt8] = []
    let words = ["Hello ", "aé漢😀", "the quick brown fox ", "\u{7FF}\u{800}"]
    var deflater = RawDeflater(
      windowBits: deflate.parameters.windowBits(of: role.peer),
      level: Int.random(in: 0...9, using: &generator))
    for _ in 0..<Int.random(in: 1...5, using: &generator) {
      let text = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
        words.randomElement(using: &generator)!
      }.joined()
      var payload = deflater.deflateMessage(Array(text.utf8))
      if deflate.parameters.noContextTakeover(of: role.peer) { deflater.reset() }
      if Int.random(in: 0...2, using: &generator) == 0 {
        let place = Int.random(in: payload.indices, using: &generator)
        payload[place] = UInt8.random(in: 0...255, using: &generator)
      }
      let cut = Int.random(in: 0...payload.count, using: &generator)
      for (index, piece) in [payload[..<cut], payload[cut...]].enumerated() {
        let key = role == .server ? MaskingKey.random(using: &generator) : nil
        stream += Frame(
          index == 0 ? .text : .continuation, Array(piece), isFinal: index == 1,
          reservedBits: index == 0 ? 4 : 0, maskingKey: key
        ).encoded()
      }
    }
    return stream
  }
}
