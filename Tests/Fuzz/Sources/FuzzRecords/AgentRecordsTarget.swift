import FuzzSupport
import RawREPL
import Traces

@testable import AgentRecords

/// The agent's records among whatever a board prints: nothing traps, nothing depends on the cuts, and a report comes of everything. A
/// line that begins with `{` is given the frame and the checksum of a record, which no fuzzer would guess.
enum AgentRecordsTarget: FuzzTarget {
  static func run(_ input: FuzzInput) {
    let framed = FuzzInput(codes: input.codes, payload: framed(input.payload))
    var whole = AgentOutput()
    whole.receive(framed.payload)
    whole.receiveEnd()
    var cut = AgentOutput()
    framed.forEachChunk { _, chunk in cut.receive(chunk) }
    cut.receiveEnd()
    precondition(whole.records.map(\.subject) == cut.records.map(\.subject), "the records depend on the cuts")
    precondition(whole.foreign == cut.foreign, "the rest depends on the cuts")
    precondition(whole.foreign.count <= AgentOutput.foreignLimit)
    let (one, other) = (AgentReport(whole, id: "1.x"), AgentReport(cut, id: "1.x"))
    precondition(
      one.trace == other.trace && one.unfinished == other.unfinished, "the report depends on the cuts")
  }

  private static func framed(_ payload: [UInt8]) -> [UInt8] {
    payload.split(separator: 0x0A, omittingEmptySubsequences: false).map { line -> [UInt8] in
      guard line.first == UInt8(ascii: "{") else { return [UInt8](line) }
      let digits = String(UInt64(1) << 32 | UInt64(CRC32.checksum(of: line)), radix: 16).dropFirst()
      return [UInt8]("~W:\(digits):".utf8) + line
    }.joined(separator: [0x0A]).map(\.self)
  }
}
