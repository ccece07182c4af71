import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import WebSocketProtocol

@testable import Verdicts

/// "Hello" as a whole DEFLATE stream of RFC 7692 section 7.2.3.1.
private let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
private let helloText = Array("Hello".utf8)

@Suite("permessage-deflate, judged")
struct DeflateTests {
  /// A connection whose heads hold this offer and this answer; nil leaves the header out.
  static func open(
    offer: String? = "permessage-deflate; client_max_window_bits", answer: String? = "permessage-deflate",
    script: ClientScript = ClientScript([.connect(ConnectStep(compression: true)), .echo()]),
    isRefused: Bool = false, _ build: (inout Attempt) -> Void
  ) -> Attempt {
    let name = "Sec-WebSocket-Extensions: "
    return .make(script) {
      $0.wires = [WireBuilder(opens: false)]
      $0.wire.request(WireBuilder.requestLines + (offer.map { [name + $0] } ?? []))
      $0.wire.respond(WireBuilder.responseLines + (answer.map { [name + $0] } ?? []))
      if !isRefused { $0.connected() }
      build(&$0)
    }
  }

  static func deflated(_ text: String, windowBits: Int = 15) -> [UInt8] {
    var deflater = RawDeflater(windowBits: windowBits)
    return deflater.deflateMessage(Array(text.utf8))
  }

  static let kept: [Example] = [
    Example(
      "a compressed echo",
      open {
        $0.wire.server(.text, hello, reservedBits: 4)
        $0.got("Hello")
        $0.sent(helloText)
        $0.wire.client(.text, hello, reservedBits: 4)
        $0.closes()
      }),
    Example(
      "an echo that is not compressed",
      open {
        $0.wire.server(.text, hello, reservedBits: 4)
        $0.echoes("Hello")
        $0.closes()
      }),
    Example(
      "fragments with a Ping between",
      open {
        $0.wire.server(.text, Array(hello.prefix(3)), isFinal: false, reservedBits: 4)
        $0.wire.server(.ping, "p")
        $0.wire.server(.continuation, Array(hello.dropFirst(3)))
        $0.wire.client(.pong, "p")
        $0.got("Hello")
        $0.sent(helloText)
        $0.wire.client(.text, Array(hello.prefix(1)), isFinal: false, reservedBits: 4)
        $0.wire.client(.continuation, Array(hello.dropFirst()))
        $0.closes()
      }),
    Example(
      "a context that both keep",
      open {
        // "Hello" by reference to the first message (section 7.2.3.2).
        for stream in [hello, [0xF2, 0x00, 0x11, 0x00, 0x00]] {
          $0.wire.server(.text, stream, reservedBits: 4)
          $0.got("Hello")
          $0.sent(helloText)
          $0.wire.client(.text, stream, reservedBits: 4)
        }
        $0.closes()
      }),
    Example(
      "a stream with BFINAL, and an empty message",
      open {
        $0.wire.server(.text, [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00], reservedBits: 4)
        $0.echoes("Hello")
        $0.wire.server(.text, [0x00], reservedBits: 4)
        $0.echoes("")
        $0.closes()
      }),
    Example(
      "a corrupt stream that fails the connection with 1007",
      failing(1007) { $0.server(.binary, [0x07], reservedBits: 4) }),
    Example(
      "a corrupt stream that fails the connection with 1002",
      failing(1002) { $0.server(.binary, [0x07], reservedBits: 4) }),
    Example(
      "a corrupt first fragment, the message not ended",
      failing(1007) { $0.server(.text, [0x07], isFinal: false, reservedBits: 4) }
    ),
    Example(
      "bad text inside",
      failing(1007) {
        $0.server(.text, deflated("a") + [], isFinal: false, reservedBits: 4);
        $0.server(.continuation, [0x00, 1, 0, 0xFE, 0xFF, 0xFF, 0x00])
      }),
    Example(
      "a closing handshake inside of a message that nobody has inflated yet, of bad text: uninflatedText",
      open {
        $0.wire.server(.text, [0x3A, 0xA8], isFinal: false, reservedBits: 4)
        $0.wire.close()
        $0.ended(1000, clean: true)
      }),
    Example(
      "an answer that does not fit is refused",
      open(
        offer: "permessage-deflate; server_max_window_bits=10", answer: "permessage-deflate", isRefused: true
      ) {
        $0.app(.connectFailed(ClientException(type: "HandshakeError", message: "")), step: 0)
        $0.wire.note(.receivedEnd)
      }),
    Example(
      "compression declined",
      open(answer: nil) {
        $0.wire.server(.text, "hello")
        $0.echoes("hello")
        $0.closes()
      }),
  ]

