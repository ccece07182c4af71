import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("wsrig run over TLS")
  struct TLSTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Runs, and returns the results; all have to have passed.
    private func run(_ arguments: String..., file: String = "reports/latest") async throws -> Results {
      let child = try await Tool.run(["run"] + arguments, in: folder, within: .seconds(600))
      #expect(child.status == 0, "\(child.everything)")
      #expect(child.output.contains("TLS handshake"), "\(child.everything)")
      let results = try await Results.read(folder, file)
      #expect(results.summary["passed"] == results.cases.count, "\(child.everything)")
      return results
    }

    @Test("--tls puts a chapter over TLS, beside the chapter that speaks it anyway")
    func sample() async throws {
      let results = try await run(
        "--tls", "--deliveries", "whole", "--only", "2.*", "--only", "15.t*", "--only", "15.c*")
      let ids = results.cases.map(\.id)
      #expect(ids.contains("2.ping-empty@tls") && ids.contains("15.tls-1-2-rsa-3072"))
      #expect(ids.allSatisfy { $0.hasSuffix("@tls") != $0.hasPrefix("15.") })
    }

    @Test("the chapter on TLS passes with the reference in the place of a board")
    func reference() async throws {
      let results = try await run("--board", "reference", "--deliveries", "whole", "--only", "15.*")
      #expect(results.cases.count >= 60)
    }

    @Test("a case over TLS goes with any delivery, and is replayed from its file")
    func modifiers() async throws {
      let results = try await run("--only", "5.text-two@*@tls", "--only", "6.valid-mixed-2000@split@tls")
      #expect(results.cases.count == 5)
      let file = folder.path + "/case.json"
      let export = try await Tool.run(
        ["export", "5.text-two@split@tls", "--output", file], in: folder)
      #expect(export.status == 0, "\(export.everything)")
      let replay = try await Tool.run(["replay", file], in: folder)
      #expect(replay.status == 0 && replay.output.contains("1 case "), "\(replay.everything)")
      #expect(try await Results.read(folder).cases.map(\.id) == ["5.text-two@split@tls"])
    }

    @Test(
      "the bench's authority signs; a run that cannot use it has one of its own, and says why in one line")
    func authority() async throws {
      _ = try await run("--authority", "kept", "--only", "15.tls-1-2-p-256", "--deliveries", "whole")
      let path = folder.path + "/kept/authority.pem"
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == 0o600 && !folder.has("data"))
      let kept = try folder.text("kept/authority.pem")
      _ = try await run("--authority", "kept", "--only", "15.tls-1-2-p-256", "--deliveries", "whole")
      #expect(try folder.text("kept/authority.pem") == kept)
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
      let exposed = try await Tool.run(
        ["run", "--authority", "kept", "--only", "15.tls-1-2-p-256", "--deliveries", "whole"], in: folder)
      #expect(exposed.status == 0, "\(exposed.everything)")
      let lines = exposed.output.split(separator: "\n").filter { $0.contains("an authority of its own") }
      #expect(lines.count == 1 && lines[0].contains("others may read"), "\(exposed.everything)")
    }

    /// The lines of a key log, each of which has to be in NSS's format; Python's begins with a comment.
    private func secrets(_ name: String) throws -> Set<Substring> {
      let lines = try folder.text(name).split(separator: "\n").filter { !$0.hasPrefix("#") }
      for line in lines {
        #expect(line.wholeMatch(of: /[A-Z0-9_]+ [0-9a-f]{64} [0-9a-f]{64,128}/) != nil, "\(line)")
      }
      return Set(lines)
    }

    @Test("--tls-keylog of run has the secrets that the client's own TLS logs, of TLS 1.2 and 1.3")
    func keyLogOfRun() async throws {
      let adapter = try String(
        contentsOf: Repository.fixtures.appending(path: "board/adapters/websockets.py"), encoding: .utf8)
      let logging = "    context.keylog_filename = '\(folder.path)/theirs.log'\n    return context\n"
      try folder.write(adapter.replacing("    return context\n", with: logging), to: "my_adapter.py")
      let child = try await Tool.run(
        [
          "run", "--board", "python", "--adapter", "my_adapter.py", "--tls-keylog", "ours.log",
          "--deliveries", "whole",
          "--only", "15.tls-1-2-p-256", "--only", "15.tls-1-3-p-256", "--only", "2.ping-empty@tls",
        ], in: folder)
      #expect(child.status == 0, "\(child.everything)")
      let (ours, theirs) = (try secrets("ours.log"), try secrets("theirs.log"))
      #expect(theirs.isSubset(of: ours) && theirs.count < ours.count, "the reference's are there too")
      for label in ["CLIENT_RANDOM", "CLIENT_TRAFFIC_SECRET_0", "SERVER_HANDSHAKE_TRAFFIC_SECRET"] {
        #expect(theirs.contains { $0.hasPrefix(label + " ") }, "\(label)")
      }
      let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/ours.log")
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test("--tls-keylog of replay has the secrets of the board's connection and the reference's")
    func keyLogOfReplay() async throws {
      let export = try await Tool.run(["export", "15.tls-1-2-p-256", "--output", "case.json"], in: folder)
      #expect(export.status == 0, "\(export.everything)")
      let replay = try await Tool.run(["replay", "case.json", "--tls-keylog", "keys.log"], in: folder)
      #expect(replay.status == 0, "\(replay.everything)")
      #expect(try secrets("keys.log").count { $0.hasPrefix("CLIENT_RANDOM ") } >= 2)
    }

    @Test(
      "--tls-keylog without a case over TLS, or with a file that cannot be written, is told before the run")
    func keyLogInVain() async throws {
      let clear = try await Tool.run(["run", "--only", "2.ping-empty", "--tls-keylog", "k"], in: folder)
      expectComplaint(clear, status: 2, ["--tls-keylog", "none of the chosen cases", "--tls"])
      #expect(!folder.has("k"))
      let nowhere = try await Tool.run(
        ["run", "--only", "15.echo", "--tls-keylog", "no/such/keys.log"], in: folder)
      expectComplaint(nowhere, status: 2, ["no/such/keys.log", "--tls-keylog"])
    }

    @Test("what cannot be put over TLS says why")
    func obstacle() async throws {
      let child = try await Tool.run(["run", "--only", "0.url-scheme-http@tls"], in: folder)
      #expect(child.status == 0 && child.output.contains("cannot be put over TLS"), "\(child.everything)")
      #expect(try await Results.read(folder).summary["unsupported"] == 1)
    }

    @Test("an adapter without TLS is told apart from a client that fails", arguments: ["tls", "none"])
    func adapterWithoutTLS(feature: String) async throws {
      let adapter = try String(
        contentsOf: Repository.fixtures.appending(path: "board/adapters/async_websocketclient.py"),
        encoding: .utf8)
      let changed = adapter.replacing("[\"headers\", \"tls\"]", with: "[\"headers\", \"\(feature)\"]")
      try folder.write(changed, to: "my_adapter.py")
      let child = try await Tool.run(
        ["run", "--adapter", "my_adapter.py", "--only", "15.echo", "--only", "2.ping-empty@tls"] + [
          "--deliveries", "whole",
        ],
        in: folder)
      #expect(child.status == 0, "\(child.everything)")
      #expect(try await Results.read(folder).summary[feature == "tls" ? "passed" : "unsupported"] == 2)
    }

    @Test(
      "Python's websockets speaks TLS too",
      .enabled(if: Repository.hasPython, "\(Repository.pythonIsMissing)"))
    func python() async throws {
      let child = try await Tool.run(
        ["run", "--board", "python", "--adapter", "websockets", "--deliveries", "whole", "--only", "15.*"],
        in: folder, within: .seconds(600))
      #expect(child.status == 0, "\(child.everything)")
      #expect(try await Results.read(folder).summary["failed"] == 0)
    }
  }
}
