import Foundation
import Scenarios
import Steps
import WebSocketProtocol

/// Makes cases smaller: without steps, frames, bytes, chunk boundaries, and with simpler ones in their place.
///
/// Whether a smaller case still shows what the larger one did, whoever runs them has to see.
public enum Shrinker {
  /// The cases that are a little smaller than this one, those first that leave out most. Each is valid, and none is as large.
  public static func reductions(of testCase: Case) -> [Case] {
    var all: [Case] = []
    let id = testCase.scenario.id
    func offer(_ change: (inout Case) -> Void) {
      var smaller = testCase
      change(&smaller)
      if smaller != testCase, smaller.validate().isEmpty { all.append(smaller) }
    }
    if testCase.isOverTLS { offer { $0 = $0.inClear } }
    if testCase.delivery != .whole { offer { $0.delivery = .whole } }
    if let written = withChunksWrittenOut(testCase) { offer { $0 = written } }
    // Without waits first: one for something that no longer comes takes longer than a hundred executions.
    offer { smaller in
      for connection in smaller.scenario.server.connections.indices {
        smaller.scenario.server.connections[connection].steps.removeAll(where: \.isWait)
      }
    }
    for connection in testCase.scenario.server.connections.indices {
      let steps = testCase.scenario.server.connections[connection].steps
      for range in pieces(of: steps.count).map({ withWaits($0, steps) }) {
        offer {
          $0.scenario.server.connections[connection].steps.removeSubrange(range)
          dropLoneBarriers(&$0)
        }
      }
    }
    for connection in testCase.scenario.server.connections.indices {
      let all = testCase.scenario.server.connections[connection].steps
      for steps in withChunksJoined(all) + withFragmentsJoined(all) {
        offer { $0.scenario.server.connections[connection].steps = steps }
      }
    }
    for client in clients(testCase.scenario.client) { offer { $0.scenario.client = client } }
    for connection in testCase.scenario.server.connections.indices {
      for (index, step) in testCase.scenario.server.connections[connection].steps.enumerated() {
        for simpler in simpler(step) {
          offer { $0.scenario.server.connections[connection].steps[index] = simpler }
        }
      }
    }
    if let other = withoutOneConnection(testCase) { all += other }
    assert(all.allSatisfy { $0.scenario.id == id })
    return all
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

  /// Leaves out a connection, and the tasks that use it.
  private static func withoutOneConnection(_ testCase: Case) -> [Case]? {
    let names = testCase.scenario.server.connections.map(\.name)
    guard names.count > 1 else { return nil }
    return names.compactMap { name in
      var smaller = testCase
      smaller.scenario.server.connections.removeAll { $0.name == name }
      dropLoneBarriers(&smaller)
      let gone = testCase.scenario.client.tasks.dropFirst().filter { task in
        task.steps.contains { $0.connection == name }
      }.map(\.name)
      smaller.scenario.client.tasks.removeAll { gone.contains($0.name) }
      for index in smaller.scenario.client.tasks.indices {
        smaller.scenario.client.tasks[index].steps.removeAll { step in
          switch step {
          case .start(let task), .join(let task), .cancel(let task): gone.contains(task)
          default: step.connection == name
          }
        }
      }
      dropLoneBarriers(&smaller.scenario.client)
      return smaller.validate().isEmpty ? smaller : nil
    }
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
