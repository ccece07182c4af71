import FuzzSupport
import WebSocketProtocol

/// Text that comes in pieces, beside the standard library's parser: the same verdict, and the first impossible byte at the same place.
enum UTF8Target: FuzzTarget {
  static func run(_ input: FuzzInput) {
    // A block of the fast path is 64 bytes: what stands before the input decides where it lies in one.
    let lead = [UInt8](repeating: 0x61, count: Int(input.codes.first ?? 0))
    let text = lead + input.payload
    let expected = StandardLibrary(text)
    precondition(Outcome(pieces: [text[...]]) == expected.outcome, "the standard library says otherwise")
    var pieces = [lead[...]]
    input.forEachChunk { _, chunk in pieces.append(chunk) }
    precondition(Outcome(pieces: pieces) == expected.outcome, "the outcome depends on the cuts")
    precondition(expected.outcome.isComplete == (String(validating: text, as: UTF8.self) != nil))
  }

  /// What a validator says of a text.
  struct Outcome: Equatable {
    /// Where the first byte stands that no text could have there; nil where there is none.
    var impossible: UInt64?
    /// Whether it is a text to its end.
    var isComplete: Bool

    init(impossible: UInt64?, isComplete: Bool) {
      self.impossible = impossible
      self.isComplete = isComplete
    }

    init(pieces: [ArraySlice<UInt8>]) {
      var validator = UTF8StreamValidator()
      for piece in pieces { _ = piece.withUnsafeBytes { validator.append($0) } }
      self.init(impossible: validator.hasFailed ? validator.offset : nil, isComplete: validator.isComplete)
    }
  }

  /// The same by the standard library's parser of one scalar after the other.
  private struct StandardLibrary {
    let outcome: Outcome

    init(_ text: [UInt8]) {
      var parser = Unicode.UTF8.ForwardParser()
      var bytes = text.makeIterator()
      var offset = 0
      while true {
        switch parser.parseScalar(from: &bytes) {
        case .valid(let scalar): offset += scalar.count
        case .emptyInput:
          outcome = Outcome(impossible: nil, isComplete: true)
          return
        case .error(let length):
          // It tells the longest beginning of a character; the byte behind that is the impossible one, unless none begins so.
          let begins = (0xC2...0xF4).contains(text[offset])
          let impossible = begins ? offset + length : offset
          let isCut = impossible == text.count
          outcome = Outcome(impossible: isCut ? nil : UInt64(impossible), isComplete: false)
          return
        }
      }
    }
  }
}
