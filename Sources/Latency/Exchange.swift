import Traces

/// One message of the server's and its echo: where they were when, on the server's monotonic clock in nanoseconds. The instants are those
/// of the last byte.
public struct Exchange: Sendable, Hashable {
  /// The connection's name in its script.
  public var connection: String
  /// The place of the server's message among those of its connection.
  public var index: Int
  /// The payload's length in bytes.
  public var payloadLength: Int
  /// t0: the server hands it to the kernel.
  public var handed: UInt64
  /// t1: the kernel gives it to the network device; nil where the kernel does not tell.
  public var sent: UInt64?
  /// Whether the client's window had no room for all of it as it was handed over, so that the rest of it left when the client had taken other
  /// bytes: t1 is then no time of the server's.
  public var waitedForWindow = false
  /// t2: the client's TCP acknowledges it; nil where the kernel does not tell.
  public var acknowledged: UInt64?
  /// t3: the kernel gets the echo; nil where the kernel does not tell.
  public var received: UInt64?
  /// When the first bytes of the echo came; nil where the kernel does not tell.
  public var began: UInt64?
  /// t4: the server sees the echo.
  public var seen: UInt64
  /// From the message's delivery to the application to the return of its send, by the client's own clock; nil where it does not tell.
  public var clientNanoseconds: Int?
  /// In how many chunks the echo came.
  public var pieces: Int
  /// The bytes of the echo in its first chunk.
  public var firstPieceLength: Int
  /// The longest time between two chunks of a frame of the echo.
  public var longestGapNanoseconds: Int

  /// Creates an exchange.
  public init(
    connection: String, index: Int, payloadLength: Int, handed: UInt64, sent: UInt64?, acknowledged: UInt64?,
    received: UInt64?, seen: UInt64, clientNanoseconds: Int?, pieces: Int, firstPieceLength: Int,
    longestGapNanoseconds: Int, began: UInt64? = nil
  ) {
    self.connection = connection
    self.index = index
    self.payloadLength = payloadLength
    self.handed = handed
    self.sent = sent
    self.acknowledged = acknowledged
    self.received = received
    self.seen = seen
    self.clientNanoseconds = clientNanoseconds
    self.pieces = pieces
    self.firstPieceLength = firstPieceLength
    self.longestGapNanoseconds = longestGapNanoseconds
    self.began = began ?? received
  }

  /// When it began to leave: t1, and t0 where it waited for the window or the kernel does not tell.
  public var leaving: UInt64 { waitedForWindow ? handed : sent ?? handed }

  /// From the message's leaving to the echo's coming (t1 to t3): what network and client take. Where the kernel does not tell, what the
  /// server saw stands in its place.
  public var wireNanoseconds: Int { Self.between(leaving, received ?? seen) }

  /// What the server and its kernel took: t0 to t1 and t3 to t4; nil where the kernel does not tell.
  public var serverNanoseconds: Int? {
    guard sent != nil, let received else { return nil }
    return Self.between(handed, leaving) + Self.between(received, seen)
  }

  /// From the message's leaving to its acknowledgement (t1 to t2); nil where the kernel does not tell.
  public var acknowledgementNanoseconds: Int? {
    guard sent != nil, let acknowledged else { return nil }
    return Self.between(leaving, acknowledged)
  }

  /// From one instant to another. The kernel's stamps come from another clock, and to convert them costs some ten nanoseconds of
  /// their exactness: a later one may seem to be the earlier.
  static func between(_ start: UInt64, _ end: UInt64) -> Int { end > start ? Int(end - start) : 0 }
}

extension AttemptTrace {
  /// The exchanges of all connections, in the order in which the server sent.
  public var exchanges: [Exchange] { connections.flatMap { $0.exchanges(client) } }
}

extension ConnectionTrace {
  fileprivate func exchanges(_ client: ClientTrace) -> [Exchange] {
    let decoded = DecodedConnection(self)
    let arrivals = Arrivals(events)
    let processing = client.processing(on: name)
    let order = decoded.server.messages.filter(\.isComplete).map(\.streamOffset)
    let waiting = waitingMessages(decoded)
    return echoes(in: decoded).enumerated().compactMap { position, echo in
      let index = order.firstIndex(of: echo.message.streamOffset) ?? position
      let pieces = echo.answer.frameIndices.map { arrivals.pieces(decoded.client.frames[$0].range) }
      var exchange = exchange(echo.message, at: index, echo.answer, pieces)
      exchange?.clientNanoseconds = index < processing.count ? processing[index] : nil
      exchange?.waitedForWindow = waiting.contains(echo.message.streamOffset)
      return exchange
    }
  }

