import PosixIO
import WebSocketProtocol

/// Where everything that one wake-up of one connection produces is gathered, so that it leaves in one write. One per
/// server, used by whichever connection is being served; it grows to the largest batch and is never given back.
struct BatchOutput: ~Copyable, ByteOutput {
  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  private(set) var count = 0
  /// A large payload that follows ``bytes`` and is lent, not copied: valid until the machine is asked for more.
  private(set) var lent: UnsafeRawBufferPointer?

  /// From this size on a payload is lent: a system call of its own costs less than copying it.
  static var smallestLent: Int { 16 << 10 }

  init() {
    capacity = 1 << 18
    base = .allocate(byteCount: capacity, alignment: 64)
  }

  deinit { base.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  @inline(__always)
  mutating func appendRoom(_ wanted: Int) -> UnsafeMutableRawPointer {
    precondition(lent == nil, "what is lent must be sent before more is appended")
    if count &+ wanted > capacity { grow(to: count + wanted) }
    defer { count &+= wanted }
    return base + count
  }

  @inline(__always)
  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    if bytes.count >= Self.smallestLent, lent == nil {
      lent = bytes
      return
    }
    appendRoom(bytes.count).copyMemory(from: source, byteCount: bytes.count)
  }

  mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

  /// Empties it; memory that an uncommonly large batch took is given back.
  mutating func removeAll() {
    count = 0
    lent = nil
    guard capacity > 1 << 22 else { return }
    base.deallocate()
    capacity = 1 << 18
    base = .allocate(byteCount: capacity, alignment: 64)
  }

  private mutating func grow(to needed: Int) {
    let larger = max(needed, capacity * 2)
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 64)
    fresh.copyMemory(from: base, byteCount: count)
    base.deallocate()
    (base, capacity) = (fresh, larger)
  }
}

/// Bytes the kernel did not take yet. Empty, and without memory, on a connection whose peer reads.
struct UnsentBytes {
  private var bytes: [UInt8] = []
  private var start = 0

  var count: Int { bytes.count - start }
  var isEmpty: Bool { bytes.count == start }

  mutating func append(_ more: UnsafeRawBufferPointer) { bytes.append(contentsOf: more) }

  mutating func removeFirst(_ count: Int) {
    start += count
    if isEmpty {
      self = UnsentBytes()
    } else if start > 1 << 16, start * 2 > bytes.count {
      bytes.removeSubrange(..<start)
      start = 0
    }
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
  }
}

/// The memory that one loop's connections share while each is being served.
final class LoopBuffers {
  /// Where reads go; what a machine must keep beyond a wake-up it copies.
  let input = UnsafeMutableRawBufferPointer.allocate(byteCount: ReadShare.most, alignment: 64)
  /// Unchecked: on the loop's thread only, by the one connection that is being served, which nothing interrupts.
  @exclusivity(unchecked) var output = BatchOutput()

  deinit { input.deallocate() }
}
