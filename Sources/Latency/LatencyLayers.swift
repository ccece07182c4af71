/// What an acknowledgement of TCP tells of the network.
public enum Acknowledgement: String, Sendable, Hashable, Codable, CaseIterable {
  /// It came by itself and soon: the time to it is that of the network and of the client's TCP.
  case prompt
  /// The client's TCP held it back until there was an echo to send along with it: it tells nothing but that.
  case withReply
  /// It came by itself and late, when the application had the message already: the client's TCP held it back until a timer of its own
  /// (RFC 1122 section 4.2.3.2), 40 ms on Linux, up to 250 ms in lwIP, or until the application had read. It is no time of the network's.
  /// What came late before the application had it is: a radio that slept, or a packet that was sent again; but on this computer itself,
  /// which has neither.
  case late
  /// The kernel did not tell, or the message waited for the client's window: what that takes is the application's reading, too.
  case unknown
}

/// Tells acknowledgements that were held back from others.
public struct AcknowledgementRule: Sendable, Hashable {
  /// The shortest time that an acknowledgement has taken.
  public let floorNanoseconds: Int?
  /// Whether the network is this computer's own, by TCP's handshakes, or by the floor where there are none.
  private let isLocal: Bool
  /// From so many of that on, and ``slack`` more, it counts as late.
  private static let factor = 4
  /// What a network may take longer now and then without having held anything back, in nanoseconds.
  private static let slack = 2_000_000
  /// The same where the network is this computer's own, in floors.
  private static let localSlack = 10
  /// No radio, and no cable with another computer at its end, answers sooner, in nanoseconds.
  private static let leastOfNetworks = 100_000

  /// Finds the floor among the acknowledgements of these exchanges and the round trips of TCP's handshakes, in nanoseconds.
  public init(_ exchanges: [Exchange], handshakes: [Int]) {
    let alone = exchanges.compactMap { exchange -> Int? in
      guard let acknowledged = exchange.acknowledged, let began = exchange.began, acknowledged < began
      else { return nil }
      return exchange.acknowledgementNanoseconds
    }
    // Two clocks are compared, so that one may seem to have taken no time.
    let floor = (alone + handshakes).filter { $0 > 0 }.min()
    floorNanoseconds = floor
    isLocal = (handshakes.filter { $0 > 0 }.min() ?? floor).map { $0 < Self.leastOfNetworks } ?? false
  }

  /// What the acknowledgement of an exchange tells.
  public func acknowledgement(of exchange: Exchange) -> Acknowledgement {
    guard let time = exchange.acknowledgementNanoseconds, let acknowledged = exchange.acknowledged,
      let began = exchange.began, let received = exchange.received, !exchange.waitedForWindow
    else { return .unknown }
    guard acknowledged < began else { return .withReply }
    let floor = floorNanoseconds ?? time
    let slack = isLocal ? floor * Self.localSlack : Self.slack
    guard time > floor * Self.factor + slack else { return .prompt }
    if isLocal { return .late }
    // Less time than the application took for it: it had the message before. One whose clock tells nothing may have had it.
    let isHeldBack = exchange.clientNanoseconds.map { Exchange.between(acknowledged, received) < $0 } ?? true
    return isHeldBack ? .late : .prompt
  }
}

/// The exchanges of a series, layer by layer.
public struct LatencyLayers: Sendable, Hashable, Codable {
  /// The server and its kernel (t0 to t1, t3 to t4).
  public var server: LatencyQuantiles?
  /// The network and the client's TCP (t1 to t2), of prompt acknowledgements only.
  public var network: LatencyQuantiles?
  /// The client from acknowledgement to echo (t2 to t3), of prompt acknowledgements only.
  public var client: LatencyQuantiles?
  /// On the wire (t1 to t3).
  public var wire: LatencyQuantiles?
  /// From the delivery to the application to the return of its send, by the client's own clock.
  public var application: LatencyQuantiles?
  /// The round trip of TCP's own handshakes: what the network takes where acknowledgements are held back.
  public var tcpHandshake: LatencyQuantiles?
  /// How many acknowledgements were what.
  public var acknowledgements: [String: Int]

  /// Takes the exchanges apart.
  /// - Parameter handshakes: the round trips of TCP's handshakes, in nanoseconds.
  public init(_ exchanges: [Exchange], handshakes: [Int]) {
    let rule = AcknowledgementRule(exchanges, handshakes: handshakes)
    let judged = exchanges.map { (exchange: $0, acknowledgement: rule.acknowledgement(of: $0)) }
    let prompt = judged.filter { $0.acknowledgement == .prompt }.map(\.exchange)
    func quantiles(_ values: [Int?]) -> LatencyQuantiles? {
      LatencyHistogram(values.compactMap(\.self)).quantiles
    }
    func time(_ start: UInt64?, _ end: UInt64?) -> Int? {
      start.flatMap { start in end.map { Exchange.between(start, $0) } }
    }
    server = quantiles(exchanges.map(\.serverNanoseconds))
    network = quantiles(prompt.map(\.acknowledgementNanoseconds))
    client = quantiles(prompt.map { time($0.acknowledged, $0.received) })
    wire = quantiles(exchanges.map(\.wireNanoseconds))
    application = quantiles(exchanges.map(\.clientNanoseconds))
    tcpHandshake = quantiles(handshakes)
    acknowledgements = judged.reduce(into: [:]) { $0[$1.acknowledgement.rawValue, default: 0] += 1 }
  }

  /// How many acknowledgements were that.
  public func count(_ acknowledgement: Acknowledgement) -> Int {
    acknowledgements[acknowledgement.rawValue] ?? 0
  }
}
