import Scenarios
import Steps
import WebSocketProtocol

/// Makes whole server behaviours out of a seed: a scenario for each number, the same on every computer.
///
/// Nobody says what is expected: that follows from what the server really sends (`Verdicts`).
public struct ScenarioGenerator: Sendable {
  /// What a generated scenario is about.
  public enum Theme: String, Sendable, Hashable, CaseIterable {
    /// Messages, fragments, control frames, and any end.
    case conversation
    /// A breach of a rule after a short exchange.
    case breach
    /// Text at the borders of UTF-8.
    case text
    /// What the server answers to the opening handshake.
    case answer
    /// What the application asks for in it: URL, headers, subprotocols.
    case request
    /// permessage-deflate.
    case deflate
    /// What the application sends by itself, in one task or several.
    case sending
    /// The closing handshake, from either side.
    case closing
    /// Sizes at and beyond limits.
    case limits
    /// Several connections.
    case connections
    /// So many frames of the client's that its masking keys show how they are drawn.
    case keys
    /// What exchanges cost the board.
    case costs
  }

  /// What decides everything.
  public let seed: UInt64

  /// Creates a generator.
  public init(seed: UInt64) { self.seed = seed }

  /// The case of that number. The same seed and number give the same case.
  public func testCase(_ number: Int) -> Case {
    var dice = Dice(seed: seed, scenario: number)
    let theme = dice.inTurn(weighted: Self.weights)
    var draft = Self.draft(theme, &dice)
    draft.delivery = draft.delivery ?? Self.delivery(&dice)
    return draft.testCase(id: "fuzz.\(theme.rawValue)-\(seed)-\(number)", theme: theme.rawValue)
  }

  private static let weights: [(weight: Int, element: Theme)] = [
    (36, .conversation), (33, .breach), (14, .text), (34, .answer), (18, .request), (26, .deflate),
    (15, .sending), (11, .closing), (4, .limits), (4, .connections), (1, .keys), (5, .costs),
  ]

  private static func draft(_ theme: Theme, _ dice: inout Dice) -> Draft {
    switch theme {
    case .conversation: conversation(&dice)
    case .breach: breach(&dice)
    case .text: text(&dice)
    case .answer: answer(&dice)
    case .request: request(&dice)
    case .deflate: deflate(&dice)
    case .sending: sending(&dice)
    case .closing: closing(&dice)
    case .limits: limits(&dice)
    case .connections: connections(&dice)
    case .keys: keys(&dice)
    case .costs: costs(&dice)
    }
  }

  /// Mostly those that cost no time.
  private static func delivery(_ dice: inout Dice) -> Delivery {
    dice.pick(weighted: [(46, .whole), (14, .bytewise), (26, .coalesced), (10, .split), (4, .paced)])
  }
}

/// A scenario that is being made.
struct Draft {
  var server: ServerScript
  var client = ClientScript.echo
  /// How it is delivered; nil leaves it to chance.
  var delivery: Delivery?
  /// The section that it is about; which rules hold does not depend on it.
  var rfc = "5"

  init(_ server: ServerScript, _ client: ClientScript = .echo, delivery: Delivery? = nil) {
    self.server = server
    self.client = client
    self.delivery = delivery
  }

  /// Takes the steps of a script that was made.
  init(_ play: Play, _ client: ClientScript = .echo) {
    self.init(ServerScript(play.steps, ending: play.ending), client)
  }

  /// The case. A draft with much data is not cut into single bytes, and one with many steps not paused at each.
  func testCase(id: String, theme: String) -> Case {
    var reading = server
    for index in reading.connections.indices {
      reading.connections[index].steps = Self.thatReadOn(reading.connections[index].steps)
    }
    let scenario = Scenario(
      id: id, description: "A generated server behaviour (\(theme)).",
      expectation: "Does what the RFC allows for what the server sends.", rfc: rfc, requirement: .may,
      tags: ["fuzz"], server: reading, client: client, expected: Expected(failFast: true))
    return Case(scenario: scenario, delivery: bearable(delivery ?? .whole))
  }

  /// A server that stops reading goes on with it in the end, and waits for nothing meanwhile: otherwise a client that cannot get rid of what
  /// it has to send would be blamed for that.
  private static func thatReadOn(_ steps: [ServerStep]) -> [ServerStep] {
    var isStopped = false
    let bearable = steps.filter { step in
      if step == .stopReading { isStopped = true }
      if step == .resumeReading { isStopped = false }
      return !isStopped || !step.isWait
    }
    return isStopped ? bearable + [.resumeReading] : bearable
  }

  private func bearable(_ delivery: Delivery) -> Delivery {
    let steps = server.connections.flatMap(\.steps)
    let count = steps.reduce(0) { $0 + $1.sentByteCount }
    switch delivery {
    case .bytewise where count > 2500: return .coalesced
    case .split where steps.count > 14, .paced where steps.count > 7: return .whole
    default: return delivery
    }
  }
}

extension ServerStep {
  /// Whether it waits for somebody.
  var isWait: Bool {
    switch self {
    case .expectFrame, .expectMessage, .expectClose, .expectEnd, .barrier: true
    default: false
    }
  }

  /// How many bytes it sends, about.
  var sentByteCount: Int {
    switch self {
    case .sendFrame(let frame): frame.payload.count + 4
    case .sendMessage(let message): message.payload.count + 4
    case .sendBytes(let payload), .respond(.raw(let payload)): payload.count
    default: 0
    }
  }
}
