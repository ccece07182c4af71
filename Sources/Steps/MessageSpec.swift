/// A message that the scripted server sends as a sender of permessage-deflate would (RFC 7692 section 7.2.1), or plainly where the
/// extension is not in use.
public struct MessageSpec: Sendable, Hashable {
  /// What the DEFLATE stream of a compressed message consists of (RFC 1951 section 3.2.3).
  public enum Blocks: String, Sendable, Hashable, CaseIterable {
    /// What zlib makes of it at its default level.
    case normal
    /// Stored blocks, which compress nothing.
    case stored
    /// One block with the fixed Huffman codes.
    case fixed
    /// Several blocks, an empty stored one between them, as zlib's sync flush makes it.
    case several
    /// An empty block with fixed Huffman codes, then the normal ones.
    case emptyFirst
    /// A block that says that it is the last one, then the byte 00 that section 7.2.3.4 adds.
    case last
  }

  /// How a message is cut into frames (RFC 6455 section 5.4). What is cut is what goes over the wire.
  public enum Fragments: Sendable, Hashable {
    /// Into so many, at least 1, as equal as can be: empty ones come last where there are too few bytes.
    case count(Int)
    /// Into fragments of so many bytes, at least 1; the last may be shorter.
    case size(Int)
    /// Into fragments of these sizes, 0 included, as far as there are bytes, and one with the rest.
    case sizes([Int])
  }

  /// The type.
  public var kind: ServerStep.MessageKind
  /// What the application is to get.
  public var payload: Payload
  /// Whether it is compressed where permessage-deflate is in use.
  public var isCompressed: Bool
  /// What its DEFLATE stream consists of.
  public var blocks: Blocks
  /// Whether earlier messages may be referred to, where the agreement permits that.
  public var usesContext: Bool
  /// These bytes in place of the DEFLATE stream, for streams that no compressor makes.
  public var deflated: Payload?
  /// The frames it is cut into.
  public var fragments: Fragments
  /// The payload of a Ping between each two fragments; nil sends none.
  public var pingBetween: Payload?

  /// Creates a message; by default a compressed one in one frame.
  public init(
    _ kind: ServerStep.MessageKind, _ payload: Payload = .empty, isCompressed: Bool = true,
    blocks: Blocks = .normal, usesContext: Bool = true, deflated: Payload? = nil,
    fragments: Fragments = .count(1), pingBetween: Payload? = nil
  ) {
    self.kind = kind
    self.payload = payload
    self.isCompressed = isCompressed
    self.blocks = blocks
    self.usesContext = usesContext
    self.deflated = deflated
    self.fragments = fragments
    self.pingBetween = pingBetween
  }
}

extension MessageSpec.Fragments {
  /// Where `count` bytes are cut; always at least one piece.
  public func ranges(of count: Int) -> [Range<Int>] {
    switch self {
    case .count(let pieces):
      let size = count / pieces
      let longer = count % pieces
      return (0..<pieces).map { index in
        let start = index * size + min(index, longer)
        return start..<start + size + (index < longer ? 1 : 0)
      }
    case .size(let size):
      let starts = count == 0 ? [0] : Array(stride(from: 0, to: count, by: size))
      return starts.map { $0..<min($0 + size, count) }
    case .sizes(let sizes):
      var start = 0
      return (sizes + [count]).map { size in
        let end = min(start + max(0, size), count)
        defer { start = end }
        return start..<end
      }
    }
  }
}
