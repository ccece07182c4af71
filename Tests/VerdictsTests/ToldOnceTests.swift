import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import Verdicts
import WebSocketProtocol

/// Accusations that were false, or only the consequence of another, when a client with many defects was judged.
@Suite("One defect is told once, and under its name")
struct ToldOnceTests {
  static let told: [Example] = [
    Example(
      "delivered in spite of a violation, and read on: one finding", breaks: ["violation-fails-connection"],
      .open {
        $0.wire.server(.text, Array("no".utf8), reservedBits: 4)
        $0.wire.server(.ping, "still there?")
        $0.got("no")
        $0.wire.client(.pong, "still there?")
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "a long Ping answered by a long Pong: the Pong is the consequence",
      breaks: ["violation-fails-connection"],
      .open {
        let payload = [UInt8](repeating: 0x2A, count: 126)
        $0.wire.server(.ping, payload)
        $0.wire.server(.ping, "still there?")
        $0.wire.client(.pong, payload)
        $0.wire.client(.pong, "still there?")
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "bad text sent back: delivering it was the breach", breaks: ["message-after-violation"],
      .open {
        $0.wire.server(.text, [0xC0, 0x80])
        $0.got([0xC0, 0x80])
        $0.sent([0xC0, 0x80])
        $0.wire.client(.text, [0xC0, 0x80])
        $0.wire.clientClose(1007)
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "a long length form taken: no Close is missing where nothing was failed",
      breaks: ["violation-fails-connection:QUALITY"],
      .open {
        $0.wire.server(.text, Array("hi".utf8), encoding: .sixteenBits)
        $0.wire.server(.ping, "still there?")
        $0.got("hi")
        $0.sent(Array("hi".utf8))
        $0.wire.client(.text, "hi")
        $0.wire.client(.pong, "still there?")
        $0.wire.end()
        $0.ended()
      }),
    Example(
      "given up at the first fragment: the Pong is missing for that reason",
      breaks: ["no-failure-without-cause"],
      .open {
        $0.wire.server(.text, Array("fr".utf8), isFinal: false)
        $0.wire.server(.ping, "p")
        $0.threw("NotImplementedError")
        $0.wire.note(.receivedReset)
        $0.wire.note(.sentEnd)
      }),
    Example(
      "what a reset destroyed is not held against the client beside it", breaks: ["close-sent:SHOULD"],
      .open(ClientScript([.connect(ConnectStep()), .echo(count: 1), .close()])) {
        $0.wire.server(.text, "one")
        $0.got("one")
        $0.sent(Array("one".utf8))
        $0.wire.client(bytes: [0x81, 0x83])
        $0.wire.note(.receivedReset)
        $0.wire.note(.sentEnd)
        $0.app(.closed, step: 2)
      }),
    Example(
      "slow is not hung and has not kept TCP open", breaks: ["in-time:QUALITY"],
      .open {
        $0.wire.server(.text, "hello")
        $0.wire.note(.deadlinePassed(index: 1))
        $0.wire.note(.sentEnd)
        $0.echoes("hello")
        $0.ended()
      }),
    Example(
      "an answer to what the adapter could not ask for",
      .make(ClientScript([.connect(ConnectStep(subprotocols: ["a"])), .echo()])) {
        $0.wires = [WireBuilder(opens: false)]
        $0.wire.request()
        $0.wire.respond(WireBuilder.responseLines + ["Sec-WebSocket-Protocol: a"])
        $0.app(.unsupported(step: "subprotocols"), step: 0)
        $0.connected()
        $0.closes()
      }),
    Example(
      "an echo that comes after the server gave up: slow, and nothing else", breaks: ["in-time:QUALITY"],
      .open {
        $0.wire.server(.text, Array("hi".utf8))
        $0.wire.note(.deadlinePassed(index: 1))
        $0.wire.note(.sentEnd)
        $0.got("hi")
        $0.sent(Array("hi".utf8))
        $0.wire.client(.text, Array("hi".utf8))
        $0.wire.note(.receivedEnd)
        $0.ended()
      }),
    Example(
      "an echo that the server's Close came before: no message behind it was asked for, echoBehindClose",
      .open {
        $0.wire.server(.text, "one")
        $0.wire.server(.text, "two")
        $0.got("one")
        $0.wire.close()
        $0.threw("ConnectionClosedOK")
      }),
    Example(
      "an echo that failed while the server waited for it", breaks: ["message-delivered"],
      .open {
        $0.wire.server(.text, "one")
        $0.wire.server(.text, "two")
        $0.got("one")
        $0.threw("ConnectionClosedOK")
        $0.wire.note(.deadlinePassed(index: 1))
        $0.wire.end()
      }),
    Example(
      "an echo that never returned: the hang is the defect, not the message behind it, echoHung",
      breaks: ["client-hung"],
      .open {
        $0.wire.server(.text, "one")
        $0.wire.server(.text, "two")
        $0.got("one")
        $0.wire.serverClose()
        $0.wire.clientClose()
        $0.wire.note(.sentEnd)
        $0.hangs()
      }),
  ]

  @Test("told once", arguments: told)
  func toldOnce(_ example: Example) {
    #expect(example.attempt.broken == example.broken)
  }

  @Test("a violation is told by the section that was broken, with what the client made of it")
  func section() throws {
    let found = try #require(Self.told[0].attempt.violations.first)
    #expect(found.rfc == "5.2")
    #expect(
      found.sentence
        == "The client delivered the text message of 2 bytes \"no\" and answered a Ping after reserved bits 4 in a Text"
        + " frame at offset 129 of the server's stream. It must fail the connection there.")
    #expect(Self.told[3].attempt.violations.first?.sentence.contains("It should fail") == true)
  }

  @Test("a client that gave up inside a fragmented message broke section 5.4")
  func fragments() throws {
    let found = try #require(Self.told[4].attempt.violations.first)
    #expect(found.rfc == "5.4")
    #expect(found.sentence.contains("inside a fragmented message"))
  }

  @Test("a head that was cut is told as cut, not by the headers that it lacks")
  func cutHead() throws {
    let attempt = Attempt.make {
      $0.wires = [WireBuilder(opens: false)]
      $0.wire.request()
      let head = WireBuilder.responseLines.dropLast().joined(separator: "\r\n") + "\r\n"
      $0.wire.trace.responseHeadLength = head.utf8.count
      $0.wire.server(bytes: Array(head.utf8))
      $0.connected()
      $0.wire.end()
      $0.ended()
    }
    #expect(attempt.broken == ["opening-refused"])
    #expect(attempt.violations.first?.sentence.contains("the response head never was complete") == true)
  }

  @Test("a head in pieces is named where the client got no further")
  func pieces() {
    func broken(_ build: (inout Attempt) -> Void) -> Attempt {
      .make {
        $0.wires = [WireBuilder(opens: false)]
        $0.wire.request()
        let head = Array((WireBuilder.responseLines + ["", ""]).joined(separator: "\r\n").utf8)
        $0.wire.trace.responseHeadLength = head.count
        $0.wire.server(bytes: Array(head.prefix(40)))
        $0.wire.server(bytes: Array(head.dropFirst(40)))
        build(&$0)
      }
    }
    let refused = broken {
      $0.app(.connectFailed(ClientException(type: "Exception", message: "b''")), step: 0)
      $0.wire.note(.receivedEnd)
    }
    let lost = broken {
      $0.connected()
      $0.wire.server(.text, "hello")
      $0.threw("ValueError")
      $0.wire.note(.receivedEnd)
    }
    #expect(refused.broken == ["opening-accepted"])
    #expect(lost.broken == ["message-delivered"])
    for attempt in [refused, lost] {
      #expect(
        attempt.violations.first?.sentence.hasSuffix("; the response head had come in 2 pieces.") == true)
    }
  }

  @Test("an empty Close is not called Close 1005, which may not be sent")
  func emptyClose() throws {
    let attempt = Attempt.open(expected: Expected(closeCodes: [5000, 1005])) {
      $0.wire.serverClose(5000)
      $0.wire.note(.receivedEnd)
      $0.ended()
    }
    #expect(attempt.broken == ["failure-close-frame:MAY"])
    #expect(
      attempt.violations.first?.sentence
        == "The client ended TCP after a Close frame with code 5000, which the RFC does not define, without a Close;"
        + " it should send Close 5000 or an empty Close first.")
  }

