import Foundation
import TestSupport
import Testing

extension EndToEndTests {
  @Suite("The published client: its defects are found and named")
  struct PublishedClientTests {
    /// The case that shows a defect, and the rule that names it.
    private static let defects: [(defect: String, id: String, rule: String)] = [
      ("fragments are refused", "5.text-two", "message-delivered"),
      ("a message cut by the end of the stream is delivered as whole", "7.end-in-payload", "message-not-cut"),
      ("reserved bits are accepted", "3.text-rsv-4", "violation-fails-connection"),
      ("masked frames are accepted", "8.text-masked", "violation-fails-connection"),
      ("surrogates are taken for text", "6.invalid-surrogate-first", "violation-fails-connection"),
      ("overlong forms are taken for text", "6.invalid-overlong-slash-2", "violation-fails-connection"),
      ("header lines in pieces are mangled", "0.head-in-pieces-in-header", "message-delivered"),
      ("the server's Close is not answered", "7.code-1000", "close-answered"),
      ("no Close is sent", "7.client", "close-sent"),
      ("Accept is not checked", "0.accept-of-another-key", "opening-refused"),
      ("short writes are lost", "1.text-16384", "send-whole"),
      ("the query behind a bare host is lost", "0.target-query-without-path", "request-target"),
    ]
    /// What it does right.
    private static let controls = ["0.status-404", "7.crossed", "7.reset-at-once"]

    @Test("each by its case and rule, and nothing that it does not have; exit 1")
    func defects() async throws {
      let folder = try TemporaryFolder()
      let client = try #require(Tool.publishedClient)
      let ids = Self.defects.map(\.id) + Self.controls
      let child = try await Tool.run(
        ["run", "--deliveries", "whole", "--client", client] + ids.flatMap { ["--only", $0] }, in: folder)
      #expect(child.status == 1, "\(child.everything)")
      let results = try await Results.read(folder)
      for (defect, id, rule) in Self.defects {
        let row = try #require(results[id], "\(id)")
        #expect(row.verdict == "failed" && row.broken.contains(rule), "\(defect): \(id) \(row.broken)")
        #expect(folder.has("reports/latest/cases/\(id)/wire.txt"), "\(id)")
      }
      for id in Self.controls {
        #expect(results[id]?.verdict == "passed", "\(id): \(results[id]?.reason ?? "")")
      }
      #expect(results.summary["referenceFailed"] == 0 && results.summary["inconclusive"] == 0)
    }
  }
}
