import Scenarios

/// A value in `wsrig.toml` with its place, for messages that name file, line and key.
struct TOMLReader {
  let file: String
  let lines: TOMLLines
  let path: [String]
  let node: TOMLNode

  /// Parses a document.
  /// - Throws: `ConfigurationError`.
  init(text: String, file: String) throws(ConfigurationError) {
    lines = TOMLLines(text)
    do throws(TOMLNode.SyntaxError) {
      if let problem = lines.problem { throw problem }
      node = .table(try TOMLNode.document(text))
    } catch {
      throw ConfigurationError("\(file), line \(error.line): this is no valid TOML: \(error.reason).")
    }
    self.file = file
    path = []
  }

  private init(_ parent: TOMLReader, _ key: String, _ node: TOMLNode) {
    file = parent.file
    lines = parent.lines
    path = parent.path + [key]
    self.node = node
  }

  /// The entries of a table by key, sorted.
  func entries() throws(ConfigurationError) -> [(key: String, value: TOMLReader)] {
    guard case .table(let content) = node else { throw mismatch("a table") }
    return content.sorted { $0.key < $1.key }.map { ($0.key, TOMLReader(self, $0.key, $0.value)) }
  }

  /// The entries of a table that may have these keys and no others.
  func table(_ keys: [String]) throws(ConfigurationError) -> [String: TOMLReader] {
    var found: [String: TOMLReader] = [:]
    for (key, value) in try entries() {
      guard keys.contains(key) else {
        throw value.problem("is not known", allowed: Self.words(keys, near: key))
      }
      found[key] = value
    }
    return found
  }

  /// A string that is not empty.
  func string(_ what: String = "a string") throws(ConfigurationError) -> String {
    guard case .string(let text) = node, !text.isEmpty else { throw mismatch(what) }
    return text
  }

  /// A string, or an array of such.
  func strings(_ what: String) throws(ConfigurationError) -> [String] {
    guard case .array(let elements) = node else { return [try string(what)] }
    var texts: [String] = []
    for element in elements {
      guard case .string(let text) = element, !text.isEmpty else { throw mismatch(what) }
      texts.append(text)
    }
    guard !texts.isEmpty else { throw mismatch(what) }
    return texts
  }

  /// One of several words.
  func word<Word: RawRepresentable & CaseIterable>(
    _ type: Word.Type
  ) throws(ConfigurationError) -> Word where Word.RawValue == String {
    let words = Word.allCases.map(\.rawValue)
    guard case .string(let text) = node else { throw mismatch("one of \(words.joined(separator: ", "))") }
    if let word = Word(rawValue: text) { return word }
    throw problem("is \"\(text)\"", allowed: Self.words(words, near: text))
  }

  /// What is allowed, and which of it may have been meant.
  private static func words(_ allowed: [String], near text: String) -> String {
    let hint = Nearest.name(to: text, in: allowed).map { " (did you mean \($0)?)" } ?? ""
    return allowed.joined(separator: ", ") + hint
  }

  /// A whole number.
  func integer(_ range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
    let what =
      "a whole number from \(range.lowerBound)" + (range.upperBound == .max ? "" : " to \(range.upperBound)")
    guard case .integer(let number) = node else { throw mismatch(what) }
    guard range.contains(number) else { throw problem("is \(number)", allowed: what) }
    return number
  }

  /// True or false.
  func boolean() throws(ConfigurationError) -> Bool {
    guard case .boolean(let flag) = node else { throw mismatch("true or false") }
    return flag
  }

  /// The error that something else stands here.
  func mismatch(_ allowed: String) -> ConfigurationError {
    let isEmpty = node == .string("") || node == .array([])
    return problem(isEmpty ? "is empty" : "is \(node.kind)", allowed: allowed)
  }

  /// An error about this place.
  func problem(_ problem: String, allowed: String) -> ConfigurationError {
    complaint("\(problem); allowed here: \(allowed)")
  }

  /// An error about this place, in other words.
  func complaint(_ words: String) -> ConfigurationError {
    let name = path.isEmpty ? "the file" : path.joined(separator: ".")
    return ConfigurationError("\(file), line \(lines[path]): \(name) \(words).")
  }
}
