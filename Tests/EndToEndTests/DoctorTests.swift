import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("wsrig doctor")
  struct DoctorTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("every part has its line, and a bench without hardware is fit for the simulated board")
    func parts() async throws {
      let child = try await Tool.run(["doctor"], in: folder, within: .seconds(600))
      #expect(child.status == 0, "\(child.everything)")
      for part in ["interpreter", "OpenSSL", "libusb", "udev rule", "USB boards", "loopback", "wsrig.toml"] {
        #expect(child.output.contains("  \(part) "), "\(part)\n\(child.everything)")
      }
      for seen in [
        "ok     server port   127.0.0.1 has free ports", "OpenSSL 3", "by TCP and by TLS", "board sim",
        "5 sockets", "reaches the server",
      ] {
        #expect(child.output.contains(seen), "\(seen)\n\(child.everything)")
      }
    }

    @Test("what is wrong is told with how to mend it, and the status is 3")
    func wrong() async throws {
      try folder.write("[boards.gone]\nlink = \"tty:/dev/no-such\"\n", to: "wsrig.toml")
      let missing = try await Tool.run(["doctor"], in: folder, within: .seconds(600))
      #expect(missing.status == 3, "\(missing.everything)")
      #expect(missing.output.contains("wrong  board gone") && missing.output.contains("/dev/no-such"))
      try folder.write("[boards.gone]\nlnk = 1\n", to: "wsrig.toml")
      let file = try await Tool.run(["doctor"], in: folder, within: .seconds(600))
      #expect(file.status == 3 && file.output.contains("line 2: boards.gone.lnk"), "\(file.everything)")
      try folder.write("", to: "wsrig.toml")
      let isolated = try await Tool.run(
        ["doctor", "--board", "sim"], in: folder, environment: ["WSRIG_SIM_ISOLATED": "1"],
        within: .seconds(600))
      #expect(isolated.status == 3 && isolated.output.contains("firewall"), "\(isolated.everything)")
      // --host was for --first-board alone, though the doctor asks for it.
      let far = try await Tool.run(["doctor", "--host", "192.0.2.1"], in: folder, within: .seconds(600))
      #expect(far.status == 3 && far.output.contains("192.0.2.1"), "\(far.everything)")
      let python = try await Tool.run(
        ["doctor", "--micropython", "nowhere"], in: folder, within: .seconds(600))
      #expect(python.status == 3 && python.output.contains("wrong  interpreter"), "\(python.everything)")
    }

    @Test("--install-udev installs the shipped rule, which is found then; a changed one is told")
    func udev() async throws {
      try FileManager.default.createDirectory(
        at: folder.url.appending(path: "rules"), withIntermediateDirectories: true)
      let options = ["doctor", "--udev-folder", "rules"]
      let install = try await Tool.run(options + ["--install-udev"], in: folder)
      #expect(
        install.status == 0 && install.output == "installed rules/60-wsrig.rules\n", "\(install.everything)")
      let shipped = try String(
        contentsOf: Repository.fixtures.appending(path: "udev/60-wsrig.rules"), encoding: .utf8)
      #expect(try folder.text("rules/60-wsrig.rules") == shipped)
      let found = try await Tool.run(options, in: folder, within: .seconds(600))
      #expect(found.output.contains("ok     udev rule"), "\(found.everything)")
      try folder.write("# mine", to: "rules/60-wsrig.rules")
      let changed = try await Tool.run(options, in: folder, within: .seconds(600))
      #expect(changed.output.contains("another one than the rig ships"), "\(changed.everything)")
      let nowhere = try await Tool.run(["doctor", "--install-udev", "--udev-folder", "none"], in: folder)
      expectComplaint(nowhere, status: 2, ["none/60-wsrig.rules", "--install-udev"])
    }

    @Test(
      "--first-board writes a profile that a simulated board imitates; nothing is tested where no hardware is"
    )
    func firstBoard() async throws {
      let child = try await Tool.run(
        ["doctor", "--first-board", "--board", "sim", "--sim-heap", "300K", "--profile", "p.json"],
        in: folder,
        within: .seconds(900))
      #expect(child.status == 0, "\(child.everything)")
      #expect(
        child.output.contains("every claim is still untested") && !child.output.contains("\nconfirmed "))
      let text = try folder.text("p.json")
      let json = try JSONSerialization.jsonObject(with: Data(text.utf8))
      var profile = try #require(json as? [String: Any])
      let heap = try #require(profile["heapBytes"] as? Int)
      #expect((280 << 10)...(310 << 10) ~= heap && profile["sockets"] as? Int == 5)
      let handshakes = try #require(profile["handshakes"] as? [[String: Any]])
      #expect(handshakes.count == 4 && handshakes.allSatisfy { $0["milliseconds"] is Double }, "\(text)")
      #expect((profile["echoes"] as? [Any])?.count ?? 0 >= 6, "\(text)")
      #expect((profile["claims"] as? [Any])?.count ?? 0 > 20)
      profile["sockets"] = 3
      profile["sourceBytesPerSecond"] = 200_000
      let data = try JSONSerialization.data(withJSONObject: profile)
      try folder.write(String(decoding: data, as: UTF8.self), to: "q.json")
      let run = try await Tool.run(
        ["run", "--sim-profile", "q.json", "--only", "1.text-1", "--deliveries", "whole"], in: folder)
      #expect(run.status == 0, "\(run.everything)")
      let results = try JSONSerialization.jsonObject(
        with: Data(folder.text("reports/latest/results.json").utf8))
      let board = try #require((results as? [String: Any])?["board"] as? [String: Any])
      #expect(board["sockets"] as? Int == 3, "\(board)")
      let free = try #require(board["heapFree"] as? Int)
      #expect(abs(free - heap) < 8192, "\(free) in place of \(heap)")
    }

    @Test("a profile that is none is told")
    func badProfile() async throws {
      try folder.write("{}", to: "p.json")
      let child = try await Tool.run(["run", "--sim-profile", "p.json", "--only", "1.text-1"], in: folder)
      expectComplaint(child, status: 2, ["'p.json' is no profile of a board", "--first-board"])
    }
  }
}
