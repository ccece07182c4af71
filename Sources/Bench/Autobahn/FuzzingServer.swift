import Autobahn
import Foundation
import PosixIO
import Traces
import WebSocketPeers
import WebSocketProtocol

/// A genuine Autobahn fuzzing server, asked by its control protocol: one connection for each question.
struct FuzzingServer: Sendable {
  /// Its URL without a path.
  let url: String
  /// Where it listens.
  let address: ServerAddress
  /// How its connections are secured; nil where they are in clear.
  let tls: TLSConfiguration?
  private let loop: EventLoop

  /// What a server says of a case.
  struct CaseInfo: Decodable {
    var id: String
  }

  private struct Status: Decodable {
    var behavior: String
  }

  /// How long it may take to answer what it only has to look up.
  private static let patience = Duration.seconds(10)
  /// How long it may take to judge a case: it may wait for more of the client first.
  private static let verdictPatience = Duration.seconds(75)
  /// How long it may take to write its reports: it has two files to make for each case.
  private static let reportPatience = Duration.seconds(120)

  /// - Parameter tls: How `wss://` is spoken.
  /// - Throws: `ConfigurationError` where the text is no URL of a server.
  init(url: String, tls: TLSConfiguration, on loop: EventLoop) throws {
    let uri: WebSocketURI
    do {
      uri = try WebSocketURI(url)
    } catch {
      throw ConfigurationError(
        "'\(url)' names no Autobahn fuzzing server: \(error); give ws://HOST:PORT or wss://HOST:PORT.")
    }
    guard uri.resourceName == "/" else {
      throw ConfigurationError(
        "'\(url)' cannot be used: it has a path, and the fuzzing server's are its own; leave it out.")
    }
    self.url = "\(uri.isSecure ? "wss" : "ws")://\(uri.hostField)"
    self.tls = uri.isSecure ? tls : nil
    address = ServerAddress(host: uri.isIPv6Literal ? "[\(uri.host)]" : uri.host, port: uri.port)
    self.loop = loop
  }

  /// How many cases it has.
  /// - Throws: `ConfigurationError` where nobody listens there, or something else does.
  func caseCount() async throws -> Int {
    let answer = try await ask(.caseCount, "for its number of cases")
    guard let count = answer.text.flatMap({ Int($0) }), count >= 0 else { throw isNoFuzzingServer(answer) }
    guard count > 0 else {
      throw ConfigurationError(
        "The fuzzing server at \(url) has selected no cases; check \"cases\" in its spec.")
    }
    return count
  }

  /// The case with that number, from 1.
  func caseInfo(_ number: Int) async throws -> CaseInfo {
    let answer = try await ask(.caseInfo(.number(number)), "for case \(number)")
    let info = answer.text.flatMap { try? JSONDecoder().decode(CaseInfo.self, from: Data($0.utf8)) }
    guard let info else {
      throw isNoFuzzingServer(answer)
    }
    return info
  }

  /// What became of a case, once it has ended for the server; nil where it does not say in time.
  func behavior(of number: Int, agent: String) async throws -> Behavior? {
    let answer = try await ask(
      .caseStatus(.number(number), agent: agent), "for its verdict on case \(number)",
      within: Self.verdictPatience)
    let status = answer.text.flatMap { try? JSONDecoder().decode(Status.self, from: Data($0.utf8)) }
    return status.flatMap { Behavior(rawValue: $0.behavior) }
  }

  /// Has it write its reports, and returns when they are there.
  func updateReports(agent: String) async throws {
    _ = try await ask(
      .updateReports(agent: agent, shutsDown: false), "for its reports", within: Self.reportPatience)
  }

  /// What came of a question.
  private enum Answer {
    case text(String)
    case binary(byteCount: Int)
    /// The connection ended without a message.
    case closed
    /// Nothing came in time on a connection that stayed open.
    case silence(Duration)

    var text: String? { if case .text(let text) = self { text } else { nil } }
  }

  /// Connects, takes the answer and the Close.
  private func ask(
    _ request: ControlRequest, _ what: String, within patience: Duration = Self.patience
  ) async throws -> Answer {
    let client = WebSocketClient(tls: tls ?? .client(), on: loop)
    do {
      try await client.handshake(url + request.target)
      let message = try await client.recv(deadline: .after(patience))
      try await client.close()
      return switch message {
      case .text(let text): .text(text)
      case .binary(let bytes): .binary(byteCount: bytes.count)
      case nil: .closed
      }
    } catch let error as PosixError where error.number == .timedOut && client.connectionIfAny != nil {
      client.connectionIfAny?.abandon()
      return .silence(patience)
    } catch let error as CancellationError {
      throw error
    } catch {
      throw ConfigurationError(
        "Could not ask the Autobahn fuzzing server at \(url) \(what): \(error); \(Self.advice(on: error)).")
    }
  }

  private static func advice(on error: any Error) -> String {
    switch (error as? TLSError)?.cause {
    case .certificate: "name the certificate of that authority with --tls-ca"
    case .refused: "check that it speaks wss, for which its spec needs url, key and cert"
    default: "check that `wstest -m fuzzingserver` runs there"
    }
  }

  private func isNoFuzzingServer(_ answer: Answer) -> ConfigurationError {
    let what =
      switch answer {
      case .text(let text): "it answered \"\(text.prefix(40))\""
      case .binary(let byteCount): "it answered with \(byteCount) bytes of binary data"
      case .closed: "it accepted the WebSocket and closed it without a message"
      case .silence(let patience): "it accepted the WebSocket and then stayed silent for \(patience)"
      }
    return ConfigurationError(
      "What listens at \(url) is no Autobahn fuzzing server: \(what); check the port and that `wstest -m fuzzingserver` runs there."
    )
  }
}
