import Scenarios
import Traces

extension Case {
  /// What the whole case is about and the client does not have, so that playing it would show nothing of what it is for; nil where
  /// there is nothing of that kind. What only a part of a scenario needs is left to the agent, which says what it left out.
  /// - Parameter features: what the client's adapter says that it can.
  func featureMissing(from features: [String]) -> OptionalFeature? {
    let needed: [OptionalFeature] =
      (scenario.asksForCompression ? [.compression] : []) + (scenario.speaksTLS ? [.tls] : [])
    return needed.first { !features.contains($0.rawValue) }
  }
}
