import Foundation
import Scenarios
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("wsrig run --board python: a client that nobody here wrote")
  struct PythonClientTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What a client is known to do otherwise than the catalogue wants, and why.
    private struct Deviations: Decodable {
      struct Row: Decodable {
        /// The cases: a glob.
        var cases: String
        var verdict: String
        var reason: String
      }

      var deviations: [Row]
    }

    @Test(
      "websockets passes the whole catalogue but for its documented deviations: each happens, and no other")
    func websockets() async throws {
      let child = try await Tool.run(
        ["run", "--board", "python", "--adapter", "websockets"], in: folder, within: .seconds(1200))
      let results = try await Results.read(folder)
      #expect(results.cases.count == results.summary["planned"], "\(child.everything)")
      #expect(results.summary["referenceFailed"] == 0 && results.summary["inconclusive"] == 0)
      let file = Repository.fixtures.appending(path: "expected/websockets-deviations.json")
      let known = try JSONDecoder().decode(Deviations.self, from: Data(contentsOf: file)).deviations
      for row in results.cases {
        let deviation = known.first { Glob($0.cases).matches(row.id) }
        if row.verdict == "unsupported", Self.mayBeOutOfReach(row.id) { continue }
        #expect(
          row.verdict == deviation?.verdict ?? "passed",
          "\(row.id): \(row.reason ?? ""); \(deviation?.reason ?? "no deviation is listed")")
      }
      for deviation in known {
        #expect(deviation.reason.count > 40, "\(deviation.cases) needs a reason")
        #expect(
          results.cases.contains { Glob(deviation.cases).matches($0.id) }, "\(deviation.cases) fits no case")
      }
      #expect(child.output.contains("(CPython on this computer)"), "\(child.everything)")
      #expect(!child.output.contains("simulated"))
    }

    /// Whether a case needs what this computer may lack: IPv6, or the right to listen on port 80.
    private static func mayBeOutOfReach(_ id: String) -> Bool {
      id.hasPrefix("0.url-ipv6") || id.hasPrefix("0.url-port-")
    }

    @Test("a client in files and an installed one by name; another interpreter by its path")
    func clients() async throws {
      let adapter = Repository.fixtures.appending(path: "board/adapters/websockets.py")
      let text = try String(contentsOf: adapter, encoding: .utf8)
      try folder.write("from websockets.asyncio.client import *\n", to: "mine.py")
      try folder.write(
        text.replacing("from websockets.asyncio.client import", with: "from mine import"), to: "adapter.py")
      let cases = ["--only", "1.text-125", "--only", "7.client"]
      let files = try await Tool.run(
        ["run", "--board", "python", "--client", "mine.py", "--adapter", "adapter.py"] + cases, in: folder)
      #expect(files.status == 0 && files.output.contains("mine.py"), "\(files.everything)")
      let python = try #require(Repository.python)
      let named = try await Tool.run(
        ["run", "--board", "python:\(python)", "--client", "websockets.asyncio"] + cases, in: folder)
      #expect(named.status == 0 && named.output.contains("client websockets.asyncio"), "\(named.everything)")
      #expect(try await Results.read(folder).cases.count >= 2)
    }

    @Test("what cannot be run is told: no such interpreter, one without the client, no Python at all")
    func mistakes() async throws {
      let run = ["run", "--only", "1.text-125", "--board"]
      let missing = try await Tool.run(run + ["python:/no/such/python3"], in: folder)
      expectComplaint(missing, status: 2, ["/no/such/python3", "--board"])
      let other = try folder.write("raise ImportError('no module named tinyws')\n", to: "other.py")
      let adapter = try await Tool.run(run + ["python", "--adapter", other], in: folder)
      expectComplaint(adapter, status: 2, ["other.py", "ImportError", "tinyws"], lines: 2...12)
      let none = try await Tool.run(run + ["python:/bin/true"], in: folder)
      expectComplaint(none, status: 3, ["python:/bin/true"])
    }
  }

  @Suite("wsrig run --board reference: the rig checks itself")
  struct ReferenceDeviceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("the reference passes the whole catalogue, in whatever order and with another seed than its own")
    func whole() async throws {
      let child = try await Tool.run(
        ["run", "--board", "reference", "--shuffle", "--seed", "5"], in: folder, within: .seconds(600))
      #expect(child.status == 0, "\(child.everything)")
      let results = try await Results.read(folder)
      #expect(results.summary["passed"] == results.summary["planned"])
      #expect(child.output.contains("reference client, in process (no board)"), "\(child.everything)")
      #expect(!child.output.contains("simulated"))
      #expect(try folder.text("reports/latest/serial.log").isEmpty, "there is no link")
    }

    @Test("it takes no client")
    func client() async throws {
      let child = try await Tool.run(["run", "--board", "reference", "--adapter", "aiohttp_ws"], in: folder)
      expectComplaint(child, status: 2, ["--adapter", "--board reference"])
    }
  }
}
