import Scenarios
import Steps

extension Scenario {
  /// Whether a client that only connects to the URL it is given and echoes can go through it: what Autobahn's drivers do. What such a
  /// client offers of permessage-deflate is its own choice, so that scenarios which ask for an offer are none of these.
  public var fitsEchoDriver: Bool {
    guard !server.ownPort, server.connections.count == 1, expected.request == nil, chapter != .resources,
      client.tasks.count == 1, let steps = client.tasks.first?.steps, steps.count == 2,
      case .connect(let connect) = steps[0], case .echo(_, nil) = steps[1]
    else { return false }
    return connect.target == ConnectStep().target && connect.url == nil && connect.headers.isEmpty
      && connect.subprotocols.isEmpty && !connect.compression
  }

  /// Whether the client need not take the connection as established, or must not: many drivers end at a refused connection.
  public var mayEndInOpening: Bool { expected.opening != .accepted }
}

/// The cases that a driver is put through, in order, as its numbers and ids name them.
public struct EchoCases: Sendable {
  /// The cases, in order; the first is number 1.
  public let all: [Case]

  /// Takes the cases of a plan.
  public init(_ cases: [Case]) { all = cases }

  /// The scenarios out of which a plan is made.
  /// - Parameter withOpenings: those too in which the client need not take the connection as established.
  public static func scenarios(of catalogue: [Scenario], withOpenings: Bool) -> [Scenario] {
    catalogue.filter { $0.fitsEchoDriver && (withOpenings || !$0.mayEndInOpening) }
  }

  /// The place, from 0, of the case that a request names.
  /// - Throws: ``Unknown``.
  public func index(of reference: ControlRequest.CaseReference) throws(Unknown) -> Int {
    switch reference {
    case .number(let number):
      guard all.indices.contains(number &- 1) else {
        throw Unknown(description: "There is no case \(number); there are \(all.count), and the first is 1.")
      }
      return number - 1
    case .id(let id):
      guard let index = all.firstIndex(where: { $0.id == id }) else {
        throw Unknown(description: "There is no case \(id).")
      }
      return index
    }
  }

  /// A case that is not there.
  public struct Unknown: Error, Sendable, Hashable, CustomStringConvertible {
    /// One sentence.
    public let description: String
  }
}
