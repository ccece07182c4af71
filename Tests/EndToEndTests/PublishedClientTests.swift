import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("The published client: its defects are found and named")
  struct PublishedClientTests {
    /// A case that shows a defect, and the rule that names it.
    private struct Proof {
      var id: String
      var rule: String

      init(_ id: String, _ rule: String) {
        self.id = id
        self.rule = rule
      }
    }

    /// What has become of a row of the tables in `fixtures/mutants/README.md` that is about this client: they were written about an
    /// older version of it.
    private enum State {
      /// It is as it was; each case shows a part of it.
      case stillThere([Proof])
      /// It is gone; the mutant keeps it alive.
      case gone(mutant: String)
      /// No run can show it, and why.
      case cannotBeShown(String)
    }

    private static let rows: [(row: String, defect: String, states: [State])] = [
      ("autobahn-1", "an empty payload hangs for ever", [.gone(mutant: "empty-payload-hangs")]),
      (
        "autobahn-2", "the end of stream is never seen",
        [
          .gone(mutant: "eof-unseen"),
          // What came in its place: a message that the end of the stream cuts is delivered as whole.
          .stillThere([Proof("7.end-in-payload", "message-not-cut")]),
        ]
      ),
      (
        "autobahn-3", "a payload in several reads loses all but its last piece",
        [
          .gone(mutant: "payload-last-piece"),
          // The lines of the response head are still taken for whole when they come in pieces.
          .stillThere([Proof("0.head-in-pieces-in-header", "message-delivered")]),
        ]
      ),
      (
        "autobahn-4", "partial writes: the rest of a frame is lost",
        [.stillThere([Proof("1.text-16384", "send-whole"), Proof("9.backpressure-send", "send-whole")])]
      ),
      (
        "autobahn-5", "fragments raise NotImplementedError",
        [
          .stillThere([
            Proof("5.text-two", "message-delivered"),
            Proof("2.ping-between-fragments", "pong-for-every-ping"),
          ])
        ]
      ),
      (
        "autobahn-6", "reserved bits are ignored",
        [
          .stillThere([
            Proof("3.text-rsv-1", "violation-fails-connection"),
            Proof("3.text-rsv-2", "violation-fails-connection"),
            Proof("3.text-rsv-4", "violation-fails-connection"),
          ])
        ]
      ),
      (
        "autobahn-7", "UTF-8 is left to MicroPython's lax decoder",
        [
          .stillThere([
            Proof("6.invalid-overlong-slash-2", "violation-fails-connection"),
            Proof("6.invalid-surrogate-first", "violation-fails-connection"),
            Proof("6.invalid-above-last", "violation-fails-connection"),
          ])
        ]
      ),
      (
        "autobahn-8", "no Close is ever sent, neither in answer nor on an error",
        [
          .stillThere([
            Proof("7.code-1000", "close-answered"), Proof("7.client", "close-sent"),
            Proof("4.reserved-3", "violation-fails-connection"),
          ])
        ]
      ),
      (
        "autobahn-9", "over-long control frames and invalid close codes are accepted",
        [
          .stillThere([
            Proof("2.ping-too-long-16-bit", "violation-fails-connection"),
            Proof("7.code-999", "failure-close-frame"),
          ])
        ]
      ),
      (
        "autobahn-10", "three small writes a frame, without TCP_NODELAY",
        [.stillThere([Proof("9.messages-50", "client-frame-in-one-write")])]
      ),
      (
        "autobahn-11", "recv returns None for a Ping; reserved opcodes raise",
        [
          .gone(mutant: "ping-ends-recv"),
          .stillThere([Proof("4.reserved-11", "violation-fails-connection")]),
        ]
      ),
      (
        "autobahn-12", "Sec-WebSocket-Accept is never read",
        [
          .stillThere([
            Proof("0.accept-of-another-key", "opening-refused"), Proof("0.accept-missing", "opening-refused"),
          ])
        ]
      ),
      ("autobahn-13", "the status is compared as text", [.gone(mutant: "status-as-prefix")]),
      (
        "autobahn-14", "masking keys come from a generator that can be predicted",
        [
          .stillThere([Proof("8.client-keys-random", "masking-key-unpredictable")])
        ]
      ),
      (
        "autobahn-15", "masked server frames are taken",
        [
          .stillThere([
            Proof("8.text-masked", "violation-fails-connection"),
            Proof("8.ping-masked", "violation-fails-connection"),
          ])
        ]
      ),
      (
        "autobahn-16", "non-minimal lengths are taken",
        [.stillThere([Proof("1.length-5-in-64-bit", "violation-fails-connection")])]
      ),
      (
        "autobahn-17", "the path for MemoryError is broken",
        [.stillThere([Proof("9.length-256-mib", "expected-failure")])]
      ),
      ("autobahn-18", "wss without a check of the certificate", [.gone(mutant: "tls-reqs-ignored")]),
      ("", "wss without the server's name", [.stillThere([Proof("15.good-reqs-0", "tls-server-name")])]),
      (
        "", "a TLS handshake that fails leaves the TCP connection open",
        [.stillThere([Proof("15.unknown-authority-reqs-2", "tcp-ended")])]
      ),
      (
        "autobahn-19", "connect blocks the event loop",
        [.cannotBeShown("on the loopback interface it never has to wait")]
      ),
      (
        "hil-20", "every error just ends the TCP connection; close sends no Close frame",
        [
          .stillThere([
            Proof("3.ping-rsv-4", "violation-fails-connection"), Proof("7.client-at-once", "close-sent"),
          ])
        ]
      ),
      // In none of the tables: found here.
      (
        "", "a refused opening handshake leaves the TCP connection open",
        [.stillThere([Proof("0.status-404", "tcp-ended"), Proof("0.status-line-four-digits", "tcp-ended")])]
      ),
      (
        "", "the query behind a bare host is lost",
        [.stillThere([Proof("0.target-query-without-path", "request-target")])]
      ),
    ]
    /// What it does right.
    private static let controls = [
      "0.url-port-zero", "0.url-host-missing", "7.crossed", "7.reset-at-once",
    ]

    private static var proofs: [(defect: String, proof: Proof)] {
      rows.flatMap { row in
        row.states.flatMap { state -> [(String, Proof)] in
          guard case .stillThere(let proofs) = state else { return [] }
          return proofs.map { (row.defect, $0) }
        }
      }
    }

    @Test("each row that it still has by its cases and rules, and nothing that it does not have; exit 1")
    func defects() async throws {
      let folder = try TemporaryFolder()
      let client = try #require(Tool.publishedClient)
      let ids = Self.proofs.map(\.proof.id) + Self.controls
      let child = try await Tool.run(
        ["run", "--deliveries", "whole", "--client", client] + ids.flatMap { ["--only", $0] }, in: folder)
      #expect(child.status == 1, "\(child.everything)")
      let results = try await Results.read(folder)
      for (defect, proof) in Self.proofs {
        let row = try #require(results[proof.id], "\(proof.id)")
        let rules = row.violations.map(\.rule)
        #expect(rules.contains(proof.rule), "\(defect): \(proof.id) \(row.verdict) \(rules)")
        #expect(["failed", "nonStrict"].contains(row.verdict), "\(defect): \(proof.id) \(row.verdict)")
        if row.verdict == "failed" {
          #expect(folder.has("reports/latest/cases/\(proof.id)/wire.txt"), "\(proof.id)")
        }
      }
      for id in Self.controls {
        #expect(results[id]?.verdict == "passed", "\(id): \(results[id]?.reason ?? "")")
      }
      #expect(results.summary["referenceFailed"] == 0 && results.summary["inconclusive"] == 0)
    }

    @Test("every row about this client has its place here, and what is gone lives on as a mutant of that row")
    func everyRow() throws {
      let folder = Repository.fixtures.appending(path: "mutants")
      let table = try String(contentsOf: folder.appending(path: "README.md"), encoding: .utf8)
      let names = table.matches(of: /(?m)^\| (autobahn-\d+|hil-20) \|/).map { String($0.1) }
      #expect(names.count > 15)
      #expect(Set(names) == Set(Self.rows.map(\.row)).subtracting([""]))
      for (row, defect, states) in Self.rows {
        for case .gone(let mutant) in states {
          let file = folder.appending(path: "\(mutant).json")
          let text = try String(contentsOf: file, encoding: .utf8)
          #expect(text.contains("\"\(row)\""), "\(defect): \(mutant)")
        }
      }
    }
  }
}
