/// How the server's bytes are cut into chunks and paced: a modifier of any scenario. It changes no byte, only the writes.
public enum Delivery: String, Sendable, Hashable, Codable, CaseIterable {
  /// Each step in one write.
  case whole
  /// Each byte in a write of its own, without pauses.
  case bytewise
  /// Cuts inside every structure: after the first header byte, inside the extended length, the masking key, after the first
  /// payload byte, inside a multi-byte UTF-8 sequence, inside each line of a head. The chunks are paused apart just long
  /// enough (about 2 ms) to arrive apart.
  case split
  /// All consecutive sending steps up to the next waiting step in one write, the 101 response included.
  case coalesced
  /// At most four chunks a step, with pauses of 12 ms: longer than a client's poll interval.
  case paced
}
