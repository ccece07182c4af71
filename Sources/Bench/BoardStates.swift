import BoardLink
import Foundation
import PosixIO
import RawREPL
import Results
import Steps
import Traces
import WebSocketPeers
import WebSocketProtocol

/// What a board goes through between its prompt and the client: it joins the WLAN, its clock is set, its sockets are counted, and it
/// connects to the server by itself. Each step is an event of the board's.
struct BoardStates: Sendable {
  /// What they show.
  struct Facts: Sendable, Hashable {
    var address: String?
    var radio: RadioRecord?
    var sockets: Int?
    var hasMoreSockets: Bool?
  }

  /// A step came to nothing, for a reason that the board itself gave: only a restart may remove it.
  struct NotReady: Error, CustomStringConvertible {
    /// The board, and where it is in its network if that is known.
    let board: String
    /// What it could not do, why, and what to check; without a full stop.
    let reason: String
    var description: String { "The board \(board) \(reason)." }
  }

  /// The server that the board must reach; nil where it need not.
  let server: ScriptedServer?
  /// The host by which it does, bracketed if it is an IPv6 address.
  let host: String
  /// The WLAN that it is to join; nil leaves that to the board.
  let wlan: WLANAccess?
  /// The power mode of its radio; nil leaves it to the WLAN's description.
  var power: WLANPower?
  /// Whether steps are events where they succeed, too: not after a reset by choice, which is told as the case's isolation.
  var isTold = true

  /// How long joining a WLAN may take, address included.
  private static let joinSeconds = 25
  /// How long the board waits for the server's answer.
  private static let reachSeconds = 5
  /// No board that we know has more; what has no limit is not asked on.
  private static let mostSockets = 16
  private static let exchange = Duration.seconds(10)

  /// Takes the board through all of it; a soft reset at the end of joining gives back the heap that joining took.
  /// - Throws: `NotReady`, `BoardFailure`.
  func enter(_ board: Board) async throws -> Facts {
    if let wlan { try await join(wlan, board) }
    try await setClock(board)
    var facts = try await radio(board)
    try await probeSockets(board, &facts)
    if let server { try await reach(server, board, facts) }
    return facts
  }

  private func join(_ wlan: WLANAccess, _ board: Board) async throws {
    try await board.step(.joinWLAN, isTold: isTold) { board in
      let limit = Duration.seconds(Self.joinSeconds + 5)
      // The source holds the passphrase.
      let answers = try await ask(
        board, BoardPrograms.join(wlan, seconds: Self.joinSeconds), limit, isSecret: true)
      let state = answers["state"] ?? ""
      if let refusal = refusal(state, wlan, board.link.selector) { throw refusal }
      guard ["noRadio", "already", "joined"].contains(state) else { throw lost("its WLAN", board) }
      if state == "noRadio" { return (nil, ()) }
      // The heap still holds the source. The WLAN outlives the reset.
      try await board.softReset()
      let what =
        state == "joined" ? "has joined the WLAN \(wlan.ssid)" : "was in the WLAN \(wlan.ssid) already"
      return ("the board \(what)", ())
    }
  }

  /// What a board says that could not join; nil where it says no such thing.
  private func refusal(_ state: String, _ wlan: WLANAccess, _ board: BoardSelector) -> NotReady? {
    let known = [
      "passphrase": ("the access point refuses its passphrase", "what wsrig.toml says of the passphrase"),
      "absent": ("no access point answers to that name", "wlan.ssid in wsrig.toml, and that it has 2.4 GHz"),
      "noAddress": ("it got no address", "that the network has a DHCP server"),
      "timeOut": ("\(Self.joinSeconds) s were not enough", "the access point and its distance"),
    ]
    guard let (seen, check) = known[state] else { return nil }
    return NotReady(
      board: board.description, reason: "could not join the WLAN \(wlan.ssid): \(seen); check \(check)")
  }

  private func setClock(_ board: Board) async throws {
    try await board.step(.setClock, isTold: isTold) { board in
      guard let year = try await ask(board, BoardPrograms.setClock(Date()), Self.exchange)["year"] else {
        throw lost("its clock", board)
      }
      return (year.isEmpty ? nil : "the clock has this computer's time, in UTC", ())
    }
  }

  private func radio(_ board: Board) async throws -> Facts {
    let answers = try await ask(board, BoardPrograms.radio(power ?? wlan?.power), Self.exchange)
    func number(_ key: String) -> Int? { answers[key].flatMap { Int($0) } }
    var radio = RadioRecord(powerMode: number("pm"), rssi: number("rssi"), channel: number("channel"))
    radio.powerModeSet = number("set")
    return Facts(address: answers["address"], radio: radio == RadioRecord() ? nil : radio)
  }

