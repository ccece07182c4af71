/// Work on elements, several at a time, of which what comes of it is taken in the elements' order.
struct Lanes<Element: Sendable, Value: Sendable> {
  /// How many elements are under way at the most.
  var width: Int
  /// How many may have begun whose values were not taken yet, because an earlier one is still under way: it bounds the memory.
  var mostWaiting = Int.max
  /// Whether an element must not be under way beside another of its kind.
  var isAlone: (Element) -> Bool = { _ in false }
  /// Asked before an element begins; once it says no, none begins any more.
  var mayBegin: (Element) -> Bool = { _ in true }

  /// Does the work, and returns when none is under way.
  /// - Parameter take: is given the values in the elements' order, one at a time; false ends it: what is under way then is not taken.
  func run(
    _ elements: [Element], _ work: @escaping @Sendable (Element) async -> Value,
    then take: (Value) -> Bool
  ) async {
    await withTaskGroup(of: (index: Int, value: Value).self) { group in
      var progress = Progress()
      while true {
        while let next = next(of: elements, progress) {
          progress.begin(isAlone: isAlone(elements[next]))
          group.addTask { (next, await work(elements[next])) }
        }
        guard let ended = await group.next() else { return }
        progress.end(ended.index, isAlone: isAlone(elements[ended.index]), ended.value)
        while let value = progress.takeNext() { guard take(value) else { return } }
      }
    }
  }

  /// The element that may begin now; nil where none may.
  private func next(of elements: [Element], _ progress: Progress) -> Int? {
    let next = progress.begunCount
    guard next < elements.count, progress.underWay < width, next - progress.takenCount < mostWaiting,
      !(progress.hasAlone && isAlone(elements[next])), mayBegin(elements[next])
    else { return nil }
    return next
  }

  /// What has begun, what has ended, and what was taken.
  private struct Progress {
    private(set) var begunCount = 0
    private(set) var takenCount = 0
    private(set) var underWay = 0
    /// Whether an element is under way that must not have another of its kind beside it.
    private(set) var hasAlone = false
    private var waiting: [Int: Value] = [:]

    mutating func begin(isAlone: Bool) {
      begunCount += 1
      underWay += 1
      hasAlone = hasAlone || isAlone
    }

    mutating func end(_ index: Int, isAlone: Bool, _ value: Value) {
      underWay -= 1
      if isAlone { hasAlone = false }
      waiting[index] = value
    }

    mutating func takeNext() -> Value? {
      guard let value = waiting.removeValue(forKey: takenCount) else { return nil }
      takenCount += 1
      return value
    }
  }
}