  static func failing(_ code: UInt16, _ break_: (inout WireBuilder) -> Void) -> Attempt {
    open {
      break_(&$0.wire)
      $0.wire.clientClose(code)
      $0.wire.end()
      $0.ended(1006)
    }
  }

  static let broken: [Example] = [
    Example(
      "not offered, though asked for", breaks: ["deflate-offered:QUALITY"],
      open(offer: nil, answer: nil) { $0.closes() }),
    Example(
      "an offer with a window of 16", breaks: ["deflate-offer-valid"],
      open(offer: "permessage-deflate; server_max_window_bits=16", answer: nil) { $0.closes() }),
    Example(
      "an offer with a parameter twice", breaks: ["deflate-offer-valid"],
      open(offer: "permessage-deflate; client_max_window_bits; client_max_window_bits=9", answer: nil) {
        $0.closes()
      }),
    Example(
      "RSV1 though compression was declined",
      breaks: ["client-reserved-bits"],
      open(answer: nil) {
        $0.wire.server(.text, "Hello")
        $0.got("Hello")
        $0.sent(helloText)
        $0.wire.client(.text, hello, reservedBits: 4)
        $0.closes()
      }),
    Example(
      "RSV1 on a Pong", breaks: ["client-reserved-bits"],
      open {
        $0.wire.server(.ping, "p")
        $0.wire.client(.pong, Array("p".utf8), reservedBits: 4)
        $0.closes()
      }),
    Example(
      "RSV1 on a continuation", breaks: ["client-reserved-bits"],
      open {
        $0.wire.server(.text, hello, reservedBits: 4)
        $0.got("Hello")
        $0.sent(helloText)
        $0.wire.client(.text, Array(hello.prefix(2)), isFinal: false, reservedBits: 4)
        $0.wire.client(.continuation, Array(hello.dropFirst(2)), reservedBits: 4)
        $0.closes()
      }),
    Example(
      "the client's context kept against the agreement", breaks: ["client-deflate-stream"],
      open(answer: "permessage-deflate; client_no_context_takeover") {
        for (index, stream) in [hello, [0xF2, 0x00, 0x11, 0x00, 0x00]].enumerated() {
          $0.wire.server(.text, hello, reservedBits: 4)
          $0.got("Hello")
          if index == 0 { $0.sent(helloText) }
          $0.wire.client(.text, stream, reservedBits: 4)
        }
        $0.closes()
      }),
    Example(
      "a message delivered as it was on the wire", breaks: ["message-as-sent"],
      open(script: ClientScript([.connect(ConnectStep(compression: true)), .receive()])) {
        $0.wire.server(.text, hello, reservedBits: 4)
        $0.got(hello)
        $0.closes()
      }),
    Example(
      "a corrupt stream overlooked", breaks: ["violation-fails-connection", "end-clean"],
      open(script: ClientScript([.connect(ConnectStep(compression: true)), .receive()])) {
        $0.wire.server(.binary, [0x07], reservedBits: 4)
        $0.got([], text: false)
        $0.wire.server(.ping, "still there?")
        $0.wire.client(.pong, "still there?")
        $0.closes()
      }),
    Example(
      "bad text delivered", breaks: ["violation-fails-connection", "end-clean"],
      open(script: ClientScript([.connect(ConnectStep(compression: true)), .receive()])) {
        $0.wire.server(.text, [0x00, 1, 0, 0xFE, 0xFF, 0xFF, 0x00], reservedBits: 4)
        $0.got([0xFF])
        $0.closes()
      }),
    Example(
      "a message that ends in a block delivered", breaks: ["violation-fails-connection:QUALITY"],
      open(script: ClientScript([.connect(ConnectStep(compression: true)), .receive()])) {
        $0.wire.server(.binary, [0x00, 5, 0, 0xFA, 0xFF, 0x48], reservedBits: 4)
        $0.got([0x48, 0, 0, 0xFF, 0xFF], text: false)
        $0.closes()
      }),
    Example(
      "an unfit answer taken", breaks: ["opening-refused"],
      open(answer: "permessage-deflate; level=9") { $0.closes() }),
  ]

  @Test("what the RFC allows breaks no rule", arguments: kept)
  func keeps(_ example: Example) {
    #expect(example.attempt.broken == [], "\(example.attempt.violations.map(\.sentence))")
  }

