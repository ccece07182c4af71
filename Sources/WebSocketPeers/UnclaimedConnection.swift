import PosixIO
import Steps

/// A connection whose request names no attempt. ``ScriptedConfiguration/onUnclaimed`` is given it once its request head is complete,
/// and it waits until somebody gives it something to play, at the latest ``ScriptedConfiguration/answerTimeout``.
///
/// `@unchecked Sendable`: the connection is touched on the server's loop only, which `play` checks.
public final class UnclaimedConnection: @unchecked Sendable {
  /// What its request asks for: path and query, as they were sent.
  public let target: String
  private weak var connection: ScriptedConnection?
  private let server: ScriptedServer

  init(_ connection: ScriptedConnection, target: String, in server: ScriptedServer) {
    self.connection = connection
    self.target = target
    self.server = server
  }

  /// Sends the lawful opening response at once, where the request is in order; what is played later has none. On the server's loop.
  public func accept() {
    server.loop.preconditionOnLoop()
    connection?.acceptParked()
  }

  /// Makes it the first connection of an attempt of its own. On the server's loop, once.
  ///
  /// - Returns: The attempt; nil where the connection is gone.
  /// - Throws: ``ScriptError``.
  @discardableResult
  public func play(
    _ script: ServerScript, token: String, delivery: Delivery = .whole, patience: Patience
  ) throws -> ScriptedAttempt? {
    server.loop.preconditionOnLoop()
    guard let connection, !connection.isClosed else { return nil }
    return try server.play(script, token: token, delivery: delivery, patience: patience, on: connection)
  }
}

extension ScriptedServer {
  fileprivate func play(
    _ script: ServerScript, token: String, delivery: Delivery, patience: Patience,
    on connection: ScriptedConnection
  ) throws -> ScriptedAttempt {
    let attempt = try register(
      script, token, delivery, nil, .after(patience.quiet), patience: patience, on: connection)
    if !script.stopsReading { connection.enlargeReceiveBuffer() }
    if attempt.claim(connection, targetAfterToken: "") { claimed(connection) }
    return attempt
  }
}
