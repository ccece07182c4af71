import Foundation

/// A plot of two axes as inline SVG. Positions are fractions of the plot's area, from its lower left corner.
struct SVGPlot {
  static let width = 640.0
  static let height = 300.0
  private static let left = 70.0
  private static let right = 14.0
  private static let top = 12.0
  private static let bottom = 40.0

  private var parts: [String] = []

  /// A mark on an axis.
  struct Tick {
    var position: Double
    var text: String
  }

  init(x: [Tick], y: [Tick], xTitle: String) {
    for tick in y {
      let place = Self.y(tick.position)
      parts.append(
        #"<path class="grid" d="M\#(Self.text(Self.left)) \#(place)H\#(Self.text(Self.width - Self.right))"/>"#
      )
      parts.append(
        Self.label(tick.text, x: Self.text(Self.left - 6), y: place, anchor: "end", shift: "0.32em"))
    }
    let base = Self.text(Self.height - Self.bottom)
    for tick in x {
      let place = Self.x(tick.position)
      parts.append(#"<path class="grid" d="M\#(place) \#(Self.text(Self.top))V\#(base)"/>"#)
      parts.append(Self.label(tick.text, x: place, y: base, anchor: "middle", shift: "1.3em"))
    }
    parts.append(
      Self.label(
        xTitle, x: Self.text((Self.left + Self.width - Self.right) / 2), y: Self.text(Self.height),
        anchor: "middle",
        shift: "-0.3em"))
  }

  /// Adds a line through these points.
  mutating func addLine(_ points: [(x: Double, y: Double)], className: String) {
    guard !points.isEmpty else { return }
    let path = points.map { "\(Self.x($0.x)) \(Self.y($0.y))" }.joined(separator: "L")
    parts.append(#"<path class="line \#(className)" d="M\#(path)"/>"#)
  }

  /// Adds a dot at each of these points.
  mutating func addDots(_ points: [(x: Double, y: Double)], className: String) {
    guard !points.isEmpty else { return }
    let path = points.map { "M\(Self.x($0.x)) \(Self.y($0.y))h0" }.joined()
    parts.append(#"<path class="dots \#(className)" d="\#(path)"/>"#)
  }

  /// The element.
  /// - Parameter title: what it shows, for those who do not see it.
  func svg(title: String) -> String {
    #"<svg viewBox="0 0 \#(Self.text(Self.width)) \#(Self.text(Self.height))" role="img"><title>\#(title.escapedForMarkup)</title>"#
      + parts.joined() + "</svg>"
  }

  private static func x(_ fraction: Double) -> String { text(left + fraction * (width - left - right)) }
  private static func y(_ fraction: Double) -> String {
    text(height - bottom - fraction * (height - top - bottom))
  }

  private static func label(_ words: String, x: String, y: String, anchor: String, shift: String) -> String {
    #"<text x="\#(x)" y="\#(y)" dy="\#(shift)" text-anchor="\#(anchor)">\#(words.escapedForMarkup)</text>"#
  }

  /// A coordinate, no more exact than can be seen.
  static func text(_ value: Double) -> String {
    let rounded = (value * 10).rounded() / 10
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
  }
}

/// A logarithmic scale of durations.
struct DurationScale {
  private let low: Double
  private let high: Double

  /// A scale that holds these durations in nanoseconds; nil where there are none.
  init?(_ nanoseconds: some Sequence<Int>) {
    let values = nanoseconds.lazy.filter { $0 > 0 }
    guard let least = values.min(), let most = values.max() else { return nil }
    low = log10(Double(least)) - Self.margin
    high = log10(Double(most)) + Self.margin
  }

  private static let margin = 0.06

  /// Where a duration lies, from 0 to 1.
  func position(_ nanoseconds: Int) -> Double {
    (log10(Double(max(1, nanoseconds))) - low) / (high - low)
  }

  /// Marks at 1, 2 and 5 of each decade, or at 1 alone where those would be too many.
  var ticks: [SVGPlot.Tick] {
    let steps = high - low > Self.mostDecadesWithSteps ? [1] : [1, 2, 5]
    let decades = Int(low.rounded(.down))...Int(high.rounded(.up))
    let values = decades.flatMap { decade in steps.map { Double($0) * pow(10, Double(decade)) } }
    return values.map { Int($0) }.filter { (0...1).contains(position($0)) }.map {
      SVGPlot.Tick(position: position($0), text: Self.words($0))
    }
  }

  private static let mostDecadesWithSteps = 2.2

  private static func words(_ nanoseconds: Int) -> String {
    switch nanoseconds {
    case ..<1_000: "\(nanoseconds) ns"
    case ..<1_000_000: "\(nanoseconds / 1_000) us"
    case ..<1_000_000_000: "\(nanoseconds / 1_000_000) ms"
    default: "\(nanoseconds / 1_000_000_000) s"
    }
  }
}

extension String {
  /// The text as it stands in HTML and SVG.
  var escapedForMarkup: String {
    replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