  @Test(
    "a code that the RFC reserves, or says nothing of, was told as one that must not be sent",
    arguments: [
      (1005, "MUST", "which must not be sent"), (1004, "QUALITY", "which is reserved"),
      (2999, "QUALITY", "which is reserved"), (5000, "MAY", "which the RFC does not define"),
    ])
  func sentCode(code: UInt16, requirement: String, objection: String) {
    let attempt = Attempt.open(.closing) {
      $0.wire.clientClose(code)
      $0.wire.serverClose()
      $0.wire.end()
      $0.app(.closed)
    }
    let told = attempt.violations.first { $0.rule == "client-close-payload" }
    #expect(told?.requirement.rawValue == requirement)
    #expect(told?.sentence == "The client sent a Close with code \(code), \(objection).")
  }

  @Test("a client that sends nothing is told from one whose send the end of the server's stream overtook")
  func nothingSent() {
    func attempt(idleMicroseconds: Int) -> Attempt {
      .open {
        $0.wire.server(.text, Array("hi".utf8))
        $0.got("hi")
        $0.sent(Array("hi".utf8))
        $0.wire.note(.deadlinePassed(index: 1))
        $0.wire.note(.sentEnd)
        $0.wire.note(.receivedEnd)
        $0.ended()
        $0.client.events[$0.client.events.count - 1].microseconds += idleMicroseconds
      }
    }
    #expect(attempt(idleMicroseconds: 400_000).broken == ["send-not-lost"])
    #expect(!attempt(idleMicroseconds: 1_000).broken.contains("send-not-lost"))
  }

