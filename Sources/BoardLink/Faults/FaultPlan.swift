/// Applies faults to the bytes of a link: bytes in, what to do out. Pure, so that the same bytes always meet the same faults, however
/// they are cut.
struct FaultPlan: Sendable {
  /// What is left to do for whoever moves the bytes.
  enum Action: Sendable, Equatable {
    /// These bytes go on.
    case forward([UInt8])
    /// These bytes, which nobody sent, go that way.
    case inject(LinkFault.Direction, [UInt8])
    case delay(LinkFault.Direction, Duration)
    case block
    case stall(Duration)
    case reset
    case vanish(Duration?)
  }

  /// A board keeps so many bytes for a host that does not read.
  static let keptBytes = 256

  private struct Pending {
    let fault: LinkFault
    var skip: Int
    var times: Int
  }

  /// A change of bytes that is under way in one direction.
  private struct Edit {
    enum Kind { case drop, duplicate, corrupt }
    var kind: Kind
    var skip: Int
    var count: Int
    var inserted: [UInt8] = []
  }

  /// What is known of one direction.
  private struct Lane {
    var passed = 0
    var recent: [UInt8] = []
    var edits: [Edit] = []
    var swallowed: Set<UInt8> = []
    var isSilent = false
  }

  private var pending: [Pending]
  private var lanes: [LinkFault.Direction: Lane] = [.toBoard: Lane(), .fromBoard: Lane()]
  private let longestPattern: Int
  /// What was set off so far, in order.
  private(set) var happened: [LinkFault] = []

  init(_ faults: [LinkFault]) {
    pending = faults.map { Pending(fault: $0, skip: $0.skip, times: $0.times) }
    longestPattern =
      faults.map { if case .pattern(_, let bytes) = $0.trigger { bytes.count } else { 0 } }.max() ?? 0
  }

  /// The link was opened, the board perhaps restarted: what lasts until then is over.
  mutating func opened() -> [Action] {
    for direction in LinkFault.Direction.allCases {
      lanes[direction]?.edits = []
      lanes[direction]?.swallowed = []
      lanes[direction]?.isSilent = false
      lanes[direction]?.recent = []
    }
    var actions = fire { $0 == .opening }
    for direction in LinkFault.Direction.allCases where lanes[direction]?.passed == 0 {
      actions += fire { $0 == .byte(direction, 0) }
    }
    return actions
  }

  /// Takes bytes that the sender has sent.
  mutating func pass(_ direction: LinkFault.Direction, _ bytes: [UInt8]) -> [Action] {
    var actions: [Action] = []
    var forwarded: [UInt8] = []
    for byte in bytes {
      forwarded += edit(byte, direction)
      note(byte, direction)
      let passed = lanes[direction]?.passed
      let recent = lanes[direction]?.recent ?? []
      let set = fire { trigger in
        switch trigger {
        case .opening: false
        case .byte(direction, let position): position == passed
        case .pattern(direction, let pattern): recent.suffix(pattern.count) == pattern[...]
        case .byte, .pattern: false
        }
      }
      guard !set.isEmpty else { continue }
      if !forwarded.isEmpty { actions.append(.forward(forwarded)) }
      forwarded = []
      actions += set
    }
    if !forwarded.isEmpty { actions.append(.forward(forwarded)) }
    return actions
  }

  private mutating func note(_ byte: UInt8, _ direction: LinkFault.Direction) {
    lanes[direction]?.passed += 1
    guard longestPattern > 0, var recent = lanes[direction]?.recent else { return }
    recent.append(byte)
    if recent.count > 2 * longestPattern + 256 { recent.removeFirst(recent.count - longestPattern) }
    lanes[direction]?.recent = recent
  }

  private mutating func fire(_ isMet: (LinkFault.Trigger) -> Bool) -> [Action] {
    var actions: [Action] = []
    for index in pending.indices where pending[index].times > 0 && isMet(pending[index].fault.trigger) {
      if pending[index].skip > 0 {
        pending[index].skip -= 1
        continue
      }
      pending[index].times -= 1
      happened.append(pending[index].fault)
      if let action = begin(pending[index].fault) { actions.append(action) }
    }
    return actions
  }

  /// Begins what a fault does; what is not done to bytes is the caller's.
  private mutating func begin(_ fault: LinkFault) -> Action? {
    switch fault.effect {
    case .drop(let direction, let skip, let count):
      lanes[direction]?.edits.append(Edit(kind: .drop, skip: skip, count: count))
    case .duplicate(let direction, let skip, let count):
      lanes[direction]?.edits.append(Edit(kind: .duplicate, skip: skip, count: count))
    case .corrupt(let direction, let skip, let count):
      lanes[direction]?.edits.append(Edit(kind: .corrupt, skip: skip, count: count))
    case .replace(let direction, let skip, let count, let bytes):
      // What is put in at once must not wait for a byte that may never come.
      if skip == 0, count == 0 { return .inject(direction, bytes) }
      lanes[direction]?.edits.append(Edit(kind: .drop, skip: skip, count: count, inserted: bytes))
    case .swallow(let direction, let byte): lanes[direction]?.swallowed.insert(byte)
    case .silence(let direction): lanes[direction]?.isSilent = true
    case .hang: for direction in LinkFault.Direction.allCases { lanes[direction]?.isSilent = true }
    case .deaf: lanes[.fromBoard]?.isSilent = true
    case .delay(let direction, let duration): return .delay(direction, duration)
    case .block: return .block
    case .stall(let duration): return .stall(duration)
    case .reset: return .reset
    case .vanish(let duration): return .vanish(duration)
    }
    return nil
  }

  /// What becomes of a byte.
  private mutating func edit(_ byte: UInt8, _ direction: LinkFault.Direction) -> [UInt8] {
    guard var lane = lanes[direction], !lane.isSilent, !lane.swallowed.contains(byte) else { return [] }
    var result = [byte]
    for index in lane.edits.indices {
      if lane.edits[index].skip > 0 {
        lane.edits[index].skip -= 1
        continue
      }
      let inserted = lane.edits[index].inserted
      lane.edits[index].inserted = []
      if lane.edits[index].count > 0 {
        lane.edits[index].count -= 1
        switch lane.edits[index].kind {
        case .drop: result = []
        case .duplicate: result += result
        case .corrupt: result = result.map { $0 ^ 1 }
        }
      }
      result = inserted + result
    }
    lane.edits.removeAll { $0.skip == 0 && $0.count == 0 && $0.inserted.isEmpty }
    lanes[direction] = lane
    return result
  }
}