  @Test("each broken rule is found", arguments: broken)
  func breaks(_ example: Example) {
    #expect(
      Set(example.attempt.broken) == Set(example.broken), "\(example.attempt.violations.map(\.sentence))")
  }

  static let answers: [(offer: String, answer: String, section: String?)] = [
    ("permessage-deflate", "permessage-deflate", nil),
    ("permessage-deflate", "permessage-deflate; server_max_window_bits=8; server_no_context_takeover", nil),
    ("permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=9", nil),
    (
      "permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=\"9\"", nil
    ),
    ("x, permessage-deflate; server_max_window_bits=8, permessage-deflate", "permessage-deflate", nil),
    ("permessage-deflate", "permessage-deflate; client_max_window_bits=9", "7.1.2.2"),
    ("permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits", "7.1.2.2"),
    (
      "permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=11",
      "7.1.2.1"
    ),
    ("permessage-deflate; server_max_window_bits=10", "permessage-deflate", "7.1.2.1"),
    ("permessage-deflate; server_no_context_takeover", "permessage-deflate", "7.1.1.1"),
    ("permessage-deflate", "permessage-deflate; server_max_window_bits=09", "7.1.2.1"),
    ("permessage-deflate", "permessage-deflate; server_max_window_bits", "7.1.2.1"),
    ("permessage-deflate", "permessage-deflate; server_no_context_takeover=1", "7.1.1.1"),
    ("permessage-deflate", "permessage-deflate; client_no_context_takeover=", "7.1.1.2"),
    ("permessage-deflate", "permessage-deflate; x", "7.1"),
    ("permessage-deflate", "permessage-deflate;", "7.1"),
    (
      "permessage-deflate", "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
      "7.1"
    ),
    ("permessage-deflate", "permessage-deflate, permessage-deflate", "5"),
  ]

  @Test("an answer is held against the offer", arguments: answers)
  func negotiation(_ offer: String, _ answer: String, _ section: String?) throws {
    let attempt = Self.open(offer: offer, answer: answer) { _ in }
    let connection = DecodedConnection(try #require(attempt.trace.connections.first))
    switch DeflateNegotiation(connection) {
    case .agreed: #expect(section == nil)
    case .broken(let what, let found): #expect(found == section.map { "RFC 7692 \($0)" }, "\(what)")
    case .unused: Issue.record("the answer was not seen")
    }
  }

  @Test("windows and contexts are those of the answer")
  func agreement() throws {
    let answer =
      "permessage-deflate; server_max_window_bits=9; client_max_window_bits=11; client_no_context_takeover"
    let attempt = Self.open(answer: answer) { _ in }
    let agreement = DeflateNegotiation(DecodedConnection(try #require(attempt.trace.connections.first)))
      .agreement
    #expect(agreement?.server == DeflateAgreement.Direction(keepsContext: true, windowBits: 9))
    #expect(agreement?.client == DeflateAgreement.Direction(keepsContext: false, windowBits: 11))
  }

  /// Text that, put twice into a message, refers further back than a window of 9 bits.
  private static let far = {
    var generator = SplitMix64(seed: 1)
    let letters = (0..<3000).map { _ in UInt8.random(in: 0x21...0x7A, using: &generator) }
    return String(decoding: letters + letters, as: UTF8.self)
  }()

  @Test("a distance beyond the client's window is found", arguments: [(15, false), (9, true)])
  func window(bits: Int, isFound: Bool) {
    let attempt = Self.open(answer: "permessage-deflate; client_max_window_bits=\(bits)") {
      $0.wire.server(.text, Self.far)
      $0.got(Self.far)
      if !isFound { $0.sent(Array(Self.far.utf8)) }
      $0.wire.client(.text, Self.deflated(Self.far), reservedBits: 4)
      $0.closes()
    }
    #expect(attempt.broken.contains("client-deflate-stream") == isFound)
  }

  @Test("a distance beyond the server's window may be followed by a client that has a larger one")
  func serversWindow() {
    let answer = "permessage-deflate; server_max_window_bits=9"
    let script = ClientScript([.connect(ConnectStep(compression: true)), .receive()])
    let takes = Self.open(answer: answer, script: script) {
      $0.wire.server(.text, Self.deflated(Self.far), reservedBits: 4)
      $0.got(Self.far)
      $0.wire.server(.ping, "still there?")
      $0.wire.client(.pong, "still there?")
      $0.closes()
    }
    #expect(takes.broken.allSatisfy { $0.hasSuffix(":MAY") }, "\(takes.broken)")
    let fails = Self.open(answer: answer) {
      $0.wire.server(.text, Self.deflated(Self.far), reservedBits: 4)
      $0.wire.clientClose(1007)
      $0.wire.end()
      $0.ended(1006)
    }
    #expect(fails.broken == [])
  }

  @Test(
    "an adapter without compression makes the case unsupported, and not the client's lawful refusal a failure"
  )
  func unsupported() {
    let attempt = Self.open(offer: nil, answer: nil) {
      $0.app(.unsupported(step: "compression"), step: 0)
      $0.wire.server(.text, "hello")
      $0.echoes("hello")
      $0.closes()
    }
    let judgement = Judge.judge(case: attempt.case, device: attempt.trace, reference: attempt.trace)
    #expect(judgement.verdict == .unsupported)
    #expect(attempt.broken == [])
  }
}