  @Test("a client side that reports nothing at all is inconclusive, not passed")
  func nothingReported() {
    let silent = AttemptTrace(endpoint: .device, connections: [], client: ClientTrace())
    let testCase = Case(
      scenario: Scenario(
        id: "1.silent", description: "", expectation: "", rfc: "5.6", requirement: .must,
        server: ServerScript([.sendFrame(FrameSpec(.text, .text("hi")))])))
    #expect(Judge.judge(case: testCase, device: silent, reference: silent).verdict == .inconclusive)
  }

  @Test("a client that never answers a Ping is told so where the server waited for nothing else")
  func silentOnPing() {
    func attempt(heartbeats: Int) -> Attempt {
      .open {
        $0.scenario.server = ServerScript([
          .sendFrame(FrameSpec(.ping, "still there?")), .expectFrame(FrameExpectation(opcode: 10)),
        ])
        $0.wire.server(.ping, "still there?")
        $0.wire.note(.deadlinePassed(index: 1))
        $0.wire.note(.sentEnd)
        $0.wire.note(.receivedEnd)
        $0.ended()
        $0.client.heartbeat = ClientTrace.Heartbeat(
          periodMicroseconds: 10_000, count: heartbeats, longestGapMicroseconds: 11_000,
          countSinceLastEvent: heartbeats)
      }
    }
    #expect(attempt(heartbeats: 40).broken == ["pong-for-every-ping"])
    #expect(attempt(heartbeats: 3).broken == [])
  }

  @Test("what the server waited for in vain, and the reference gave, is never passed")
  func awaitedInVain() {
    let script = ServerScript([.expectClose])
    let device = Attempt.open {
      $0.scenario.server = script
      $0.wire.note(.deadlinePassed(index: 0))
      $0.wire.note(.sentEnd)
      $0.wire.note(.receivedEnd)
      $0.ended()
    }
    let reference = Attempt.open {
      $0.scenario.server = script
      $0.wire.end()
    }
    let judgement = Judge.judge(case: device.case, device: device.trace, reference: reference.trace)
    #expect(judgement.verdict == .failed)
    #expect(judgement.violations.map(\.rule) == ["awaited-in-vain"])
  }
}
