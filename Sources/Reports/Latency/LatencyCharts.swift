import Foundation
import Latency
import Results

/// The pictures of a latency run.
enum LatencyCharts {
  /// The percentiles of device and reference: how many in a hundred are no slower, ever closer to all of them.
  static func percentiles(_ pair: (device: SeriesSummary?, reference: SeriesSummary?)) -> String? {
    let curves = [
      ("device", pair.device?.histogram), ("corrected", pair.device?.correctedHistogram),
      ("reference", pair.reference?.histogram),
    ].compactMap { name, histogram in histogram.map { (name: name, points: $0.curve) } }
    let counts = [pair.device?.raw.count, pair.reference?.raw.count].compactMap(\.self)
    guard let scale = DurationScale(curves.flatMap { $0.points.map(\.nanoseconds) }), let most = counts.max()
    else { return nil }
    let depth = max(1, log10(Double(most)))
    func place(_ percentile: Double) -> Double {
      percentile >= 100 ? 1 : min(1, -log10(1 - percentile / 100) / depth)
    }
    let marks = [0, 50, 90, 99, 99.9, 99.99, 99.999].filter { $0 < 100 * (1 - pow(10, -depth)) + 0.001 }
    var plot = SVGPlot(
      x: marks.map { SVGPlot.Tick(position: place($0), text: "\(SVGPlot.percent($0))") }, y: scale.ticks,
      xTitle: "percentile")
    for curve in curves {
      plot.addLine(
        curve.points.map { (place($0.percentile), scale.position($0.nanoseconds)) }, className: curve.name)
    }
    return plot.svg(title: "Percentiles")
  }

  /// Every exchange in its place, round by round: device and reference take turns, so that the same round is about the same time.
  static func timeSeries(_ pair: (device: SeriesSummary?, reference: SeriesSummary?)) -> String? {
    let series = [("reference", pair.reference), ("device", pair.device)].compactMap { name, summary in
      summary.map { (name: name, rounds: $0.measurement.samples) }
    }
    guard let scale = DurationScale(series.flatMap { $0.rounds.flatMap(\.self) }),
      let count = series.map(\.rounds.count).max()
    else { return nil }
    let step = (count + mostRoundsMarked - 1) / mostRoundsMarked
    let ticks = stride(from: 0, to: count, by: step).map {
      SVGPlot.Tick(position: Double($0) / Double(count), text: "\($0 + 1)")
    }
    var plot = SVGPlot(x: ticks, y: scale.ticks, xTitle: "round")
    for (name, rounds) in series {
      plot.addDots(dots(rounds, of: count).map { ($0.x, scale.position($0.nanoseconds)) }, className: name)
    }
    return plot.svg(title: "Every exchange, round by round")
  }

  private static let mostRoundsMarked = 20
  /// So many dots of a series can be told apart.
  private static let mostDots = 2000

  /// A dot for each exchange, the rounds side by side; where there are too many, one for the slowest of so many in a row.
  private static func dots(_ rounds: [[Int]], of count: Int) -> [(x: Double, nanoseconds: Int)] {
    let size = max(1, (rounds.reduce(0) { $0 + $1.count } + mostDots - 1) / mostDots)
    return rounds.enumerated().flatMap { round, samples in
      stride(from: 0, to: samples.count, by: size).map { start in
        let x = (Double(round) + Double(start) / Double(samples.count)) / Double(count)
        return (x, samples[start..<min(start + size, samples.count)].max() ?? 0)
      }
    }
  }

  private static let barsWidth = 1100.0
  private static let barLeft = 270.0
  private static let barRight = 80.0
  private static let rowHeight = 22.0

  /// The usual exchange of each series in its layers, as bars of one scale.
  static func layers(_ summaries: [SeriesSummary]) -> String? {
    let rows = summaries.map { (summary: $0, shares: $0.shares.shares) }
    let totals = rows.map { $0.shares.reduce(0) { $0 + $1.nanoseconds } }
    guard let most = totals.max(), most > 0 else { return nil }
    let room = barsWidth - barLeft - barRight
    let bars = zip(rows, totals).enumerated().map { index, row in
      bar(row.0.summary.name, row.0.shares, total: row.1, scale: room / Double(most), row: Double(index))
    }
    let height = SVGPlot.text(Double(rows.count) * rowHeight)
    return
      #"<svg viewBox="0 0 \#(SVGPlot.text(barsWidth)) \#(height)" role="img"><title>The usual exchange by layer</title>"#
      + bars.joined() + "</svg>"
  }

  private static func bar(
    _ name: String, _ shares: [LatencyShares.Share], total: Int, scale: Double, row: Double
  ) -> String {
    let top = row * rowHeight + 3
    let middle = SVGPlot.text(top + (rowHeight - 6) / 2)
    var x = barLeft
    let rectangles = shares.map { share -> String in
      let width = Double(share.nanoseconds) * scale
      defer { x += width }
      let words = "\(share.owner.words): \(duration(share.nanoseconds))"
      return
        #"<rect class="\#(share.owner.rawValue)" x="\#(SVGPlot.text(x))" y="\#(SVGPlot.text(top))" width="\#(SVGPlot.text(width))" height="\#(SVGPlot.text(rowHeight - 6))"><title>\#(words)</title></rect>"#
    }
    return
      #"<text x="\#(SVGPlot.text(barLeft - 8))" y="\#(middle)" dy="0.35em" text-anchor="end">\#(name.escapedForMarkup)</text>"#
      + rectangles.joined()
      + #"<text x="\#(SVGPlot.text(x + 6))" y="\#(middle)" dy="0.35em">\#(duration(total))</text>"#
  }
}

extension SVGPlot {
  /// A percentile as its axis shows it.
  fileprivate static func percent(_ value: Double) -> String {
    value == value.rounded() ? "\(Int(value)) %" : "\(value) %"
  }
}

extension LatencyShares.Share.Owner {
  /// What legends call it.
  var words: String {
    switch self {
    case .server: "server"
    case .network: "network and TCP"
    case .library: "client library and interpreter"
    case .application: "application, receive to send"
    }
  }
}
