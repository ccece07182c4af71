import RawREPL

@testable import Bench

/// Lines as the agent on the board prints them.
enum AgentLines {
  /// A record's line with its checksum.
  static func record(_ json: String) -> String {
    let checksum = String(CRC32.checksum(of: Array(json.utf8)), radix: 16)
    return "~W:" + String(repeating: "0", count: 8 - checksum.count) + checksum + ":\(json)\r\n"
  }

  static func begin(_ id: String) -> String { record(#"{"k": "begin", "case": "\#(id)", "heap": 300000}"#) }

  static func event(_ n: Int, _ rest: String = #""kind": "closed""#) -> String {
    record(
      #"{"k": "event", "n": \#(n), "us": \#(n * 10), "task": "main", "step": 1, "conn": "main", \#(rest)}"#)
  }

  static func end(_ events: Int, interrupted: Bool = false, turns: Int? = 30, unfinished: String = "[]")
    -> String
  {
    let heartbeat = turns.map { #"{"period": 10000, "count": 50, "gap": 11000, "since": \#($0)}"# } ?? "null"
    return record(
      #"{"k": "end", "events": \#(events), "dropped": 0, "heap": 290000, "interrupted": \#(interrupted), "#
        + #""where": \#(unfinished), "hb": \#(heartbeat), "error": null}"#)
  }

  /// What the interpreter tells of its heap, between the agent's lines.
  static func heap(_ word: String, largest blocks: Int) -> String {
    "~M:\(word)\r\nstack: 664 out of 80000\r\nGC: total: 2072832, used: 704, free: 2072128\r\n"
      + " No. of 1-blocks: 6, 2-blocks: 4, max blk sz: 6, max free sz: \(blocks)\r\n~M:\r\n"
  }

  /// What is made of a whole output.
  static func output(_ text: String) -> AgentOutput {
    var output = AgentOutput()
    output.receive(Array(text.utf8))
    output.receiveEnd()
    return output
  }
}
