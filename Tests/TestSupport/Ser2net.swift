import Foundation
import PosixIO

/// Debian's server of serial lines over TCP, in front of a terminal.
public enum Ser2net {
  /// The program; nil where it is not installed.
  public static let program = ["/usr/sbin/ser2net", "/usr/bin/ser2net"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// Starts it, and waits until it listens.
  ///
  /// - Parameters:
  ///   - path: the terminal.
  ///   - controlsLine: whether it speaks RFC 2217, or carries plain bytes.
  /// - Returns: the server, to be killed, and its port on 127.0.0.1.
  public static func serve(
    _ path: String, port: UInt16? = nil, controlsLine: Bool
  ) async throws -> (server: RunningChild, port: UInt16) {
    let folder = try TemporaryFolder()
    let chosen: UInt16 = if let port { port } else { try await freePort() }
    let accepter = controlsLine ? "telnet(rfc2217),tcp" : "tcp"
    let configuration = try folder.write(
      """
      connection: &board
        accepter: \(accepter),127.0.0.1,\(chosen)
        connector: serialdev,\(path),115200n81,local
      """, to: "ser2net.yaml")
    guard let program else { throw PosixError(.spawn, "ser2net", .notFound) }
    let server = try await RunningChild.start(program, ["-n", "-d", "-c", configuration])
    try await awaitListener(on: chosen, deadline: .after(.seconds(20)))
    return (server, chosen)
  }

  /// A port that nobody listens on.
  public static func freePort() async throws -> UInt16 {
    try await EventLoop.shared.perform {
      let listener = try TCPListener(on: .shared, .loopbackV4(port: 0))
      defer { listener.close() }
      return listener.address.port
    }
  }

  /// Waits for a port to be listened on, without connecting: it has one guest at a time, and says nothing when it is ready.
  private static func awaitListener(on port: UInt16, deadline: Deadline) async throws {
    let number = String(0x10000 + Int(port), radix: 16, uppercase: true).suffix(4)
    let listening = "0100007F:\(number) 00000000:0000 0A"
    while try !String(contentsOfFile: "/proc/net/tcp", encoding: .utf8).contains(listening) {
      if deadline.hasPassed(at: .now()) { throw PosixError(.wait, "ser2net to listen", .timedOut) }
      try await EventLoop.shared.pause(until: .after(.milliseconds(20)))
    }
  }
}
