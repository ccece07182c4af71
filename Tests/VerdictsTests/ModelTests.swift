import Scenarios
import Steps
import TestSupport
import Testing
import Traces
import WebSocketProtocol

@testable import Verdicts

@Suite("The model of the server's stream")
struct ModelTests {
  private func model(_ build: (inout WireBuilder) -> Void) -> ServerStreamModel {
    var wire = WireBuilder()
    build(&wire)
    return ServerStreamModel(DecodedConnection(wire.trace).server)
  }

  /// Where the head of a `Wire` ends.
  private let start = WireBuilder().trace.responseHeadLength ?? 0

  @Test("text fails at the first impossible byte, also across fragments")
  func impossibleByte() {
    let model = model {
      $0.server(.text, [0x61, 0xF4], isFinal: false)
      $0.server(.continuation, [0x90, 0x80])
    }
    #expect(model.violation?.streamOffset == start + 4 + 2)
    #expect(model.violation?.closeCodes == [1007])
    #expect(model.violation?.isComplete == true)
    #expect(model.messages.isEmpty)
  }

  @Test("a header breaks a rule before its payload has come")
  func incompleteFrame() {
    let model = model { $0.server(bytes: [0xC1, 0x05, 0x68]) }
    #expect(model.violation?.section == "5.2")
    #expect(model.violation?.isComplete == false)
    #expect(model.position == .insideFrame(offset: start))
  }

  @Test("what was left unfinished is known")
  func unfinished() {
    let model = model {
      $0.server(.text, Array("a".utf8), isFinal: false)
      $0.server(bytes: [0x80, 0x05, 0x62])
    }
    #expect(model.violation == nil)
    #expect(model.unfinished?.payload == Array("ab".utf8))
    #expect(model.longestAnnounced == 5)
  }

  @Test("nothing counts behind a Close")
  func behindClose() {
    let model = model {
      $0.server(.text, "one")
      $0.serverClose(1001)
      $0.server(.text, "two")
      $0.server(.ping, reservedBits: 7)
    }
    #expect(model.close?.code == 1001)
    #expect(model.violation == nil)
    #expect(model.messages.map(\.payload) == [Array("one".utf8)])
    #expect(model.messagesBehind.map(\.payload) == [Array("two".utf8)])
    #expect(model.pings.isEmpty)
  }

  @Test("each violation has its section and code", arguments: violations)
  func violation(_ bytes: [UInt8], _ section: String, _ code: UInt16, _ requirement: Requirement) {
    let violation = model { $0.server(bytes: bytes) }.violation
    #expect(violation?.section == section)
    #expect(violation?.closeCodes.first == code)
    #expect(violation?.requirement == requirement)
  }

  static let violations: [([UInt8], String, UInt16, Requirement)] = [
    ([0x91, 0x00], "5.2", 1002, .must), ([0x83, 0x00], "5.2", 1002, .must),
    ([0x8B, 0x00], "5.2", 1002, .must),
    ([0x81, 0x80, 1, 2, 3, 4], "5.1", 1002, .must), ([0x09, 0x00], "5.5", 1002, .must),
    ([0x89, 0x7E, 0x00, 0x7E], "5.5", 1002, .must), ([0x80, 0x00], "5.4", 1002, .must),
    ([0x01, 0x00, 0x81, 0x00], "5.4", 1002, .must), ([0x81, 0x7E, 0x00, 0x00], "5.2", 1002, .quality),
    ([0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0], "5.2", 1002, .must),
    ([0x88, 0x01, 0x03], "5.5.1", 1002, .must),
    ([0x88, 0x02, 0x03, 0xED], "7.4", 1002, .quality), ([0x88, 0x02, 0x03, 0xEC], "7.4", 1002, .quality),
    ([0x88, 0x02, 0x13, 0x88], "7.4", 1002, .may), ([0x88, 0x03, 0x03, 0xE8, 0xFF], "5.5.1", 1007, .must),
    ([0x81, 0x01, 0xC3], "8.1", 1007, .must),
  ]

  @Test("close codes: section 7.4 and IANA's registry")
  func closeCodes() {
    let allowed = (0...UInt16.max).filter { CloseContent.mayBeSent($0) }
    #expect(allowed == Array(1000...1003) + Array(1007...1014) + Array(3000...4999))
  }

  @Test("the check of text agrees with the standard library")
  func utf8AgainstStandardLibrary() {
    var generator = SplitMix64(seed: 7)
    let interesting: [UInt8] = [
      0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5,
    ]
    let wrong = (0..<20_000).lazy.map { _ in
      (0..<Int.random(in: 0...6, using: &generator)).map { _ in interesting.randomElement(using: &generator)!
      }
    }.first { !Self.agrees($0) }
    #expect(wrong == nil)
  }

  private static func agrees(_ bytes: [UInt8]) -> Bool {
    let isValid = String(validating: bytes, as: UTF8.self) != nil
    guard UTF8Check.isValid(bytes) == isValid else { return false }
    var check = UTF8Check()
    guard let index = check.firstImpossible(in: bytes) else { return true }
    // Before that byte, some continuation makes the text valid; with it, none does.
    return canBeCompleted(bytes[..<index]) && !canBeCompleted(bytes[...index])
  }

  private static func canBeCompleted(_ bytes: ArraySlice<UInt8>) -> Bool {
    let tails: [[UInt8]] = [
      [], [0x80], [0xA0], [0x80, 0x80], [0xA0, 0x80], [0x90, 0x80], [0x80, 0x80, 0x80], [0x90, 0x80, 0x80],
    ]
    return tails.contains { String(validating: bytes + $0, as: UTF8.self) != nil }
  }

  @Test("the proof of the opening handshake is the RFC's", arguments: [(WireBuilder.key, WireBuilder.accept)])
  func accept(_ key: String, _ accept: String) {
    #expect(Digests.accept(forKey: key) == accept)
  }
}
