/// Whose time a usual exchange takes: its parts put on top of one another make it up.
///
/// Each part is found exchange by exchange, and all of them from the same exchanges, those of the middle fifth, of which the means are told:
/// medians of different exchanges, taken from one another, would be the time of none.
public struct LatencyShares: Sendable, Hashable {
  /// A part of the usual exchange.
  public struct Share: Sendable, Hashable, Codable {
    /// Whose it is.
    public enum Owner: String, Sendable, Hashable, Codable, CaseIterable {
      /// The server and its kernel.
      case server
      /// The network, and TCP on the client's side.
      case network
      /// The client's side but for its application: its library and interpreter, and what its network stack does later.
      case library
      /// From delivery to send in the application, the library's sending included.
      case application
    }

    /// Whose it is.
    public var owner: Owner
    /// How long it lasts.
    public var nanoseconds: Int
  }

  /// The parts; none where there are no exchanges.
  public private(set) var shares: [Share] = []
  /// Whether the network's share is estimated from TCP's handshakes, because too few acknowledgements were prompt.
  public let networkIsEstimated: Bool

  /// One exchange in so many must have a prompt acknowledgement, or they are taken for exceptions.
  private static let promptPart = 4

  /// Takes the exchanges of the middle apart.
  /// - Parameter handshakes: the round trips of TCP's handshakes, in nanoseconds.
  public init(_ exchanges: [Exchange], handshakes: [Int]) {
    let rule = AcknowledgementRule(exchanges, handshakes: handshakes)
    let prompt = exchanges.filter { rule.acknowledgement(of: $0) == .prompt }
    networkIsEstimated = prompt.count * Self.promptPart < exchanges.count
    let handshake = networkIsEstimated ? LatencyComparison.median(handshakes) : nil
    let judged = networkIsEstimated ? exchanges : prompt
    // Where some tell what their application took, those that do not cannot be taken apart.
    let told = judged.filter { $0.clientNanoseconds != nil }
    let parts = Self.middle(told.isEmpty ? judged : told).map { Self.parts(of: $0, network: handshake) }
    guard !parts.isEmpty else { return }
    shares = Share.Owner.allCases.map { owner in
      Share(owner: owner, nanoseconds: parts.reduce(0) { $0 + ($1[owner] ?? 0) } / parts.count)
    }
  }

  /// The fifth in the middle by all that is taken apart, at least one.
  private static func middle(_ exchanges: [Exchange]) -> ArraySlice<Exchange> {
    func whole(_ exchange: Exchange) -> Int { exchange.wireNanoseconds + (exchange.serverNanoseconds ?? 0) }
    let sorted = exchanges.sorted { whole($0) < whole($1) }
    let start = sorted.count * 2 / 5
    return sorted[start..<max(sorted.count * 3 / 5, min(start + 1, sorted.count))]
  }

  /// The parts of one exchange. What the application took by its own clock is within what the client took by the kernel's.
  private static func parts(of exchange: Exchange, network: Int?) -> [Share.Owner: Int] {
    let whole = exchange.wireNanoseconds
    let onTheWay = min(whole, network ?? exchange.acknowledgementNanoseconds ?? 0)
    let application = min(whole - onTheWay, exchange.clientNanoseconds ?? 0)
    return [
      .server: exchange.serverNanoseconds ?? 0, .network: onTheWay, .application: application,
      .library: whole - onTheWay - application,
    ]
  }
}
