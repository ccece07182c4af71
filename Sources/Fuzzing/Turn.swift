import WebSocketProtocol

/// Where options come by turns: in as many draws as there are, each comes once, in an order of its own.
///
/// By chance, what comes once in a thousand cases on average is not among a thousand of them one time out of three. Whose turn it is follows
/// from the number of the case alone, also where one choice follows from another.
struct Turn {
  private let seed: UInt64
  /// The choices so far.
  private var path: String
  /// Which of all cases that came to the same choices this is, from 0.
  private var number: Int

  /// The turn of the case of that number.
  init(seed: UInt64, number: Int) { (self.seed, path, self.number) = (seed, "turn", number) }

  /// The place of the one whose turn it is; what weighs more has more turns. At least one weight is positive, and none is negative.
  mutating func next(_ weights: [Int]) -> Int {
    let (round, place) = number.quotientAndRemainder(dividingBy: weights.reduce(0, +))
    var dice = SplitMix64(seed: seed, text: "\(path) \(round)")
    let order = weights.indices.flatMap { Array(repeating: $0, count: weights[$0]) }.shuffled(using: &dice)
    let chosen = order[place]
    number = round * weights[chosen] + order[..<place].count { $0 == chosen }
    path += " \(chosen)"
    return chosen
  }
}
