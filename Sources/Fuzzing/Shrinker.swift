import Foundation
import Scenarios
import Steps
import WebSocketProtocol

/// Makes cases smaller: without steps, frames, bytes, chunk boundaries, and with simpler ones in their place.
///
/// Whether a smaller case still shows what the larger one did, whoever runs them has to see.
public enum Shrinker {
  /// The cases that are a little smaller than this one, those first that leave out most or take less time. Each is valid, and none is as
  /// large.
  public static func reductions(of testCase: Case) -> [Case] {
    var offers = Offers(testCase)
    offerQuicker(&offers)
    offerFewerSteps(&offers)
    // What was left out is not written out: of many steps there would be many more chunks.
    if let written = withChunksWrittenOut(testCase) { offers.add { $0 = written } }
    offerSteps(&offers) { withChunksJoined($0) + withFragmentsJoined($0) }
    for client in clients(testCase.scenario.client) { offers.add { $0.scenario.client = client } }
    offerSteps(&offers) { steps in
      steps.indices.flatMap { index in
        simpler(steps[index]).map { step in
          var left = steps
          left[index] = step
          return left
        }
      }
    }
    offerFewerConnections(&offers)
    assert(offers.all.allSatisfy { $0.scenario.id == testCase.scenario.id })
    return offers.all
  }

  /// The smaller cases of one, as they are collected.
  struct Offers {
    let original: Case
    private(set) var all: [Case] = []

    init(_ original: Case) { self.original = original }

    /// Adds the case with a change, unless that changes nothing or makes it invalid.
    mutating func add(_ change: (inout Case) -> Void) {
      var smaller = original
      change(&smaller)
      if smaller != original, smaller.validate().isEmpty { all.append(smaller) }
    }
  }

  /// The same steps in less time: one execution that waits for what no longer comes takes longer than a hundred others.
  private static func offerQuicker(_ offers: inout Offers) {
    for (place, ending) in quickestEndings.enumerated() {
      let slower = quickestEndings[place...].dropFirst()
      offers.add { smaller in
        for index in smaller.scenario.server.connections.indices
        where slower.contains(smaller.scenario.server.connections[index].ending) {
          smaller.scenario.server.connections[index].ending = ending
        }
      }
    }
    offers.add { $0 = $0.inClear }
    offers.add { $0.delivery = .whole }
    offers.add { smaller in
      for index in smaller.scenario.server.connections.indices {
        smaller.scenario.server.connections[index].steps.removeAll(where: \.isWait)
      }
    }
  }

  /// The endings, those first that wait for less.
  private static let quickestEndings: [ServerScript.Ending] = [
    .endOfStream, .closingHandshake, .awaitFailure,
  ]

  private static func offerFewerSteps(_ offers: inout Offers) {
    for (connection, script) in offers.original.scenario.server.connections.enumerated() {
      for range in pieces(of: script.steps.count).map({ withWaits($0, script.steps) }) {
        offers.add {
          $0.scenario.server.connections[connection].steps.removeSubrange(range)
          dropLoneBarriers(&$0)
        }
      }
    }
  }

  /// Offers other steps in the place of a connection's, for each connection.
  private static func offerSteps(_ offers: inout Offers, _ others: ([ServerStep]) -> [[ServerStep]]) {
    for (connection, script) in offers.original.scenario.server.connections.enumerated() {
      for steps in others(script.steps) {
        offers.add { $0.scenario.server.connections[connection].steps = steps }
      }
    }
  }

  /// All, halves, quarters and so on of so many, down to single ones.
  static func pieces(of count: Int) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var size = count
    while size > 0 {
      ranges += stride(from: 0, to: count, by: size).reversed().map { $0..<min($0 + size, count) }
      size = size == 1 ? 0 : (size + 1) / 2
    }
    return ranges
  }

  /// The range with the waits behind it, which are for what is in it, as a rule.
  private static func withWaits(_ range: Range<Int>, _ steps: [ServerStep]) -> Range<Int> {
    range.lowerBound..<(steps[range.upperBound...].firstIndex { !$0.isWait } ?? steps.endIndex)
  }

  private static func offerFewerConnections(_ offers: inout Offers) {
    let names = offers.original.scenario.server.connections.map(\.name)
    guard names.count > 1 else { return }
    for name in names { offers.add { leaveOut(connection: name, of: &$0) } }
  }

  /// Leaves out a connection, and the tasks that use it.
  private static func leaveOut(connection name: String, of testCase: inout Case) {
    testCase.scenario.server.connections.removeAll { $0.name == name }
    dropLoneBarriers(&testCase)
    let gone = testCase.scenario.client.tasks.dropFirst().filter { task in
      task.steps.contains { $0.connection == name }
    }.map(\.name)
    testCase.scenario.client.tasks.removeAll { gone.contains($0.name) }
    for index in testCase.scenario.client.tasks.indices {
      testCase.scenario.client.tasks[index].steps.removeAll { step in
        switch step {
        case .start(let task), .join(let task), .cancel(let task): gone.contains(task)
        default: step.connection == name
        }
      }
    }
    dropLoneBarriers(&testCase.scenario.client)
  }

  /// Leaves out the barriers at which one connection would wait for nobody.
  private static func dropLoneBarriers(_ testCase: inout Case) {
    let lone = loneNames(testCase.scenario.server.connections.map { $0.steps.compactMap(\.barrierName) })
    for index in testCase.scenario.server.connections.indices {
      testCase.scenario.server.connections[index].steps.removeAll { step in
        step.barrierName.map(lone.contains) ?? false
      }
    }
  }

  /// The names of barriers that only one of the parties has, of whom each has these.
  static func loneNames(_ parties: [[String]]) -> Set<String> {
    var counts: [String: Int] = [:]
    for names in parties { for name in Set(names) { counts[name, default: 0] += 1 } }
    return Set(counts.filter { $0.value == 1 }.keys)
  }
}

extension ServerStep {
  fileprivate var barrierName: String? {
    if case .barrier(let name) = self { name } else { nil }
  }
}
