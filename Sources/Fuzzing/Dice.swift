import Scenarios
import WebSocketProtocol

/// Chance out of a seed: whoever throws the same dice in the same order gets the same.
struct Dice {
  private var generator: SplitMix64
  /// Who has turns; nobody where there is no number.
  private var turn: Turn?

  /// Dice of their own for each text.
  init(seed: UInt64, text: String) { generator = SplitMix64(seed: seed, text: text) }

  /// The dice of the scenario of that number, which has its turn, too.
  init(seed: UInt64, scenario number: Int) {
    self.init(seed: seed, text: "scenario \(number)")
    turn = Turn(seed: seed, number: number)
  }

  /// The one of these whose turn it is, by chance where nobody has turns; the list is not empty.
  mutating func inTurn<Element>(_ elements: [Element]) -> Element {
    inTurn(weighted: elements.map { (1, $0) })
  }

  /// The one of these whose turn it is: in as many turns as all weigh, each comes as often as it weighs.
  mutating func inTurn<Element>(weighted elements: [(weight: Int, element: Element)]) -> Element {
    guard let place = turn?.next(elements.map(\.weight)) else { return pick(weighted: elements) }
    return elements[place].element
  }

  /// Whether something happens that does so `percent` times out of a hundred.
  mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }

  /// A number of the range, all being equally likely.
  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

  /// One of these, all being equally likely; the list is not empty.
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(0...elements.count - 1)] }

  /// One of these, as likely as its weight says; the list is not empty, and no weight is negative.
  mutating func pick<Element>(weighted elements: [(weight: Int, element: Element)]) -> Element {
    var left = number(1...max(1, elements.reduce(0) { $0 + $1.weight }))
    for (weight, element) in elements {
      left -= weight
      if left <= 0 { return element }
    }
    return elements[elements.count - 1].element
  }

  /// These in another order.
  mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    elements.shuffled(using: &generator)
  }

  /// A number, small ones being likelier: each further one half as likely as the one before.
  mutating func few(upTo most: Int) -> Int {
    var count = 1
    while count < most, chance(50) { count += 1 }
    return count
  }

  /// Any byte.
  mutating func byte() -> UInt8 { UInt8(number(0...255)) }

  /// So many bytes.
  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in byte() } }
}
