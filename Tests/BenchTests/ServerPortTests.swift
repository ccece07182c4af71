import BoardLink
import PosixIO
import TestSupport
import Testing

@testable import Bench

@Suite("What the doctor says of a server's port", .timeLimit(.minutes(1)))
struct ServerPortTests {
  private func board(_ selector: BoardSelector = .simulated, host: String = "127.0.0.1", port: UInt16 = 0)
    -> BenchBoard
  {
    BenchBoard(selector, host: host, port: port)
  }

  @Test("one that is free, and that connections reach, is as it should be")
  func free() async {
    let findings = await ServerPort(board()).findings()
    #expect(findings.map(\.state) == [.ok] && findings[0].seen.hasPrefix("127.0.0.1 has free ports"))
  }

  @Test(
    "one that another program has is told, with how to find it, and so is an address that this computer has not"
  )
  func taken() async throws {
    let loop = try EventLoop(name: "test").start()
    defer { loop.stop() }
    try await loop.run {
      let listener = try TCPListener(on: loop, .loopbackV4(port: 0))
      defer { listener.close() }
      let findings = await ServerPort(board(port: listener.address.port)).findings()
      #expect(findings.map(\.state) == [.wrong], "\(findings)")
      #expect(findings.first?.seen.contains("another process already uses this port") == true, "\(findings)")
      #expect(findings.first?.mend?.contains("ss -ltnp") == true)
    }
    // An address of the documentation's (RFC 5737), which no computer has.
    let nowhere = await ServerPort(board(host: "192.0.2.1")).findings()
    #expect(nowhere.map(\.state) == [.wrong] && nowhere[0].seen.contains("no such address"), "\(nowhere)")
    #expect(nowhere[0].mend?.contains("127.0.0.1") == true)
  }

  @Test("of a board in a network the loopback is told, and a firewall that is on, with how to open it")
  func notes() async throws {
    let folder = try TemporaryFolder()
    let hardware = BoardSelector.usb("E661A")
    let plain = await ServerPort(board(hardware), root: folder.path).findings()
    #expect(
      plain.map(\.state) == [.ok, .note] && plain[1].seen.contains("from this computer only"), "\(plain)")
    try folder.write("# ufw\nENABLED=no\n", to: "etc/ufw/ufw.conf")
    #expect(ServerPort(board(hardware), root: folder.path).firewall == nil)
    try folder.write("# ufw\nENABLED=yes\nLOGLEVEL=low\n", to: "etc/ufw/ufw.conf")
    let ufw = await ServerPort(board(hardware), root: folder.path).findings()
    #expect(ufw.last?.seen.hasPrefix("ufw is on") == true && ufw.last?.mend?.contains("port = 8765") == true)
    #expect(ServerPort.Firewall.ufw.command(8765) == "sudo ufw allow 8765/tcp")
    try folder.write("", to: "etc/ufw/ufw.conf")
    try folder.write("12\n", to: "run/firewalld.pid")
    #expect(ServerPort(board(hardware), root: folder.path).firewall == .firewalld)
    #expect(await ServerPort(board(), root: folder.path).findings().count == 1)
  }
}
