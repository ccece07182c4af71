import Latency
import Results
import Traces

/// A phase under the same conditions, for device and reference.
struct PhaseKey: Hashable {
  var phase: ConnectionPhase
  var overTLS: Bool
  var power: String?

  /// All of a run, in the order of a connection's life, with what tables call them.
  static func all(of run: LatencyRun) -> [(key: PhaseKey, name: String)] {
    let keys = Set(run.phases.map { PhaseKey(phase: $0.phase, overTLS: $0.overTLS, power: $0.power) })
    let order = ConnectionPhase.allCases
    func rank(_ key: PhaseKey) -> (String, Int, Int) {
      (key.power ?? "", key.overTLS ? 1 : 0, order.firstIndex(of: key.phase) ?? 0)
    }
    return keys.sorted { rank($0) < rank($1) }.map { key in
      (key, key.phase.words + modes(key.overTLS && key.phase != .tlsHandshake, key.power))
    }
  }

  func quantiles(of endpoint: AttemptTrace.Endpoint, in run: LatencyRun) -> LatencyQuantiles? {
    let found = run.phases.first {
      $0.endpoint == endpoint && PhaseKey(phase: $0.phase, overTLS: $0.overTLS, power: $0.power) == self
    }
    return found.flatMap { LatencyHistogram($0.samples).quantiles }
  }
}

extension ConnectionPhase {
  /// What tables call it.
  var words: String {
    switch self {
    case .tcpConnect: "TCP connect"
    case .tlsHandshake: "TLS handshake"
    case .openingHandshake: "opening handshake"
    case .firstMessage: "first message"
    case .echo: "echo"
    case .closingHandshake: "closing handshake"
    case .reconnect: "reconnect"
    }
  }
}
