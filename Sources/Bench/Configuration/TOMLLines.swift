/// The lines on which the keys of a TOML document stand: TOMLKit tells them of syntax errors only. They are right where the document is
/// valid.
struct TOMLLines: Sendable, Hashable {
  private var lines: [[String]: Int] = [:]
  /// What the parser would not refuse, but end the process for; nil in a valid document.
  private(set) var problem: TOMLNode.SyntaxError?

  /// Finds the keys.
  init(_ text: String) {
    var scanner = TOMLScanner(bytes: Array(text.utf8))
    scanner.refuseControlCharacters()
    var table: [String] = []
    while scanner.problem == nil, scanner.skipToContent() {
      let line = scanner.line
      if scanner.peek == UInt8(ascii: "[") {
        table = scanner.header()
        note(table, line)
      } else {
        note(table + scanner.key(endingWith: UInt8(ascii: "=")), line)
        scanner.skipValue()
      }
    }
    problem = scanner.problem
  }

  /// The line of a key, or of the innermost table around it that has one; 1 for the document as a whole.
  subscript(path: [String]) -> Int {
    var path = path
    while !path.isEmpty {
      if let line = lines[path] { return line }
      path.removeLast()
    }
    return 1
  }

  private mutating func note(_ path: [String], _ line: Int) {
    // A dotted key makes the tables on its way.
    for count in path.indices.map({ $0 + 1 }) {
      let part = Array(path.prefix(count))
      if lines[part] == nil { lines[part] = line }
    }
  }
}
