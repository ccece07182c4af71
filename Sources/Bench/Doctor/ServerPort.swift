import BoardLink
import Foundation
import PosixIO

/// The address and port on which a board's server will listen: whether they can be had, whether a connection to them arrives, and whether a
/// firewall may be in a board's way. What this computer cannot tell, the board's own connection tells.
struct ServerPort: Hashable {
  let host: String
  let port: UInt16
  /// Whether the board comes through a network.
  let isForHardware: Bool
  /// The folder that holds the system's files.
  let root: String

  private static let part = "server port"

  init(_ board: BenchBoard, root: String = "") {
    (host, port) = (board.host, board.port)
    isForHardware = !board.selector.isOnThisComputer
    self.root = root
  }

  func findings() async -> [Finding] {
    do {
      let found = try await SocketAddress.resolve(host, port: port, deadline: .after(.seconds(5)))
      guard let address = found.first else { return [wrong("the host '\(host)' has no address")] }
      try await Self.listenAndConnect(address)
      return [Finding(Self.part, .ok, "\(words) and a connection to it arrives")] + notes(on: address)
    } catch {
      return [wrong("\(error)")]
    }
  }

  private var words: String {
    port == 0 ? "\(host) has free ports, one of which the kernel chooses," : "\(host):\(port) is free,"
  }

  private func wrong(_ seen: String) -> Finding {
    let own = SocketAddress.ofThisComputer().filter { !$0.isV6 }.map(\.hostText).joined(separator: ", ")
    return Finding(
      Self.part, .wrong, seen,
      mend:
        "host and port stand in wsrig.toml or in --host and --port; this computer has the addresses \(own), and ss -ltnp names who has a port"
    )
  }

  private static func listenAndConnect(_ address: SocketAddress) async throws {
    let loop = try EventLoop(name: "doctor").start()
    defer { loop.stop() }
    try await loop.run {
      let listener = try TCPListener(on: loop, address)
      defer { listener.close() }
      _ = try await TCPSocket.connect(to: listener.address, on: loop, deadline: .after(.seconds(2)))
    }
  }

  private func notes(on address: SocketAddress) -> [Finding] {
    guard isForHardware else { return [] }
    var notes: [Finding] = []
    if address.withPort(0) == .loopbackV4(port: 0) || address.withPort(0) == .loopbackV6(port: 0) {
      notes.append(
        Finding(
          Self.part, .note, "\(host) is reached from this computer only",
          mend: "a board in a network needs this computer's address there as host"))
    }
    if let firewall {
      let opening =
        port == 0
        ? "give the server a port in wsrig.toml (port = 8765) and let it in"
        : "let it in: \(firewall.command(port))"
      notes.append(
        Finding(Self.part, .note, "\(firewall.rawValue) is on, and may keep the board out", mend: opening))
    }
    return notes
  }

  /// Firewalls that say in a file that they are on.
  enum Firewall: String {
    case ufw, firewalld

    func command(_ port: UInt16) -> String {
      self == .ufw ? "sudo ufw allow \(port)/tcp" : "sudo firewall-cmd --add-port=\(port)/tcp"
    }
  }

  /// The firewall that is on; nil where none says so.
  var firewall: Firewall? {
    let ufw = (try? String(contentsOfFile: root + "/etc/ufw/ufw.conf", encoding: .utf8)) ?? ""
    if ufw.split(separator: "\n").contains("ENABLED=yes") { return .ufw }
    return FileManager.default.fileExists(atPath: root + "/run/firewalld.pid") ? .firewalld : nil
  }
}