  private func probeSockets(_ board: Board, _ facts: inout Facts) async throws {
    let (count, hasMore) = try await board.step(.probeSockets, isTold: isTold) {
      board -> (String?, (Int?, Bool?)) in
      let answers = try await ask(board, BoardPrograms.sockets(most: Self.mostSockets), Self.exchange)
      guard let count = answers["count"].flatMap({ Int($0) }) else { throw lost("its sockets", board) }
      let end = answers["error"].map { ", then comes \($0)" } ?? ", or more"
      return ("the board has \(count) sockets at a time\(end)", (count, answers["error"] == nil ? true : nil))
    }
    (facts.sockets, facts.hasMoreSockets) = (count, hasMore)
  }

  private func reach(_ server: ScriptedServer, _ board: Board, _ facts: Facts) async throws {
    try await board.step(.reachServer, isTold: isTold) { board in
      // Nobody else knows it: the server tells the board from strangers by it.
      let token = "reach" + (0..<12).map { _ in String(UInt8.random(in: 0...35), radix: 36) }.joined()
      let script = ServerScript(connections: [ConnectionScript(name: "main", steps: [])])
      let limit = Duration.seconds(Self.reachSeconds + 5)
      let attempt = try await server.prepareForStranger(script, token: token, deadline: .after(limit))
      let plainHost = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
      let program = BoardPrograms.reach(
        host: plainHost, port: attempt.port, token: token, seconds: Self.reachSeconds)
      let answers: [String: String]
      do {
        answers = try await ask(board, program, limit)
      } catch {
        attempt.clientHasEnded(allowing: .zero)
        throw error
      }
      attempt.clientHasEnded()
      let record = await attempt.record()
      guard let seen = answers["error"] ?? answers["answer"].map({ "the answer \"\($0)\"" }) else {
        throw lost("its way to the server", board)
      }
      guard answers["answer"] == "HTTP/1.1 101", let peer = record.connections.lazy.compactMap(\.peer).first
      else { throw unreachable(seen, attempt.port, board.link.selector, facts) }
      try await server.admit(peer.host)
      return ("the board reaches the server at \(host):\(attempt.port) from \(peer.hostText)", ())
    }
  }

  private func unreachable(
    _ seen: String, _ port: UInt16, _ board: BoardSelector, _ facts: Facts
  ) -> NotReady {
    let own = facts.address.map { " at \($0)" } ?? ""
    let others = SocketAddress.ofThisComputer().filter { !$0.isV6 && $0 != .loopbackV4(port: 0) }
    let addresses = others.isEmpty ? "none but the loopback" : others.map(\.hostText).joined(separator: ", ")
    return NotReady(
      board: "\(board)\(own)",
      reason:
        "could not connect to the server at \(host):\(port) (\(seen)); check that the server's address (--host, or host in "
        + "wsrig.toml) is one of this computer in the board's network (it has \(addresses)), that its firewall lets the port in, "
        + "and that the access point does not isolate its clients")
  }

  private func ask(
    _ board: isolated Board, _ program: String, _ limit: Duration, isSecret: Bool = false
  ) async throws -> [String: String] {
    let output = try await board.execute(program, deadline: .after(limit), isSecret: isSecret)
    if output.wasInterrupted {
      throw failure(.timedOut("the end of a program that gets the board ready"), board)
    }
    if let traceback = output.traceback {
      // The message of an exception may quote the source.
      let seen = isSecret ? traceback.type : "\(traceback)"
      throw failure(
        .unfit(
          "a program that gets it ready ended with \(seen); check its firmware, and its line for damage"),
        board)
    }
    return BoardPrograms.answers(output.text)
  }

  /// An answer that the program gives in any case did not come, or says nothing.
  private func lost(_ what: String, _ board: isolated Board) -> BoardFailure {
    failure(.damaged("the board's answer about \(what)"), board)
  }

  private func failure(_ cause: BoardFailure.Cause, _ board: isolated Board) -> BoardFailure {
    BoardFailure(board: board.link.selector.description, cause)
  }
}

extension ConnectionTrace {
  /// Who opened it.
  fileprivate var peer: SocketAddress? {
    for case .opened(let peer) in events.map(\.kind) {
      guard let colon = peer.lastIndex(of: ":") else { return nil }
      return SocketAddress(numeric: String(peer[..<colon]), port: 0)
    }
    return nil
  }
}
