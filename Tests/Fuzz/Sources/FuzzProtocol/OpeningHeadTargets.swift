import FuzzSupport
import WebSocketProtocol

/// A client's opening handshake as the server reads it: nothing traps, nothing depends on the cuts, what is accepted can be answered.
enum RequestHeadTarget: FuzzTarget {
  static func run(_ input: FuzzInput) {
    let whole = Outcome(input, whole: true)
    precondition(whole == Outcome(input, whole: false), "the outcome depends on the cuts")
    guard case .request(let request) = whole.result else { return }
    precondition(request.accept.count == 28)
    _ = (request.resourceName, request.subprotocols, request.deflateOffers, request.origin)
    precondition(whole.rawBytes == Array(input.payload.prefix(whole.rawBytes.count)))
  }

  private struct Outcome: Equatable {
    enum Result: Equatable {
      case incomplete
      case request(ServerHandshake.Request)
      case rejected(HandshakeRejection)
    }

    var result = Result.incomplete
    var rawBytes: [UInt8] = []
    /// How many bytes it took, up to where it was decided.
    var taken = 0

    init(_ input: FuzzInput, whole: Bool) {
      var handshake = ServerHandshake(limits: headLimits)
      var (result, taken) = (Result.incomplete, 0)
      input.forEachChunk(whole: whole) { chunk in
        guard result == .incomplete else { return }
        switch handshake.receive(Array(chunk)) {
        case .incomplete: taken += chunk.count
        case .request(let request, let consumed): (result, taken) = (.request(request), taken + consumed)
        case .rejected(let rejection): result = .rejected(rejection)
        }
      }
      self.result = result
      // How much of the chunk in which it is decided is kept of a refused head is no promise.
      if case .rejected = result { return }
      self.taken = taken
      rawBytes = handshake.rawBytes
    }
  }
}

/// A server's answer to the opening handshake as the client reads it.
enum ResponseHeadTarget: FuzzTarget {
  /// The request's key is that of RFC 6455 section 1.3, so that a seed can answer it.
  private static func handshake() -> ClientHandshake {
    guard let uri = try? WebSocketURI("ws://server.example.com/chat"),
      let key = HandshakeKey(encoded: Array("dGhlIHNhbXBsZSBub25jZQ==".utf8)),
      let handshake = try? ClientHandshake(
        uri, key: key, subprotocols: ["chat", "superchat"], deflateOffers: [DeflateOffer()],
        limits: headLimits)
    else { preconditionFailure("the request of RFC 6455 section 1.3 is refused") }
    return handshake
  }

  static func run(_ input: FuzzInput) {
    precondition(
      outcome(input, whole: true) == outcome(input, whole: false), "the outcome depends on the cuts")
  }

  private static func outcome(_ input: FuzzInput, whole: Bool) -> ClientHandshake.Progress {
    var handshake = handshake()
    var (progress, before) = (ClientHandshake.Progress.incomplete, 0)
    input.forEachChunk(whole: whole) { chunk in
      guard progress == .incomplete else { return }
      progress = handshake.receive(Array(chunk))
      switch progress {
      case .incomplete: before += chunk.count
      case .accepted(let response, let consumed): progress = .accepted(response, consumed: before + consumed)
      case .rejected: break
      }
    }
    return progress
  }
}

/// Small enough that inputs reach them.
private let headLimits = Limits(framePayload: 1 << 16, message: 1 << 16, head: 1024, headerFields: 12)
