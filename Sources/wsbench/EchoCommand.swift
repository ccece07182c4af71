import ArgumentParser
import Latency
import PosixIO
import WebSocketPeers
import WebSocketProtocol

/// The echo server with what can be switched on, each by itself; every check is on. Ends with the process.
struct EchoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "echo", abstract: "An echo server on 127.0.0.1, in clear, with what a flag says.")

  @Argument(help: "The port.")
  var port: UInt16

  @Flag(name: .customLong("async"), help: "An echo handler written with for try await.")
  var isAsync = false

  @Flag(help: "Keeps what moves on each connection, up to 1 MiB a direction, and records latencies.")
  var tap = false

  @Flag(help: "The same, with the kernel's timestamps.")
  var stamps = false

  func run() async throws {
    let addresses = [SocketAddress.loopbackV4(port: port)]
    if isAsync {
      let server = try await WebSocketServer.start(
        listeningOn: addresses, on: .shared, compression: nil, maximumConnections: 16384
      ) { connection in
        for try await message in connection { try await connection.send(message) }
      }
      try await untilEnded { try await server.stop() }
    } else {
      let server = try await EchoServer.start(
        listeningOn: addresses, on: .shared, configuration: configured())
      try await untilEnded { try await server.stop() }
    }
  }

  private func untilEnded(_ stop: () async throws -> Void) async throws {
    for await _ in try TerminationSignal.stream(on: .shared) { break }
    try await stop()
  }

  private func configured() -> EchoConfiguration {
    var configuration = EchoConfiguration()
    configuration.recorder = Recorder()
    if tap || stamps {
      configuration.captureLimit = 1 << 20
      configuration.stampsSending = stamps
      configuration.onTrace = { _ in }
    }
    return configuration
  }
}

/// Keeps the server's own times in a histogram.
///
/// `@unchecked Sendable`: called on the loop alone.
private final class Recorder: EchoRecorder, @unchecked Sendable {
  private var histogram = LatencyHistogram()

  func echoed(messages: Int, bytes: Int, nanoseconds: Int64) { histogram.record(Int(nanoseconds)) }
}
