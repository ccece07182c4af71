import Testing
import WebSocketProtocol

@Suite("Properties with seeded generators")
struct PropertyTests {
  @Test(
    "Decoding an encoded frame, legal or not, gives the frame, however it is cut", arguments: SplitMix64.seeds
  )
  func roundTrip(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<50 {
      let frames = (0..<5).map { _ in anyFrame(&generator) }
      let stream = frames.flatMap { $0.encoded() }
      var decoder = FrameDecoder()
      let decoded = randomChunks(stream, using: &generator).flatMap { decoder.receive($0) }
      #expect(decoded.map(\.header) == frames.map(\.header), "seed \(seed)")
      #expect(decoded.map(\.payload) == frames.map(\.payload), "seed \(seed)")
      #expect(decoded == FrameDecoder.decode(stream).frames, "seed \(seed)")
    }
  }

  @Test(
    "The cut of a stream does not change events, answers and state", arguments: SplitMix64.seeds,
    Role.allCases)
  func chunking(seed: UInt64, role: Role) {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<60 {
      let stream = plausibleStream(to: role, &generator)
      let whole = outcome(of: [stream], role)
      for _ in 0..<5 {
        let chunks = randomChunks(stream, using: &generator)
        #expect(outcome(of: chunks, role) == whole, "seed \(seed), \(chunks.cut), stream \(hex(stream))")
      }
    }
  }

  @Test("Random bytes never trap", arguments: SplitMix64.seeds)
  func randomBytes(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<300 {
      let noise = generator.bytes(0...300)
      for role in Role.allCases { _ = outcome(of: randomChunks(noise, using: &generator), role) }
      _ = FrameDecoder.decode(noise)
      _ = try? ClosePayload.parse(noise)
      _ = try? WebSocketURI("ws://" + String(decoding: noise, as: UTF8.self))
      var server = ServerHandshake()
      _ = server.receive(noise)
      _ = server.receive(Array("GET / HTTP/1.1\r\n".utf8) + noise)
    }
  }

  @Test(
    "UTF-8 is judged as by the standard library, and at the byte where the slow way fails",
    arguments: SplitMix64.seeds)
  func utf8(seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    for _ in 0..<1500 {
      let text = mutatedText(&generator)
      var validator = UTF8StreamValidator()
      for chunk in randomChunks(text, using: &generator) {
        _ = chunk.withUnsafeBytes { validator.append($0) }
      }
      var whole = UTF8StreamValidator()
      let failure = text.withUnsafeBytes { whole.append($0) }
      var slow = UTF8StreamValidator()
      for byte in text { _ = [byte].withUnsafeBytes { slow.append($0) } }
      let isValid = String(validating: text, as: UTF8.self) != nil
      #expect(validator.isComplete == isValid, "seed \(seed), text \(hex(text))")
      #expect(whole.isComplete == isValid, "seed \(seed), text \(hex(text))")
      #expect(
        validator.offset == slow.offset && whole.offset == slow.offset, "seed \(seed), text \(hex(text))")
      #expect((failure != nil) == slow.hasFailed, "seed \(seed), text \(hex(text))")
    }
  }
}

// MARK: - What is generated

extension PropertyTests {
  private struct Outcome: Equatable {
    var events: [ConnectionEvent]
    var output: [UInt8]
    var state: ConnectionState
  }

  private func outcome(of chunks: [[UInt8]], _ role: Role) -> Outcome {
    var connection = BufferedConnection(.of(role, limits: Limits(framePayload: 200, message: 300)))
    for chunk in chunks { connection.receive(chunk) }
    connection.receiveEndOfStream()
    return Outcome(events: connection.takeEvents(), output: connection.takeOutput(), state: connection.state)
  }

  private func anyFrame(_ generator: inout SplitMix64) -> Frame {
    let key = Bool.random(using: &generator) ? MaskingKey.random(using: &generator) : nil
    let payload = generator.bytes(0...140)
    return Frame(
      Opcode(rawValue: UInt8.random(in: 0...15, using: &generator)), payload,
      isFinal: Bool.random(using: &generator), reservedBits: UInt8.random(in: 0...7, using: &generator),
      maskingKey: key,
      lengthEncoding: Bool.random(using: &generator) || payload.count > 125 ? .sixteenBits : nil)
  }

  /// Mostly legal frames, so that the deeper states are reached; one in a few streams has a byte changed.
  private func plausibleStream(to role: Role, _ generator: inout SplitMix64) -> [UInt8] {
    var stream: [UInt8] = []
    var isFragmenting = false
    for _ in 0..<Int.random(in: 1...8, using: &generator) {
      let key = role == .server ? MaskingKey.random(using: &generator) : nil
      let kind = Int.random(in: 0...9, using: &generator)
      if kind < 3 {
        let opcode: Opcode = [.ping, .pong, .close][
          Int.random(in: 0...20, using: &generator) == 0 ? 2 : kind % 2]
        stream += Frame(opcode, opcode == .close ? [3, 232] : generator.bytes(0...125), maskingKey: key)
          .encoded()
      } else {
        let isFinal = Bool.random(using: &generator)
        let start: Opcode = Bool.random(using: &generator) ? .text : .binary
        let payload = Array("aé漢😀".utf8.prefix(Int.random(in: 7...10, using: &generator)))
        stream += Frame(isFragmenting ? .continuation : start, payload, isFinal: isFinal, maskingKey: key)
          .encoded()
        isFragmenting = !isFinal
      }
    }
    if Int.random(in: 0...3, using: &generator) == 0 {
      stream[Int.random(in: stream.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
    }
    return stream
  }

  private func mutatedText(_ generator: inout SplitMix64) -> [UInt8] {
    let alphabets = [
      "abc xyz", "éüñß", "漢字かな", "😀🎉", "한국어", "ไทย", "\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}",
    ]
    var text: [UInt8] = []
    let length = Int.random(in: 0...300, using: &generator)
    while text.count < length {
      let alphabet = Array(alphabets[Int.random(in: alphabets.indices, using: &generator)])
      for _ in 0..<Int.random(in: 1...40, using: &generator) {
        text += String(alphabet[Int.random(in: alphabet.indices, using: &generator)]).utf8
      }
    }
    for _ in 0..<Int.random(in: 0...2, using: &generator) where !text.isEmpty {
      let place = Int.random(in: text.indices, using: &generator)
      switch Int.random(in: 0...2, using: &generator) {
      case 0: text[place] = UInt8.random(in: 0...255, using: &generator)
      case 1: text.remove(at: place)
      default: text[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
      }
    }
    return text
  }
}
