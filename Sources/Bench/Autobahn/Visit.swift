import Autobahn
import PosixIO
import Scenarios
import Steps
import Traces
import WebSocketPeers
import WebSocketProtocol

/// A case of a server that is not the rig's: the client connects and echoes, and what happens is the server's affair.
struct Visit: Sendable {
  /// The server's id of the case.
  let id: String
  /// Where the client reaches the server.
  var server: ServerAddress
  /// How the reference client secures the connection; nil where it is in clear. A client on a board is handed the authorities that it
  /// names; where it names none, or the adapter declares no TLS, the URL alone.
  let tls: TLSConfiguration?
  /// Path and query.
  let target: String
  /// After that long the client is interrupted.
  let limit: Duration
  /// Whether the client offers compression, where it can.
  let compression: Bool

  /// What the URL begins with.
  var scheme: String { tls == nil ? "ws" : "wss" }

  /// What a client on a board is given: it has to verify the server by the authorities. Nil where there are none.
  var material: ClientTLSMaterial? {
    guard let authorities = tls?.authorities, !authorities.isEmpty else { return nil }
    // One behind the other is text: what reads DER reads the first.
    let told = ClientTLS(certReqs: 2, trust: .authority, form: authorities.count > 1 ? .pem : .der)
    return ClientTLSMaterial(told: told, trusted: authorities, badge: nil)
  }
}

/// What came of a visit.
struct VisitOutcome: Sendable {
  /// How it ended for the client.
  var ending: VisitEnding
  /// What the client says of itself; nil where it says nothing.
  var client: ClientTrace?

  /// Creates an outcome, by default of a client that says nothing of itself.
  init(_ ending: VisitEnding, client: ClientTrace? = nil) {
    self.ending = ending
    self.client = client
  }
}

/// How a visit ended for the client.
enum VisitEnding: Sendable, Hashable {
  /// By itself; with an exception in words, where the client threw one.
  case ended(exception: String?)
  /// It had to be interrupted.
  case hung(String)
  /// The board was lost, or the agent failed, and is back: nothing is known of the client.
  case lost(String)
  /// The board was given up.
  case gone(String)
}

extension DeviceRunner {
  /// Has the agent play the client side, and interrupts it when its time is over.
  /// - Throws: `BoardFailure`.
  func echo(_ visit: Visit) async throws -> VisitOutcome {
    let material = await client.speaksTLS ? visit.material : nil
    let testCase = visit.testCase(material?.told)
    let program = AgentProgram.run(
      testCase, at: visit.server, token: "", tls: material.map { [$0.told: $0] } ?? [:], ballast: tlsBallast)
    let watch = Task { [client, loop = server.loop] in
      try await loop.pause(until: .after(visit.limit))
      await client.interrupt(visit.id)
    }
    defer { watch.cancel() }
    let limit = visit.limit + DeviceClient.executionLimit
    let output = try await client.execute(program, name: visit.id, limit: limit)
    let report = AgentReport(output, id: testCase.id)
    if case .unusable(let detail) = report.trace.ending {
      return VisitOutcome(.lost(output.exception ?? detail))
    }
    guard !report.wasInterrupted else {
      let place = report.unfinished.isEmpty ? "its cleaning up" : report.unfinished.joined(separator: ", ")
      return VisitOutcome(
        .hung("interrupted after \(visit.limit.seconds) s in \(place)"), client: report.trace)
    }
    let exceptions = report.trace.events.compactMap { event -> String? in
      switch event.kind {
      case .exception(let exception), .connectFailed(let exception):
        "\(exception.type)(\"\(exception.message)\")"
      default: nil
      }
    }
    return VisitOutcome(.ended(exception: exceptions.first), client: report.trace)
  }
}

extension Visit {
  /// The client side of the case, which another server plays.
  func testCase(_ told: ClientTLS?) -> Case {
    var server = ServerScript([])
    server.tls = tls.map { _ in ServerTLS() }
    let url = "\(scheme)://\(URLPlaceholder.host.rawValue):\(URLPlaceholder.port.rawValue)\(target)"
    return Case(
      scenario: Scenario(
        id: id, description: "Another server's case.", expectation: "Messages are echoed.", rfc: "",
        requirement: .must, server: server,
        client: ClientScript([
          .connect(ConnectStep(url: url, compression: compression, tls: told)), .echo(),
        ])))
  }
}

extension ReferencePlayer {
  /// Has the reference client echo, and gives it up when its time is over.
  static func echo(_ visit: Visit, on loop: EventLoop) async -> VisitEnding {
    let client = WebSocketClient(
      tls: visit.tls ?? .client(), compression: visit.compression ? ClientCompression() : nil, on: loop)
    do {
      try await client.handshake("\(visit.scheme)://\(visit.server.host):\(visit.server.port)\(visit.target)")
      let deadline = Deadline.after(visit.limit)
      try await loop.run {
        while let message = try await client.recv(deadline: deadline) {
          try await client.connectionIfAny?.send(message)
        }
        try await client.close()
      }
      return .ended(exception: nil)
    } catch InvalidOperation.notOpen {
      // The server closed while an echo was on its way.
      _ = try? await client.close()
      return .ended(exception: nil)
    } catch let error as PosixError where error.number == .timedOut && client.connectionIfAny != nil {
      client.connectionIfAny?.abandon()
      return .hung("abandoned after \(visit.limit.seconds) s")
    } catch {
      client.connectionIfAny?.abandon()
      return .ended(exception: "\(error)")
    }
  }
}
