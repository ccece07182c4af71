import Foundation
import RawREPL

/// Tells the agent's records from whatever else the board prints. Takes the standard output of an execution in chunks of any
/// size; keeps foreign text in order, and never trusts a line whose checksum does not fit.
struct AgentOutput {
  /// The records so far.
  private(set) var records: [AgentRecord] = []
  /// What the interpreter told of its heap, by the word that the agent gave: `before` and `after` the case.
  private(set) var heaps: [String: HeapReport] = [:]
  /// Everything that was no record.
  private(set) var foreign: [UInt8] = []
  /// The exception that ended the execution, in words, if one did: the agent lets none through.
  var exception: String?
  /// How long it took from the host's interrupt to the end of the execution; nil where there was none.
  var interruptAnswer: Duration?
  private var line: [UInt8] = []
  /// The word and the lines so far of a heap that is being told.
  private var heap: (word: String, text: String)?

  /// What begins a record.
  static let sentinel = Array("~W:".utf8)
  /// What begins the lines around what the interpreter tells of its heap.
  static let heapSentinel = Array("~M:".utf8)
  /// The most that is kept of foreign output, in bytes; the rest is dropped.
  static let foreignLimit = 64 * 1024

  /// Takes the next bytes of standard output.
  mutating func receive(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      line += rest[...end]
      rest = rest[(end + 1)...]
      endLine()
    }
    line += rest
  }

  /// Takes the next bytes of standard output.
  mutating func receive(_ bytes: [UInt8]) { receive(bytes[...]) }

  /// Takes the end of the output: what is left of a line.
  mutating func receiveEnd() { endLine() }

  private mutating func endLine() {
    defer { line.removeAll(keepingCapacity: true) }
    if let start = line.lastRange(of: Self.sentinel)?.lowerBound, let record = Self.record(in: line[start...])
    {
      keepForeign(line[..<start])
      records.append(record)
      // A record ends what an interrupt has cut.
      heap = nil
    } else if let start = line.lastRange(of: Self.heapSentinel) {
      keepForeign(line[..<start.lowerBound])
      takeHeapSentinel(String(decoding: line[start.upperBound...], as: UTF8.self))
    } else if heap != nil {
      heap?.text += String(decoding: line, as: UTF8.self)
    } else {
      keepForeign(line[...])
    }
  }

  /// The word begins what the interpreter tells; no word ends it.
  private mutating func takeHeapSentinel(_ rest: String) {
    let word = rest.prefix { !$0.isWhitespace }
    if let heap { heaps[heap.word] = HeapReport(heap.text) ?? heaps[heap.word] }
    heap = word.isEmpty ? nil : (String(word), "")
  }

  private mutating func keepForeign(_ bytes: ArraySlice<UInt8>) {
    foreign += bytes.prefix(max(0, Self.foreignLimit - foreign.count))
  }

  /// The record in a line that begins with the sentinel; nil where the checksum or the JSON does not fit.
  static func record(in line: ArraySlice<UInt8>) -> AgentRecord? {
    let rest = line.dropFirst(sentinel.count)
    guard rest.count > 9, rest[rest.startIndex + 8] == UInt8(ascii: ":"),
      let checksum = UInt32(String(decoding: rest.prefix(8), as: UTF8.self), radix: 16)
    else { return nil }
    let json = rest.dropFirst(9).prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
    guard CRC32.checksum(of: json) == checksum else { return nil }
    return try? JSONDecoder().decode(AgentRecord.self, from: Data(json))
  }
}

extension [UInt8] {
  /// The range of the last occurrence of `pattern`.
  fileprivate func lastRange(of pattern: [UInt8]) -> Range<Int>? {
    var start = count - pattern.count
    while start >= 0 {
      if pattern.indices.allSatisfy({ self[start + $0] == pattern[$0] }) {
        return start..<(start + pattern.count)
      }
      start -= 1
    }
    return nil
  }
}
