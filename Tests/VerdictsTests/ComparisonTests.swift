import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import Verdicts
import WebSocketProtocol

@Suite("Side by side")
struct ComparisonTests {
  /// The table as text: `=` or `!`, device, reference, rule.
  private func table(_ device: Attempt, _ reference: Attempt, only parts: Set<Comparison.Part>) -> [String] {
    let comparison = Comparison(case: device.case, device: device.trace, reference: reference.trace)
    return comparison.rows.filter { parts.contains($0.part) }.map { row in
      let rule = row.rule.map { " <- \($0)" } ?? ""
      return "\(row.isSame ? "=" : "!") \(row.device ?? "-") | \(row.reference ?? "-")\(rule)"
    }
  }

  @Test("a lawful pair of traces, written in different ways, is the same")
  func normalisation() {
    let reference = Attempt.open {
      $0.wire.server(.text, "hello")
      $0.wire.server(.ping, "p")
      $0.echoes("hello")
      $0.wire.client(.pong, "p")
      $0.closes()
    }
    let device = Attempt.make {
      $0.wires = [WireBuilder(opens: false)]
      $0.wire.trace.token = "another"
      $0.wire.request(
        [
          "GET /another HTTP/1.1", "connection: upgrade", "UPGRADE: WebSocket", "User-Agent: board",
          "Host: 10.0.0.1:9",
          "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: \(WireBuilder.key)",
        ])
      $0.wire.respond()
      $0.connected()
      $0.wire.server(.text, "hello")
      $0.wire.server(.ping, "p")
      $0.wire.client(.pong, "p")
      $0.got("hello")
      $0.sent(Array("hello".utf8))
      $0.wire.client(.text, Array("hel".utf8), isFinal: false)
      $0.wire.client(.continuation, "lo")
      $0.closes()
    }
    let comparison = Comparison(case: device.case, device: device.trace, reference: reference.trace)
    #expect(comparison.differences == [])
    #expect(comparison.rows.filter { !$0.isSame } == [])
  }

  @Test("a message refused shows what the reference did, with the rule beside it")
  func missing() {
    let build = { (attempt: inout Attempt) in
      attempt.wire.server(.text, "one")
      attempt.echoes("one")
      attempt.wire.server(.text, Array("tw".utf8), isFinal: false)
      attempt.wire.server(.continuation, "o")
    }
    let reference = Attempt.open {
      build(&$0); $0.echoes("two"); $0.closes()
    }
    let device = Attempt.open {
      build(&$0); $0.threw("NotImplementedError"); $0.wire.note(.receivedEnd)
    }
    #expect(
      table(device, reference, only: [.messages, .closing, .application]) == [
        "= text message of 3 bytes \"one\" | text message of 3 bytes \"one\"",
        "! - | text message of 3 bytes \"two\"",
        "! - | Close 1000",
        "= ends TCP (FIN) | ends TCP (FIN)",
        "= connected | connected",
        "= got text message of 3 bytes \"one\" | got text message of 3 bytes \"one\"",
        "! threw NotImplementedError(\"x\") | got text message of 3 bytes \"two\" <- message-delivered",
        "! - | told the end, code 1000, clean",
      ])
  }

  @Test("the broken rule stands beside the frame that broke it")
  func ruleBesideFrame() {
    let reference = Attempt.open {
      $0.wire.server(.continuation, "no")
      $0.wire.clientClose(1002)
      $0.wire.end()
      $0.ended()
    }
    let device = Attempt.open {
      $0.wire.server(.continuation, "no")
      $0.wire.clientClose(1011)
      $0.wire.end()
      $0.ended()
    }
    #expect(
      table(device, reference, only: [.closing]) == [
        "! Close 1011 | Close 1002 <- failure-close-code", "= ends TCP (FIN) | ends TCP (FIN)",
      ])
    let comparison = Comparison(case: device.case, device: device.trace, reference: reference.trace)
    #expect(comparison.differences.map(\.index) == comparison.rows.filter { !$0.isSame }.map(\.index))
    #expect(comparison.rows.map(\.index) == Array(comparison.rows.indices))
  }

  @Test("one missing in the middle does not shift the rest")
  func alignment() {
    let texts = (0..<50).map { "message \($0)" }
    let make = { (texts: [String]) in
      Attempt.open {
        for text in texts { $0.wire.server(.text, text) }
        for text in texts { $0.echoes(text) }
        $0.closes()
      }
    }
    var fewer = texts
    fewer.remove(at: 20)
    let rows = table(make(fewer), make(texts), only: [.messages])
    #expect(rows.count == 50)
    #expect(rows.filter { $0.hasPrefix("!") } == ["! - | text message of 10 bytes \"message 20\""])
  }

  @Test("a client that never opened the connection")
  func neverOpened() {
    let device = Attempt.make {
      $0.wires = []
      $0.app(.connectFailed(ClientException(type: "ValueError", message: "URL")), step: 0)
    }
    #expect(
      table(device, JudgeTests.lawful, only: [.request]).first
        == "! no request | GET /{token} HTTP/1.1 <- connection-opened")
  }
}
