import Synchronization
import Testing

@testable import Bench

@Suite("Work in lanes", .timeLimit(.minutes(1)))
struct LanesTests {
  /// Who is under way, and what was seen of that.
  private final class Watch: Sendable {
    struct State {
      var underWay: Set<Int> = []
      var most = 0
      var begun: [Int] = []
      /// Elements that met another one for which `isAlone` holds too.
      var disturbed = 0
    }

    let state = Mutex(State())

    /// Does nothing of use, so often that others get their turns.
    func work(_ element: Int, alone: @Sendable (Int) -> Bool = { _ in false }) async -> Int {
      state.withLock { state in
        if alone(element), state.underWay.contains(where: alone) { state.disturbed += 1 }
        state.underWay.insert(element)
        state.most = max(state.most, state.underWay.count)
        state.begun.append(element)
      }
      for _ in 0..<(element % 7) * 20 { await Task.yield() }
      state.withLock { _ = $0.underWay.remove(element) }
      return element * 10
    }
  }

  @Test("what comes of it is taken in order, and never are more under way than there are lanes")
  func order() async {
    let watch = Watch()
    var taken: [Int] = []
    await Lanes<Int, Int>(width: 3).run(Array(0..<50)) {
      await watch.work($0)
    } then: {
      taken.append($0)
      return true
    }
    #expect(taken == (0..<50).map { $0 * 10 })
    #expect(watch.state.withLock { $0.most } <= 3)
    #expect(watch.state.withLock { $0.begun.count } == 50)
  }

  @Test("elements that must be alone are, in as many lanes as you like")
  func alone() async {
    let watch = Watch()
    let isAlone = { @Sendable (element: Int) in element.isMultiple(of: 3) }
    var count = 0
    await Lanes<Int, Int>(width: 8, isAlone: isAlone).run(Array(0..<60)) {
      await watch.work($0, alone: isAlone)
    } then: { _ in
      count += 1
      return true
    }
    #expect(count == 60)
    #expect(watch.state.withLock { $0.disturbed } == 0)
  }

  @Test("whoever has seen enough is given no more, and what had not begun does not begin")
  func enough() async {
    let watch = Watch()
    var taken: [Int] = []
    await Lanes<Int, Int>(width: 2, mostWaiting: 10).run(Array(0..<50)) {
      await watch.work($0)
    } then: {
      taken.append($0)
      return taken.count < 5
    }
    #expect(taken == [0, 10, 20, 30, 40])
    #expect(watch.state.withLock { $0.begun.count } < 20)
    #expect(watch.state.withLock { $0.underWay.isEmpty })
  }

  @Test("what may not begin does not, and what has begun is taken")
  func mayBegin() async {
    var taken: [Int] = []
    await Lanes<Int, Int>(width: 4, mayBegin: { $0 < 10 }).run(Array(0..<50)) {
      $0
    } then: {
      taken.append($0)
      return true
    }
    #expect(taken == Array(0..<10))
  }

  @Test("behind a slow one only so many begin")
  func mostWaiting() async {
    let gate = Meeting(parties: 2)
    let begun = Mutex(0)
    var taken: [Int] = []
    await Lanes<Int, Int>(width: 4, mostWaiting: 6).run(Array(0..<20)) { element in
      begun.withLock { $0 += 1 }
      // The first waits for the last that may begin before it is taken.
      if element == 0 || element == 5 { await gate.arrive() }
      if element == 0 { #expect(begun.withLock { $0 } <= 6) }
      return element
    } then: {
      taken.append($0)
      return true
    }
    #expect(taken == Array(0..<20))
  }
}
