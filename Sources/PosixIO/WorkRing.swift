/// One thing for the loop to do.
enum Work {
  /// A job of a task that prefers the loop (or has no other executor).
  case task(UnownedJob)
  /// A job of an actor that is pinned to the loop.
  case actor(UnownedJob)
  /// Code handed in from anywhere.
  case body(() -> Void)
}

/// A growing ring, of work or of whoever waits, behind a pointer: an array as a class property costs visibly more per message.
struct WorkRing<Element>: ~Copyable {
  private var slots: UnsafeMutablePointer<Element>
  private var mask: Int
  private var head = 0
  private(set) var count = 0

  init() {
    slots = .allocate(capacity: 64)
    mask = 63
  }

  deinit {
    for offset in 0..<count { (slots + ((head + offset) & mask)).deinitialize(count: 1) }
    slots.deallocate()
  }

  @inline(__always)
  mutating func append(_ element: consuming Element) {
    if count > mask { grow() }
    (slots + ((head + count) & mask)).initialize(to: element)
    count += 1
  }

  @inline(__always)
  mutating func popFirst() -> Element? {
    guard count > 0 else { return nil }
    let element = (slots + head).move()
    head = (head + 1) & mask
    count -= 1
    return element
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<Element>.allocate(capacity: (mask + 1) * 2)
    for offset in 0..<count {
      (larger + offset).moveInitialize(from: slots + ((head + offset) & mask), count: 1)
    }
    slots.deallocate()
    slots = larger
    head = 0
    mask = mask * 2 + 1
  }
}
