import Latency
import Results

/// Where the time of a series goes, as tables on the terminal and in the page show it.
enum LayerRow {
  /// What the columns are.
  static let columns = [
    "usual exchange by layer", "server", "network, TCP", "client library", "application", "t2 to t3, p50",
    "own clock, p50", "acks: prompt", "with echo", "late",
  ]

  /// The cells of a series.
  static func cells(of summary: SeriesSummary) -> [String] {
    let layers = summary.layers
    let share = { (owner: LatencyShares.Share.Owner) in
      summary.shares.shares.first { $0.owner == owner }.map { duration($0.nanoseconds) } ?? ""
    }
    return [
      "\(summary.conditions.name) \(summary.endpoint)",
      layers.server == nil ? "not told" : share(.server),
      (summary.shares.networkIsEstimated ? "~" : "") + share(.network), share(.library),
      layers.application == nil ? "not told" : share(.application), duration(layers.client?.p50Nanoseconds),
      duration(layers.application?.p50Nanoseconds), "\(layers.count(.prompt))",
      "\(layers.count(.withReply))", "\(layers.count(.late))",
    ]
  }

  /// What is to be said below them, each in one sentence.
  static func notes(on summaries: [SeriesSummary]) -> [String] {
    var notes = [
      "The layers are the means of the same exchanges, those in the middle fifth. t2 to t3: from a prompt acknowledgement to the echo, "
        + "by the kernel's stamps; own clock: from delivery to the application to the return of its send, by the client's."
    ]
    if summaries.contains(where: \.shares.networkIsEstimated) {
      notes.append(
        "~ TCP acknowledged with the echo: the round trip of TCP's handshake stands for the network.")
    }
    let untold = summaries.filter { $0.layers.count(.unknown) > 0 }
    if !untold.isEmpty {
      notes.append(
        "Of the other acknowledgements the kernel did not tell, or the client's window had no room for the message, so that "
          + "the network cannot be told from its reading: "
          + untold.map { "\($0.layers.count(.unknown)) of \($0.name)" }.joined(separator: ", ") + ".")
    }
    return notes
  }

  /// How well the schedule of an open load was kept; nil of a closed one.
  static func schedule(of summary: SeriesSummary) -> String? {
    summary.lateness.map {
      "the sender itself was behind by \(duration($0.maxNanoseconds)) at the most, p99 \(duration($0.p99Nanoseconds))"
    }
  }
}
