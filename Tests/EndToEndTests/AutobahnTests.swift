import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("Autobahn's protocol, both ways")
  struct AutobahnTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// `index.json`, as Autobahn's users read it.
    private struct Row: Decodable {
      var behavior: String
      var behaviorClose: String
      var remoteCloseCode: Int?
      var duration: Int
      var reportfile: String
    }

    private func index() throws -> [String: [String: Row]] {
      try JSONDecoder().decode(
        [String: [String: Row]].self, from: Data(folder.text("reports/latest/index.json").utf8))
    }

    /// Starts `wsrig serve --autobahn` and tells its URL.
    private func serve(_ options: [String]) async throws -> (server: RunningChild, url: String) {
      let words = [
        "serve", "--autobahn", "--once", "--port", "0", "--host", "127.0.0.1", "--max-time", "240",
      ]
      let server = try await Tool.start(words + options, in: folder, environment: ownAuthority)
      let line = try await server.line(containing: "listening on ")
      return (server, String(try #require(line.split(separator: " ").last)))
    }

    private func drive(
      _ url: String, _ agent: String, _ defect: String = "", trusting authority: String? = nil
    ) async throws -> FinishedChild {
      let driver = Repository.folder.appending(path: "Tests/Python/autobahn_driver.py").path
      let python = try #require(Repository.python)
      return try await RunningChild.run(
        python, [driver, url, agent, defect], environment: authority.map { ["SSL_CERT_FILE": $0] } ?? [:],
        within: .seconds(900))
    }

    /// Where servers of this test keep their authority.
    private var ownAuthority: [String: String?] { ["XDG_DATA_HOME": folder.path + "/data"] }

    /// The certificate of that authority, exported.
    private func exportAuthority() async throws -> String {
      let path = folder.path + "/root.pem"
      let child = try await Tool.run(["certs", "--pem", path], in: folder, environment: ownAuthority)
      #expect(child.status == 0, "\(child.everything)")
      return path
    }

    /// What our tour needs to trust such a server.
    private func trust(in url: String) async throws -> [String] {
      url.hasPrefix("wss:") ? ["--tls-ca", try await exportAuthority(), "--tls-keylog", "ours.log"] : []
    }

    @Test("a name of any length is shown in short, and no log is kept of a serial line that nobody has")
    func longName() async throws {
      let (server, url) = try await serve(["--only", "1.text-*", "--deliveries", "whole"])
      let driver = try await drive(url, String(repeating: "a", count: 4000), "reverses")
      #expect(driver.status == 0, "\(driver.everything)")
      let end = try await server.finish()
      #expect(end.status == 1, "\(end.everything)")
      #expect(end.everything.split(separator: "\n").allSatisfy { $0.count < 400 }, "\(end.everything)")
      #expect(folder.has("reports/latest/index.json") && !folder.has("reports/latest/serial.log"))
    }

    @Test("the classic driver runs every scenario of an echo loop, and Python's websockets fails none")
    func classic() async throws {
      // In some cases the library waits for the end of a message whose text is bad already, as it may.
      let (server, url) = try await serve(["--deliveries", "whole", "--patience", "3"])
      let driver = try await drive(url, "websockets")
      #expect(driver.status == 0, "\(driver.everything)")
      let end = try await server.finish()
      #expect(end.status == 0, "\(end.everything)")
      let rows = try #require(try index()["websockets"])
      #expect(rows.count > 250 && rows.count == driver.output.split(separator: "\n").count)
      // Its documented deviations (fixtures/expected/websockets-deviations.json) are NON-STRICT at most.
      for (id, row) in rows { #expect(row.behavior != "FAILED", "\(id)") }
      let (deflate, others) = (
        rows.filter { isAboutDeflate($0.key) }, rows.filter { !isAboutDeflate($0.key) }
      )
      #expect(others.values.count { $0.behavior == "OK" } * 10 > others.count * 8)
      #expect(others.values.allSatisfy { $0.behavior != "UNIMPLEMENTED" })
      // The driver offers no compression.
      #expect(deflate.values.count { $0.behavior == "UNIMPLEMENTED" } * 10 > deflate.count * 8)
      let row = try #require(rows["7.close-3000"] ?? rows["1.text-1"])
      #expect(row.behavior == "OK" && row.behaviorClose == "OK" && row.remoteCloseCode != nil)
      let report = try folder.text("reports/latest/\(row.reportfile)")
      for key in ["description", "expectation", "broken", "httpRequest"] {
        #expect(report.contains("\"\(key)\" :"))
      }
      let results = try await Results.read(folder, "reports/latest/websockets")
      #expect(results.cases.count == rows.count && results.summary["failed"] == 0)
      #expect(folder.has("reports/latest/websockets/junit.xml"))
    }

    private func isAboutDeflate(_ id: String) -> Bool { id.hasPrefix("12.") || id.hasPrefix("13.") }

    @Test("a driver whose client offers compression runs the scenarios about it, and websockets fails none")
    func compressing() async throws {
      let (server, url) = try await serve(["--deliveries", "whole", "--only", "12.*", "--only", "13.*"])
      let driver = try await drive(url, "compressing", "compresses")
      let end = try await server.finish()
      #expect(driver.status == 0 && end.status == 0, "\(driver.everything)\n\(end.everything)")
      let rows = try #require(try index()["compressing"])
      #expect(rows.count > 150)
      let behaviors = Dictionary(grouping: rows.values, by: \.behavior).mapValues(\.count)
      #expect(behaviors["FAILED"] == nil && behaviors["UNIMPLEMENTED"] == nil, "\(behaviors)")
      #expect((behaviors["OK"] ?? 0) * 10 > rows.count * 8, "\(behaviors)")
    }

    @Test("--list tells every scenario: as a case with its number, or as left out with the reason")
    func list() async throws {
      let child = try await Tool.run(["serve", "--autobahn", "--list", "--deliveries", "whole"], in: folder)
      #expect(child.status == 0 && child.errors.isEmpty)
      let all = try await Tool.run(["run", "--list", "--deliveries", "whole"], in: folder)
      let ids = all.output.split(separator: "\n").dropFirst().dropLast().compactMap {
        $0.split(separator: " ").first
      }
      let told = child.output.split(separator: "\n").compactMap { line -> Substring? in
        let words = line.split(separator: " ")
        return line.hasPrefix("  ") ? words.first : Int(words[0]) == nil ? nil : words[1]
      }
      #expect(ids.count > 1000 && told.filter { $0.contains(".") }.sorted() == ids.sorted())
      #expect(child.output.contains("\nLeft out: ") && child.output.contains("--include handshake"))
    }

    @Test(
      "a driver that breaks the echo is caught, one that never ends too",
      arguments: [("reverses", "echo-as-sent"), ("swallows", "echo-missing"), ("stays", "echo-missing")])
    func bad(defect: String, rule: String) async throws {
      let (server, url) = try await serve([
        "--deliveries", "whole", "--only", "1.text-1*", "--patience", "1",
      ])
      let driver = try await drive(url, "bad-one", defect)
      #expect(driver.status == 0, "\(driver.everything)")
      let end = try await server.finish()
      #expect(end.status == 1, "\(end.everything)")
      let results = try await Results.read(folder, "reports/latest/bad_one")
      let broken = results.cases.filter { $0.broken.contains(rule) }
      #expect(!broken.isEmpty, "\(end.everything)")
      #expect(broken.allSatisfy { $0.verdict == "failed" })
      let rows = try #require(try index()["bad-one"])
      #expect(rows.values.contains { $0.behavior == "FAILED" })
      #expect(driver.output.contains("FAILED"))
    }

    @Test("a driver that takes longer than a second for an echo is slow, which is no fault")
    func slow() async throws {
      let (server, url) = try await serve(["--deliveries", "whole", "--only", "1.text-125"])
      let driver = try await drive(url, "slow-one", "slow:1.3")
      let end = try await server.finish()
      #expect(driver.status == 0 && end.status == 0, "\(driver.everything)\n\(end.everything)")
      #expect(try index()["slow-one"]?["1.text-125"]?.behavior == "OK")
    }

    @Test("a driver that shows no sign of life after the server's patience is inconclusive: it may be slow")
    func silentDriver() async throws {
      let (server, url) = try await serve([
        "--deliveries", "whole", "--only", "1.text-125", "--patience", "0.5",
      ])
      let driver = try await drive(url, "frozen", "freezes")
      let end = try await server.finish()
      #expect(driver.status == 0 && end.status == 3, "\(driver.everything)\n\(end.everything)")
      let results = try await Results.read(folder, "reports/latest/frozen")
      #expect(results["1.text-125"]?.verdict == "inconclusive")
      #expect(results["1.text-125"]?.reason?.contains("--patience") == true)
    }

    @Test("--once waits for the client that is in a case while another asks for the reports, and names it")
    func onceWaitsForOthers() async throws {
      let (server, url) = try await serve([
        "--deliveries", "whole", "--only", "1.text-125", "--only", "1.text-126",
      ])
      let driver = Repository.folder.appending(path: "Tests/Python/autobahn_driver.py").path
      let python = try #require(Repository.python)
      let slow = try await RunningChild.start(python, [driver, url, "B", "slow:6"])
      _ = try await slow.line(containing: "begun")
      let quick = try await drive(url, "A")
      #expect(quick.status == 0, "\(quick.everything)")
      let end = try await server.finish()
      _ = try await slow.finish()
      #expect(end.status == 3, "\(end.everything)")
      #expect(end.errors.contains("B was put through 1 of 2 cases only"), "\(end.everything)")
      #expect(try index()["B"]?["1.text-125"]?.behavior == "OK" && index()["A"]?.count == 2)
    }

    @Test("who is in a case when the server ends at once is named, and not all is well")
    func cutOff() async throws {
      let (server, url) = try await serve(["--deliveries", "whole", "--only", "1.text-125"])
      let driver = Repository.folder.appending(path: "Tests/Python/autobahn_driver.py").path
      let python = try #require(Repository.python)
      let slow = try await RunningChild.start(python, [driver, url, "B", "slow:30"])
      _ = try await slow.line(containing: "begun")
      server.signal(SIGTERM)
      let end = try await server.finish()
      slow.kill()
      #expect(
        end.status == 3 && end.errors.contains("B was in a case when the server ended"), "\(end.everything)")
    }

    @Test("a client's long name, or reports that cannot be written, cost no other client its own; told once")
    func agentsAreIndependent() async throws {
      try folder.write("in the way", to: "out/blocked")
      let (server, url) = try await serve([
        "--deliveries", "whole", "--only", "1.text-125", "--report", "out",
      ])
      let long = String(repeating: "x", count: 600)
      let script = """
        import asyncio, sys, websockets

        async def main():
            for agent in sys.argv[2:]:
                async with websockets.connect(sys.argv[1] + "/runCase?case=1&agent=" + agent) as ws:
                    async for message in ws:
                        await ws.send(message)
                # Judged before the reports: on a busy computer the next client was done sooner.
                async with websockets.connect(sys.argv[1] + "/getCaseStatus?case=1&agent=" + agent) as ws:
                    async for message in ws:
                        pass
            async with websockets.connect(sys.argv[1] + "/updateReports?agent=" + agent) as ws:
                async for message in ws:
                    print(message)

        asyncio.run(main())
        """
      let python = try #require(Repository.python)
      let driver = try await RunningChild.run(python, ["-c", script, url, long, "blocked", "last"])
      #expect(driver.output.contains("The client \"blocked\" has no reports"), "\(driver.everything)")
      let end = try await server.finish()
      #expect(end.status == 2, "\(end.everything)")
      #expect(
        end.errors.components(separatedBy: "The client \"blocked\" has no reports").count == 2,
        "\(end.everything)")
      let rows = try JSONDecoder().decode(
        [String: [String: Row]].self, from: Data(folder.text("out/index.json").utf8))
      #expect(Set(rows.keys) == [long, "last"])
      for row in rows.values.flatMap(\.values) { #expect(folder.has("out/\(row.reportfile)")) }
      #expect(folder.has("out/last/results.json"))
    }

    @Test(
      "over wss a driver that trusts our authority goes through the same scenarios, and one that does not through none"
    )
    func secure() async throws {
      let (server, url) = try await serve([
        "--tls", "--deliveries", "whole", "--patience", "3", "--only", "1.*", "--only", "5.*", "--only",
        "7.*",
      ])
      #expect(url.hasPrefix("wss://127.0.0.1:"))
      let stranger = try await drive(url, "stranger")
      #expect(stranger.errors.contains("CERTIFICATE_VERIFY_FAILED"), "\(stranger.everything)")
      let driver = try await drive(url, "websockets", trusting: try await exportAuthority())
      let end = try await server.finish()
      #expect(driver.status == 0 && end.status == 0, "\(driver.everything)\n\(end.everything)")
      let index = try index()
      let rows = try #require(index["websockets"])
      #expect(
        index.count == 1 && rows.count > 100 && rows.count == driver.output.split(separator: "\n").count)
      for (id, row) in rows { #expect(row.behavior != "FAILED", "\(id)") }
      #expect(rows["1.text-125"]?.behavior == "OK" && rows["1.text-125"]?.behaviorClose == "OK")
      let results = try await Results.read(folder, "reports/latest/websockets")
      #expect(results.cases.count == rows.count && results.summary["failed"] == 0)
    }

    @Test(
      "our own tour is such a driver: the reference keeps every rule, refused openings included",
      arguments: ["ws", "wss"])
    func bothOurs(scheme: String) async throws {
      let options =
        scheme == "wss"
        ? ["--tls", "--tls-keylog", "theirs.log", "--only", "0.*", "--only", "6.*", "--only", "8.*"] : []
      let (server, url) = try await serve(["--include", "handshake"] + options)
      #expect(url.hasPrefix("\(scheme)://"))
      // A thousand cases one after the other; a minute is too little on a busy machine.
      let words = ["autobahn", url, "--agent", "ours", "--strict"] + (try await trust(in: url))
      let tour = try await Tool.run(words, in: folder, within: .seconds(1200))
      #expect(tour.status == 0, "\(tour.everything)")
      let end = try await server.finish()
      #expect(end.status == 0, "\(end.everything)")
      let rows = try #require(try index()["ours"])
      let loose = rows.filter { $0.value.behavior != "OK" }
      #expect(loose.isEmpty, "\(loose)")
      #expect(rows.allSatisfy { $0.value.behaviorClose == "OK" })
      #expect(rows.keys.contains { $0.hasPrefix("0.") && !$0.contains("accept") })
      guard scheme == "wss" else { return }
      // Each side logged every connection of the other: three of each case, and two for the tour.
      let logs = try ["ours.log", "theirs.log"].map { Set(try folder.text($0).split(separator: "\n")) }
      #expect(logs[0].count > rows.count && logs[0] == logs[1])
    }

    @Test(
      "a client on the simulated board is taken through as well, compressing; --only chooses, an unknown id is told",
      arguments: [[], ["--tls"]])
    func board(options: [String]) async throws {
      let (server, url) = try await serve(["--deliveries", "whole"] + options)
      let words =
        [
          "autobahn", url, "--board", "sim", "--agent", "board", "--only", "1.text-1*", "--only", "2.*",
          "--only", "12.blocks-*",
        ] + (try await trust(in: url))
      let unknown = try await Tool.run(words + ["--only", "1.txt*"], in: folder)
      expectComplaint(unknown, status: 2, ["1.txt*", "--only"])
      let tour = try await Tool.run(words, in: folder)
      #expect(tour.status == 0, "\(tour.everything)")
      #expect(tour.output.contains("Ping and Pong"), "\(tour.everything)")
      // Not all of the server's cases ran, which it says.
      let end = try await server.finish()
      #expect(end.status == 3 && end.errors.contains("only"), "\(end.everything)")
      #expect(try index()["board"]?.values.allSatisfy { $0.behavior == "OK" } == true)
    }

    @Test(
      "board, client and address are those of wsrig.toml where no option says otherwise; one board is to be chosen"
    )
    func benchFile() async throws {
      let (server, url) = try await serve(["--deliveries", "whole", "--only", "1.text-125"])
      let client = Repository.fixtures.appending(path: "async_websocket_client").path
      let bench = """
        board = "desk"
        client = "\(client)"
        [server]
        host = "127.0.0.1"
        [boards.desk]
        link = "sim"
        [boards.shelf]
        link = "sim"

        """
      try folder.write(bench.replacing("\"desk\"", with: "\"all\""), to: "other.toml")
      let several = try await Tool.run(["autobahn", url, "--config", "other.toml"], in: folder)
      expectComplaint(several, status: 2, ["desk, shelf", "--board"])
      // An address of the documentation's (RFC 5737), which no computer has.
      try folder.write(bench.replacing("127.0.0.1", with: "192.0.2.1"), to: "far.toml")
      let far = try await Tool.run(["autobahn", url, "--config", "far.toml"], in: folder)
      expectComplaint(far, status: 2, ["192.0.2.1"])
      try folder.write(bench, to: "wsrig.toml")
      let tour = try await Tool.run(["autobahn", url, "--agent", "board", "--strict"], in: folder)
      #expect(tour.status == 0 && tour.output.contains(client), "\(tour.everything)")
      let end = try await server.finish()
      #expect(try end.status == 0 && index()["board"]?["1.text-125"]?.behavior == "OK", "\(end.everything)")
    }

    @Test(
      "with --tls-ca the client on the board has to verify the server, by that file; an adapter without TLS gets the URL alone",
      arguments: [
        ("tls.pop(\"cafile\")", "cert_reqs=2 needs cafile"), ("assert tls[\"cert_reqs\"] == 2", nil),
        ("FEATURES.remove(\"tls\")", nil),
      ])
    func boardVerifies(change: String, complaint: String?) async throws {
      let (server, url) = try await serve(["--deliveries", "whole", "--tls", "--only", "1.text-125"])
      let ours = Repository.fixtures.appending(path: "board/adapters/async_websocketclient.py")
      let begins = "async def connect(url, headers, subprotocols, tls=None, **more):\n"
      let source = try String(contentsOf: ours, encoding: .utf8)
      #expect(source.contains(begins))
      let adapter =
        change.hasPrefix("FEATURES")
        ? source.replacing(begins, with: "\(change)\n\n\n\(begins)    assert tls is None\n")
        : source.replacing(begins, with: "\(begins)    \(change)\n")
      let words = ["autobahn", url, "--adapter", try folder.write(adapter, to: "changed.py"), "--agent", "b"]
      let tour = try await Tool.run(words + (try await trust(in: url)), in: folder)
      _ = try await server.finish()
      #expect(tour.status == (complaint == nil ? 0 : 3), "\(tour.everything)")
      #expect(tour.output.contains(complaint ?? "1 case"), "\(tour.everything)")
    }

    @Test("a client that takes any answer to its opening gives itself away by an echo")
    func carelessOpening() async throws {
      let ids = [
        "0.accept-of-another-key", "0.upgrade-missing", "0.accept-missing", "0.connection-missing",
      ]
      let options = ["--include", "handshake", "--deliveries", "whole"] + ids.flatMap { ["--only", $0] }
      let (server, url) = try await serve(options)
      let code = Repository.fixtures.appending(path: "async_websocket_client/code")
      for file in try FileManager.default.contentsOfDirectory(atPath: code.path)
      where file.hasPrefix("async_") {
        let source = try String(contentsOf: code.appending(path: file), encoding: .utf8)
        _ = try folder.write(
          source.replacing("raise HandshakeError(", with: "print("), to: "careless/\(file)")
      }
      let words = ["autobahn", url, "--client", "careless", "--agent", "careless"]
      let tour = try await Tool.run(words, in: folder)
      #expect(tour.status == 1, "\(tour.everything)")
      _ = try await server.finish()
      let rows = try #require(try index()["careless"])
      #expect(rows.mapValues(\.behavior) == Dictionary(uniqueKeysWithValues: ids.map { ($0, "FAILED") }))
    }

    @Test("a client that hangs is interrupted, and the rest goes on")
    func hangs() async throws {
      let (server, url) = try await serve(["--deliveries", "whole", "--only", "1.text-1*"])
      let client = try folder.write(Self.hangingClient, to: "hanging.py")
      let words = [
        "autobahn", url, "--client", client, "--adapter", client, "--agent", "h", "--case-time", "1",
      ]
      let tour = try await Tool.run(words, in: folder)
      #expect(tour.status == 1 && tour.output.contains("the client hung"), "\(tour.everything)")
      let end = try await server.finish()
      let count = try index()["h"]?.count ?? 0
      #expect(
        count > 1 && tour.output.contains("in \(count) the client hung"),
        "\(tour.everything)\n\(end.everything)")
    }

    /// An adapter whose client connects and then waits for ever.
    private static let hangingClient = """
      import asyncio, socket

      KIND = "asyncio"
      FEATURES = ()

      async def connect(url, headers, subprotocols):
          host, rest = url[5:].split(":", 1)
          port, path = rest.split("/", 1)
          reader, writer = await asyncio.open_connection(host, int(port))
          writer.write(("GET /" + path + " HTTP/1.1\\r\\nHost: " + host + ":" + port + "\\r\\nUpgrade: websocket\\r\\n"
              "Connection: Upgrade\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n").encode())
          await writer.drain()
          await reader.readline()
          return writer

      async def receive(ws):
          while True:
              await asyncio.sleep(1)

      async def send(ws, data): pass
      async def close(ws, code=None, reason=None): pass
      def abort(ws): ws.close()
      """

    private static let answering = """
      import asyncio, sys, websockets

      async def answer(ws):
          if sys.argv[1] == "nothing":
              return
          if sys.argv[1] == "silence":
              await asyncio.Event().wait()
          await ws.send(sys.argv[1])

      async def main():
          async with websockets.serve(answer, "127.0.0.1", 0) as server:
              print("port", server.sockets[0].getsockname()[1], flush=True)
              await server.serve_forever()

      asyncio.run(main())
      """

    @Test("nobody there, somebody else there, no cases: one sentence each")
    func mistakes() async throws {
      let nobody = try await Tool.run(["autobahn", "ws://127.0.0.1:1"], in: folder)
      expectComplaint(nobody, status: 2, ["ws://127.0.0.1:1", "nothing listens there", "wstest"])
      let inVain = try await Tool.run(["autobahn", "ws://127.0.0.1:1", "--tls-ca", "root.pem"], in: folder)
      #expect(inVain.status == 2 && inVain.errors.contains("wss://"), "\(inVain.everything)")
      let missing = try await Tool.run(["autobahn", "wss://127.0.0.1:1", "--tls-ca", "none.pem"], in: folder)
      expectComplaint(missing, status: 2, ["none.pem", "No such file"])
      let noURL = try await Tool.run(["autobahn", "localhost:9001"], in: folder)
      expectComplaint(noURL, status: 2, ["localhost:9001", "ws://HOST:PORT"])
      let path = try await Tool.run(["autobahn", "ws://127.0.0.1:9001/runCase"], in: folder)
      expectComplaint(path, status: 2, ["has a path"])
      let python = try #require(Repository.python)
      for (answer, part) in [
        ("hello", "answered \"hello\""), ("0", "has selected no cases"),
        ("silence", "it accepted the WebSocket and then stayed silent for 10"),
        ("nothing", "it accepted the WebSocket and closed it without a message"),
      ] {
        let server = try await RunningChild.start(python, ["-c", Self.answering, answer])
        let port = try #require(try await server.line(containing: "port").split(separator: " ").last)
        let child = try await Tool.run(["autobahn", "ws://127.0.0.1:\(port)"], in: folder)
        expectComplaint(child, status: 2, [part, "check"])
        server.kill()
      }
      for (options, part) in [(["--tls"], "--tls-ca"), ([], "speaks wss")] {
        let (server, url) = try await serve(options)
        let secure = url.replacing("ws://", with: "wss://")
        let child = try await Tool.run(["autobahn", secure], in: folder)
        expectComplaint(child, status: 2, [secure, "the TLS handshake", part])
        server.kill()
      }
      let vain = try await Tool.run(["serve", "--once"], in: folder)
      #expect(vain.status == 2 && vain.errors.contains("--autobahn"), "\(vain.everything)")
    }
  }
}
