/// Where a machine appends the bytes it wants sent.
///
/// An event loop implements it over its output blocks, so that everything one wake-up produced leaves in one write;
/// ``ByteBuffer`` is the simple implementation.
public protocol ByteOutput: ~Copyable {
  /// Says that `count` bytes are about to be appended, so that growing need not copy them; a hint, without which all works as well.
  mutating func expect(_ count: Int)

  /// Appends `count` contiguous bytes of undefined content and returns their start.
  ///
  /// The machine fills all of them before it appends anything else. It never asks for more than
  /// ``ByteOutputLimits/largestRoom`` bytes at once.
  mutating func appendRoom(_ count: Int) -> UnsafeMutableRawPointer

  /// Appends a copy of `bytes`, of any length; they need not stay contiguous.
  mutating func append(_ bytes: UnsafeRawBufferPointer)
}

extension ByteOutput where Self: ~Copyable {
  /// Does nothing: for those whose growing copies nothing, or little.
  @inlinable
  public mutating func expect(_ count: Int) {}
}

/// What a ``ByteOutput`` must be able to do.
public enum ByteOutputLimits {
  /// The most bytes ``ByteOutput/appendRoom(_:)`` is asked for: 4 KiB.
  @inlinable public static var largestRoom: Int { 4096 }
}

/// Growable memory with one owner: output, and messages that did not arrive in one piece.
public struct ByteBuffer: ~Copyable, ByteOutput {
  @usableFromInline var base: UnsafeMutableRawPointer?
  /// The bytes for which there is memory.
  public private(set) var capacity = 0
  /// The bytes held.
  public private(set) var count = 0

  /// Creates an empty buffer, which owns no memory yet.
  public init() {}

  deinit { base?.deallocate() }

  /// The bytes held; valid until the buffer is changed.
  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// The bytes held, to be changed in place; valid until the buffer is changed.
  var mutableBytes: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(start: base, count: count) }

  /// Whether nothing is held.
  public var isEmpty: Bool { count == 0 }

  /// Makes room for a large piece at once: doubling would copy what is there, and hold it twice meanwhile.
  public mutating func expect(_ count: Int) {
    if count > capacity { reserve(self.count + count) }
  }

  /// Appends `count` bytes of undefined content and returns their start.
  public mutating func appendRoom(_ count: Int) -> UnsafeMutableRawPointer {
    grow(to: self.count + max(count, 1))
    defer { self.count += count }
    return base! + self.count
  }

  /// Appends a copy of `bytes`.
  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
    appendRoom(bytes.count).copyMemory(from: source, byteCount: bytes.count)
  }

  /// Lets `fill` write up to `count` bytes behind the content, and keeps as many of them as it says.
  mutating func appendSome<Result>(
    _ count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> (kept: Int, Result)
  ) -> Result {
    let start = self.count
    let (kept, result) = fill(UnsafeMutableRawBufferPointer(start: appendRoom(count), count: count))
    self.count = start + min(kept, count)
    return result
  }

  /// Takes `count` bytes that stand behind the content already, in its spare memory.
  mutating func extend(by count: Int) {
    precondition(count <= spareCapacity, "there is no memory for so many bytes")
    self.count += count
  }

  /// The memory behind the content.
  var spare: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base.map { $0 + count }, count: spareCapacity)
  }

  /// Drops the last `count` bytes, of which there must be so many.
  mutating func removeLast(_ count: Int) {
    precondition(count <= self.count, "there are not so many bytes")
    self.count -= count
  }

  /// The bytes that can be appended before more memory is taken.
  var spareCapacity: Int { capacity - count }

  /// Makes room for `total` bytes in all, and for more to come.
  mutating func grow(to total: Int) {
    guard total > capacity else { return }
    // Doubling keeps the cost of appending linear; a declared length alone never makes us allocate.
    reserve(max(total, capacity * 2, 256))
  }

  /// Makes room for `total` bytes in all, of which there will be `final` in the end: so many are taken at once where that is not much, and
  /// never more.
  mutating func grow(to total: Int, ofFinally final: Int) {
    guard total > capacity else { return }
    reserve(min(max(total, final), max(total * 2, Self.grantedAtOnce)))
  }

  /// Where a length is declared, memory for so many bytes is taken before they come.
  static var grantedAtOnce: Int { 1 << 16 }

  /// Makes room for `total` bytes in all, and for no more.
  mutating func reserve(_ total: Int) {
    guard total > capacity else { return }
    let grown = UnsafeMutableRawPointer.allocate(byteCount: total, alignment: 16)
    if let base {
      grown.copyMemory(from: base, byteCount: count)
      base.deallocate()
    }
    (base, capacity) = (grown, total)
  }

  /// Drops the content and keeps at most `keptCapacity` bytes of memory.
  public mutating func removeAll(keepingAtMost keptCapacity: Int = 65536) {
    count = 0
    guard capacity > keptCapacity else { return }
    base?.deallocate()
    (base, capacity) = (nil, 0)
  }

  /// Returns the content as an array and empties the buffer.
  public mutating func take() -> [UInt8] {
    defer { removeAll() }
    return [UInt8](bytes)
  }
}

// The memory has exactly one owner, this noncopyable value, so that it moves between threads only as a whole.
extension ByteBuffer: @unchecked Sendable {}