  private func exchange(
    _ message: DecodedMessage, at index: Int, _ answer: DecodedMessage, _ pieces: [[Arrivals.Piece]]
  ) -> Exchange? {
    let left = events[message.eventIndex]
    let came = events[answer.eventIndex]
    let kernel = came.kernelInstantNanoseconds
    // The server reads its clock once for all that a wake-up finds: what came meanwhile is not seen before it was there.
    let seen = max(came.instantNanoseconds, kernel ?? 0)
    guard seen > left.instantNanoseconds else { return nil }
    return Exchange(
      connection: name, index: index, payloadLength: message.length, handed: left.instantNanoseconds,
      // Where the kernel has lost a stamp, that of later bytes stands for it: it cannot be of a message that is back already.
      sent: left.transmission?.sentNanoseconds.flatMap { $0 <= kernel ?? seen ? $0 : nil },
      acknowledged: left.transmission?.acknowledgedNanoseconds, received: kernel, seen: seen,
      clientNanoseconds: nil, pieces: pieces.reduce(1) { $0 + $1.count - 1 },
      firstPieceLength: pieces.first?.first?.length ?? 0,
      longestGapNanoseconds: pieces.map(Arrivals.longestGap).max() ?? 0,
      began: kernel == nil ? nil : pieces.first?.first?.instant)
  }

  /// The messages, by their offsets, for which the client's window had no room as they were handed over: with what was sent before and
  /// was not acknowledged by then they are longer than it.
  private func waitingMessages(_ decoded: DecodedConnection) -> Set<Int> {
    guard let clientWindow else { return [] }
    let messages = decoded.server.messages
    var waiting: Set<Int> = []
    var taken = messages.first?.streamOffset ?? 0
    var underWay = messages[...]
    for message in messages {
      let handed = events[message.eventIndex].instantNanoseconds
      while let oldest = underWay.first, let instant = acknowledgement(of: oldest), instant <= handed {
        taken = oldest.endOffset
        underWay.removeFirst()
      }
      if message.endOffset - taken > clientWindow { waiting.insert(message.streamOffset) }
    }
    return waiting
  }

  private func acknowledgement(of message: DecodedMessage) -> UInt64? {
    events[message.eventIndex].transmission?.acknowledgedNanoseconds
  }
}

extension DecodedFrame {
  /// Where it lies in its stream.
  fileprivate var range: Range<Int> { streamOffset..<endOffset }
}

extension ClientTrace {
  /// How long the echo of each message on a connection took, by the client's own clock.
  fileprivate func processing(on connection: String) -> [Int?] {
    events.indices.filter { index in
      if case .message = events[index].kind { events[index].connection == connection } else { false }
    }.map { processing(at: $0)?.nanoseconds }
  }
}

/// When the bytes of the client came.
private struct Arrivals {
  /// A part of a frame that came in one chunk.
  struct Piece {
    var length: Int
    var instant: UInt64
  }

  /// The offset behind each chunk, and when it came.
  private var chunks: [(end: Int, instant: UInt64)] = []

  init(_ events: [WireEvent]) {
    var end = 0
    for event in events {
      guard case .received(let count) = event.kind else { continue }
      end += count
      chunks.append((end, event.kernelInstantNanoseconds ?? event.instantNanoseconds))
    }
  }

  /// The pieces in which these bytes of the stream came.
  func pieces(_ range: Range<Int>) -> [Piece] {
    var (low, high) = (0, chunks.count)
    while low < high {
      let middle = (low + high) / 2
      if chunks[middle].end <= range.lowerBound { low = middle + 1 } else { high = middle }
    }
    var start = range.lowerBound
    var pieces: [Piece] = []
    while low < chunks.count, start < range.upperBound {
      let end = min(chunks[low].end, range.upperBound)
      pieces.append(Piece(length: end - start, instant: chunks[low].instant))
      start = end
      low += 1
    }
    return pieces
  }

  static func longestGap(_ pieces: [Piece]) -> Int {
    zip(pieces, pieces.dropFirst()).map { Exchange.between($0.instant, $1.instant) }.max() ?? 0
  }
}
