import Foundation
import PosixIO
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("A bench: wsrig.toml, WLAN, the way to the server")
  struct BenchTests {
    private let folder: TemporaryFolder
    private static let quick = ["run", "--only", "1.text-1", "--deliveries", "whole"]
    private static let passphrase = "correct horse 'battery' staple"
    private static let file = """
      [wlan]
      ssid = "Bench"
      passphrase-env = "BENCH_PASSPHRASE"
      power = "none"
      [limits]
      gap = 77
      [boards.virtual]
      link = "sim"
      """

    init() throws {
      folder = try TemporaryFolder()
      try folder.write(Self.file, to: "wsrig.toml")
    }

    private func events(_ report: String = "reports/latest") throws -> [[String: Any]] {
      let json = try JSONSerialization.jsonObject(with: Data(folder.text("\(report)/results.json").utf8))
      return try #require((json as? [String: Any])?["boardEvents"] as? [[String: Any]])
    }

    @Test("the board joins the WLAN, gets its clock, reaches the server; the passphrase is nowhere")
    func joins() async throws {
      let child = try await Tool.run(
        Self.quick, in: folder,
        environment: ["BENCH_PASSPHRASE": Self.passphrase, "WSRIG_SIM_WLAN": "Bench:\(Self.passphrase)"])
      #expect(child.status == 0, "\(child.everything)")
      _ = try await Results.read(folder)
      let kinds = try events().compactMap { $0["kind"] as? String }
      #expect(
        kinds.starts(with: ["attach", "joinWLAN", "setClock", "probeSockets", "reachServer", "loadClient"]),
        "\(kinds)")
      let text = try folder.text("reports/latest/results.json")
      for part in ["has joined the WLAN Bench", "\"sockets\" : 5", "\"rssi\" : -40", "\"powerMode\" : 16"] {
        #expect(text.contains(part), "\(part)")
      }
      #expect(text.contains("\"gapMilliseconds\" : 77"))
      let files = try #require(FileManager.default.enumerator(atPath: folder.path + "/reports"))
      var count = 0
      for case let name as String in files where name.contains(".") {
        guard let text = try? folder.text("reports/\(name)") else { continue }
        #expect(!text.contains("horse") && !text.contains("battery"), "\(name)")
        count += 1
      }
      #expect(count >= 4)
      #expect(try folder.text("reports/latest/serial.log").contains("bytes that are not shown"))
      #expect(!(child.output + child.errors).contains("horse"))
    }

    @Test(
      "a WLAN that cannot be joined is one sentence and exit 3",
      arguments: [
        ("Bench:another one", "refuses its passphrase"), ("Other:x", "no access point answers to that name"),
      ])
    func refused(wlan: String, reason: String) async throws {
      let child = try await Tool.run(
        Self.quick, in: folder,
        environment: ["BENCH_PASSPHRASE": Self.passphrase, "WSRIG_SIM_WLAN": wlan])
      expectComplaint(child, status: 3, ["could not join the WLAN Bench", reason])
      #expect(!child.errors.contains("horse"))
    }

    @Test("a passphrase that is not there is a matter of configuration")
    func noPassphrase() async throws {
      let child = try await Tool.run(Self.quick, in: folder, environment: ["BENCH_PASSPHRASE": nil])
      expectComplaint(child, status: 2, ["wsrig.toml, line 3: wlan.passphrase-env", "BENCH_PASSPHRASE"])
    }

    @Test("a board that cannot reach the server is one sentence and exit 3, before the first case")
    func isolated() async throws {
      let child = try await Tool.run(
        Self.quick + ["--board", "sim"], in: folder, environment: ["WSRIG_SIM_ISOLATED": "1"])
      expectComplaint(
        child, status: 3,
        ["could not connect to the server at 127.0.0.1:", "--host", "firewall", "isolate its clients"])
    }

    @Test("options win over the file, --config names another one, a mistake is told with its line")
    func options() async throws {
      let gap = try await Tool.run(Self.quick + ["--board", "sim", "--limit-gap", "88"], in: folder)
      #expect(gap.status == 0, "\(gap.everything)")
      #expect(try folder.text("reports/latest/results.json").contains("\"gapMilliseconds\" : 88"))
      try folder.write("[boards.one]\nlink = \"tty:/dev/no-such\"\n", to: "other.toml")
      let other = try await Tool.run(Self.quick + ["--config", "other.toml"], in: folder)
      expectComplaint(other, status: 3, ["board tty:/dev/no-such"], lines: 1...3)
      try folder.write("[boards.one]\nlnk = \"sim\"\n", to: "wrong.toml")
      let wrong = try await Tool.run(Self.quick + ["--config", "wrong.toml"], in: folder)
      expectComplaint(
        wrong, status: 2, ["wrong.toml, line 2: boards.one.lnk is not known", "did you mean link?"])
      let none = try await Tool.run(Self.quick + ["--config", "none.toml"], in: folder)
      expectComplaint(none, status: 2, ["'none.toml' cannot be read", "--config"])
    }

    @Test("the client of the file is used, its path from the file's folder")
    func client() async throws {
      try folder.write("raise ValueError('loaded')\n", to: "bench/mine.py")
      try folder.write("client = \"mine.py\"\n", to: "bench/wsrig.toml")
      let child = try await Tool.run(Self.quick + ["--config", "bench/wsrig.toml"], in: folder)
      expectComplaint(child, status: 2, ["bench/mine.py", "loaded"], lines: 1...12)
    }
  }
}
