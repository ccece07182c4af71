import Steps

// What of permessage-deflate stands in steps, as parts of the sentences in StepWords.swift.

extension DeflateAnswer {
  /// What it asks for beyond the offer, with a space before it; nothing where it asks for nothing.
  var words: String {
    let parts = [
      serverNoContextTakeover ? "no context of the server's" : nil,
      clientNoContextTakeover ? "no context of the client's" : nil,
      serverMaxWindowBits.map { "a server's window of \($0) bits" },
      clientMaxWindowBits.map { "a client's window of \($0) bits" },
    ].compactMap(\.self)
    return parts.isEmpty ? "" : " with \(parts.joined(separator: ", "))"
  }
}

extension MessageSpec {
  /// The message with whatever is not as usual about it.
  var words: String {
    var parts = [
      "a \(kind.rawValue) message, \(isCompressed ? "compressed where that was agreed on" : "not compressed")"
    ]
    if blocks != .normal { parts.append(blocks.words) }
    if !usesContext { parts.append("referring to no message before it") }
    if let deflated { parts.append("as the stream \(deflated.words)") }
    if fragments != .count(1) { parts.append(fragments.words) }
    if let pingBetween { parts.append("with a Ping between them, \(pingBetween.words)") }
    return (parts + [payload.words]).joined(separator: ", ")
  }
}

extension MessageSpec.Blocks {
  fileprivate var words: String {
    switch self {
    case .normal: "in the usual blocks"
    case .stored: "in stored blocks"
    case .fixed: "in a block with fixed codes"
    case .several: "in several blocks"
    case .emptyFirst: "behind an empty block"
    case .last: "in a block with BFINAL set"
    }
  }
}

extension MessageSpec.Fragments {
  fileprivate var words: String {
    switch self {
    case .count(let count): "in \(count) fragments"
    case .size(let size): "in fragments of \(size) bytes"
    case .sizes(let sizes):
      "in fragments of \(sizes.map(String.init).joined(separator: ", ")) bytes and the rest"
    }
  }
}
