import Traces

/// The events of one connection in little memory: a message notes two, and a ``WireEvent`` has room for whatever else may happen.
struct TapLog {
  /// What an entry is about.
  private enum Subject {
    case received(count: Int)
    case sent(count: Int)
    /// The place in `others`.
    case other(Int)
  }

  private struct Entry {
    let instant: UInt64
    /// 0 where the kernel said nothing.
    let kernelInstant: UInt64
    var subject: Subject
  }

  /// A chunk of which the kernel tells when it left and was acknowledged; 0 where it did not say so yet.
  private struct StampedChunk {
    /// The offset behind it in the bytes of the socket, modulo 2³².
    let end: UInt32
    let entry: Int
    var sent: UInt64 = 0
    var acknowledged: UInt64 = 0
  }

  private var entries: [Entry] = []
  /// The places of the last entries of each direction, into which later ones are merged when there are many.
  private var (lastReceived, lastSent) = (-1, -1)
  private var others: [WireEvent.Kind] = []
  private var stamped: [StampedChunk] = []
  /// The first chunk that is not acknowledged.
  private var firstUnderWay = 0

  /// Beyond this many, chunks are merged into the last one of their direction: a flood must not fill the memory.
  static let mostEntries = 100_000

  @inline(__always)
  mutating func received(_ count: Int, at instant: UInt64, kernel: UInt64) {
    if entries.count >= Self.mostEntries, lastReceived >= 0,
      case .received(let before) = entries[lastReceived].subject
    {
      entries[lastReceived].subject = .received(count: before + count)
      return
    }
    lastReceived = entries.count
    entries.append(Entry(instant: instant, kernelInstant: kernel, subject: .received(count: count)))
  }

  /// - Parameter stampedEnd: how many bytes the socket has been given in all, where the kernel stamps them.
  @inline(__always)
  mutating func sent(_ count: Int, at instant: UInt64, stampedEnd: Int?) {
    if entries.count >= Self.mostEntries, lastSent >= 0, case .sent(let before) = entries[lastSent].subject {
      entries[lastSent].subject = .sent(count: before + count)
      return
    }
    lastSent = entries.count
    entries.append(Entry(instant: instant, kernelInstant: 0, subject: .sent(count: count)))
    guard let stampedEnd else { return }
    stamped.append(StampedChunk(end: UInt32(truncatingIfNeeded: stampedEnd), entry: entries.count - 1))
  }

  mutating func note(_ kind: WireEvent.Kind, at instant: UInt64) {
    entries.append(Entry(instant: instant, kernelInstant: 0, subject: .other(others.count)))
    others.append(kind)
  }

  /// A byte, and with it all before it, has come to a place: the first time counts, as later ones are of bytes that were sent again.
  mutating func transmitted(_ byte: UInt32, acknowledged: Bool, at instant: UInt64) {
    for index in firstUnderWay..<stamped.count {
      guard Int32(bitPattern: byte &- (stamped[index].end &- 1)) >= 0 else { break }
      if acknowledged {
        stamped[index].acknowledged = instant
        firstUnderWay = index + 1
      } else if stamped[index].sent == 0 {
        stamped[index].sent = instant
      }
    }
  }

  /// The events as values of their own.
  var events: [WireEvent] {
    var events = entries.map { entry in
      WireEvent(
        instantNanoseconds: entry.instant,
        kernelInstantNanoseconds: entry.kernelInstant == 0 ? nil : entry.kernelInstant,
        kind: kind(entry.subject))
    }
    for chunk in stamped where chunk.sent != 0 || chunk.acknowledged != 0 {
      var transmission = Transmission()
      if chunk.sent != 0 { transmission.sentNanoseconds = chunk.sent }
      if chunk.acknowledged != 0 { transmission.acknowledgedNanoseconds = chunk.acknowledged }
      events[chunk.entry].transmission = transmission
    }
    return events
  }

  private func kind(_ subject: Subject) -> WireEvent.Kind {
    switch subject {
    case .received(let count): .received(count: count)
    case .sent(let count): .sent(count: count)
    case .other(let place): others[place]
    }
  }
}
