/// Calls a body once when its deadline has passed. Belongs to one loop and is used on its thread only.
///
/// Moving the deadline later costs nothing until the old one is reached, so an idle limit may be moved with
/// every message.
public final class LoopTimer {
  private unowned let loop: EventLoop
  private let body: () -> Void
  // Unchecked: on the loop's thread only, which `set` checks; the heap and the timer change them in turn, and the body is called
  // when neither is at it.
  @exclusivity(unchecked) fileprivate var due = Deadline.never.nanoseconds
  /// The deadline the heap is ordered by; never later than `due`.
  @exclusivity(unchecked) fileprivate var key = Deadline.never.nanoseconds
  @exclusivity(unchecked) fileprivate var position = -1

  /// Makes a timer that is not set. While it is set, the loop keeps it and whatever `body` captures alive.
  public init(on loop: EventLoop, _ body: @escaping () -> Void) {
    self.loop = loop
    self.body = body
  }

  /// Sets or moves the deadline; `.never` switches the timer off.
  public func set(_ deadline: Deadline) {
    loop.preconditionOnLoop()
    guard deadline != .never else { return cancel() }
    due = deadline.nanoseconds
    if position < 0 {
      loop.timers.insert(self)
    } else if due < key {
      loop.timers.advance(self)
    }
  }

  /// Switches the timer off.
  public func cancel() {
    due = Deadline.never.nanoseconds
    if position >= 0 {
      loop.preconditionOnLoop()
      loop.timers.remove(self)
    }
  }

  /// Whether a deadline is set.
  public var isSet: Bool { position >= 0 }

  /// Calls the body, unless the timer was cancelled or set anew since it was taken from the heap.
  func fire(at now: MonotonicInstant) {
    guard position < 0, due <= now.nanoseconds else { return }
    due = Deadline.never.nanoseconds
    body()
  }
}

/// A binary heap of timers, the next one first.
struct TimerHeap: ~Copyable {
  private var heap: [LoopTimer] = []

  /// When the first timer is due, in nanoseconds; `Int64.max` without a timer.
  var nextDeadline: Int64 { heap.isEmpty ? .max : heap[0].key }

  mutating func insert(_ timer: LoopTimer) {
    timer.key = timer.due
    timer.position = heap.count
    heap.append(timer)
    siftUp(timer.position)
  }

  mutating func advance(_ timer: LoopTimer) {
    timer.key = timer.due
    siftUp(timer.position)
  }

  mutating func remove(_ timer: LoopTimer) {
    let hole = timer.position
    timer.position = -1
    let last = heap.removeLast()
    guard last !== timer else { return }
    place(last, hole)
    siftDown(hole)
    siftUp(last.position)
  }

  /// Takes out what is due. Timers set while those are called wait for the next turn, so that a timer cannot keep
  /// the loop busy.
  mutating func takeDue(at now: MonotonicInstant) -> [LoopTimer] {
    guard let first = heap.first, first.key <= now.nanoseconds else { return [] }
    var due: [LoopTimer] = []
    while let first = heap.first, first.key <= now.nanoseconds {
      if first.due > now.nanoseconds {
        first.key = first.due
        siftDown(0)
      } else {
        remove(first)
        due.append(first)
      }
    }
    return due
  }

  private mutating func place(_ timer: LoopTimer, _ index: Int) {
    heap[index] = timer
    timer.position = index
  }

  private mutating func siftUp(_ start: Int) {
    var index = start
    let timer = heap[index]
    while index > 0 {
      let parent = (index - 1) / 2
      guard heap[parent].key > timer.key else { break }
      place(heap[parent], index)
      index = parent
    }
    place(timer, index)
  }

  private mutating func siftDown(_ start: Int) {
    var index = start
    let timer = heap[index]
    while true {
      var child = index * 2 + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].key < heap[child].key { child += 1 }
      guard heap[child].key < timer.key else { break }
      place(heap[child], index)
      index = child
    }
    place(timer, index)
  }
}
