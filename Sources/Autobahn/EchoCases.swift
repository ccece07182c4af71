import Scenarios
import Steps
import WebSocketProtocol

/// Why a scenario is not for clients that only connect to the URL they are given and echo: what Autobahn's drivers do.
public enum EchoObstacle: String, Sendable, Hashable, CaseIterable {
  /// Its client side is another than the echo loop.
  case otherClient = "Their clients do more than connect once and echo to the end, or less."
  /// It opens the connection in a way of its own; a driver has its own URL and header fields.
  case otherRequest = "Their clients ask with a URL, header fields or subprotocols of the scenario's own."
  /// It needs a port that the driver does not know.
  case ownPort = "Their servers listen on ports of their own."
  /// It speaks TLS in ways that a driver does not expect.
  case speaksTLS = "Their servers speak TLS, rightly or wrongly, and have certificates of their own."
  /// It is about what no wire shows.
  case unseen = "They measure what a client costs its board, which nothing on the wire tells."
}

extension Scenario {
  /// What keeps drivers from going through it; nil where they can. What a client offers of permessage-deflate is its own choice:
  /// where the scenario wants an offer and there is none, the case is unsupported.
  public var echoObstacle: EchoObstacle? {
    if speaksTLS { return .speaksTLS }
    guard server.connections.count == 1, client.tasks.count == 1, let steps = client.tasks.first?.steps,
      steps.count == 2, case .connect(let connect) = steps[0], case .echo(_, nil) = steps[1]
    else { return .otherClient }
    if server.ownPort { return .ownPort }
    if connect != ConnectStep(connection: connect.connection, compression: connect.compression) {
      return .otherRequest
    }
    return chapter == .resources ? .unseen : nil
  }

  /// Whether the client need not take the connection as established, or must not: many drivers end at a refused connection.
  public var mayEndInOpening: Bool { expected.opening != .accepted }
}

extension Case {
  /// The case with a message behind an answer that must be refused, if nothing follows that yet but the end of the stream.
  fileprivate var givingAway: Case {
    guard scenario.expected.opening == .refused, let script = scenario.server.connections.first,
      script.steps.count == 2, case .respond = script.steps[0], script.steps[1] == .halfClose
    else { return self }
    var copy = self
    copy.scenario.server.connections[0].steps.insert(
      .sendFrame(FrameSpec(.text, .text("taken?"))), at: 1)
    return copy
  }
}

/// The cases that a driver is put through, in order, as its numbers and ids name them.
public struct EchoCases: Sendable {
  /// The cases, in order; the first is number 1.
  public let all: [Case]

  /// Takes the cases of a plan. Nothing on the wire tells a client that refuses the server's answer from one that takes it and waits:
  /// so where it must be refused a message follows it, whose echo gives the client away.
  public init(_ cases: [Case]) { all = cases.map(\.givingAway) }

  /// The scenarios out of which a plan is made.
  /// - Parameter withOpenings: those too in which the client need not take the connection as established.
  public static func scenarios(of catalogue: [Scenario], withOpenings: Bool) -> [Scenario] {
    catalogue.filter { $0.echoObstacle == nil && (withOpenings || !$0.mayEndInOpening) }
  }

  /// The scenarios that are left out, by the reason, in the catalogue's order; no group is empty.
  public static func leftOut(
    of catalogue: [Scenario], withOpenings: Bool
  ) -> [(reason: String, scenarios: [Scenario])] {
    var groups = EchoObstacle.allCases.map { obstacle in
      (reason: obstacle.rawValue, scenarios: catalogue.filter { $0.echoObstacle == obstacle })
    }
    if !withOpenings {
      let openings = catalogue.filter { $0.echoObstacle == nil && $0.mayEndInOpening }
      groups.append(
        ("Their openings are, or may be, refused, at which many drivers end: --include handshake.", openings))
    }
    return groups.filter { !$0.scenarios.isEmpty }
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
