import PosixIO
import Synchronization
import Testing

@Suite("Event loop", .timeLimit(.minutes(1)))
struct EventLoopTests {
  @Test("Work from another thread runs on the loop, in order")
  func submittedWorkRunsInOrder() async throws {
    let loop = try EventLoop(name: "test").start()
    let seen = Mutex<[Int]>([])
    for number in 0..<1000 { loop.submit { seen.withLock { $0.append(number) } } }
    #expect(try await loop.perform { loop.isCurrent })
    #expect(seen.withLock { $0 } == Array(0..<1000))
    #expect(!loop.isCurrent)
    loop.stopAndWait()
  }

  @Test("A task that prefers the loop stays on it across suspensions")
  func taskStaysOnLoop() async throws {
    let loop = try EventLoop(name: "test").start()
    let wasCurrent = try await loop.run {
      var all = loop.isCurrent
      for _ in 0..<100 {
        await withCheckedContinuation { continuation in
          loop.submit { continuation.resume() }
        }
        all = all && loop.isCurrent
      }
      return all
    }
    #expect(wasCurrent)
    loop.stopAndWait()
  }

  @Test("An actor pinned to the loop runs on its thread")
  func actorRunsOnLoop() async throws {
    actor Pinned {
      let loop: EventLoop
      init(_ loop: EventLoop) { self.loop = loop }
      nonisolated var unownedExecutor: UnownedSerialExecutor { loop.serialExecutor.asUnownedSerialExecutor() }
      func isOnLoop() -> Bool { loop.isCurrent }
    }
    let loop = try EventLoop(name: "test").start()
    #expect(await Pinned(loop).isOnLoop())
    loop.stopAndWait()
  }

  @Test("Of those who let others go first one has its turn, and what came up by then goes before the next")
  func patience() async throws {
    final class Patient: PatientHandler {
      let act: () -> Void
      init(_ act: @escaping () -> Void) { self.act = act }
      func turnHasCome() { act() }
    }
    let loop = try EventLoop(name: "test").start()
    let seen = Mutex<[String]>([])
    let note = { @Sendable (what: String) in seen.withLock { $0.append(what) } }
    try await loop.run {
      await withCheckedContinuation { continuation in
        loop.letOthersFirst(
          Patient {
            note("first")
            loop.submit { note("came up behind the first") }
          })
        loop.letOthersFirst(
          Patient {
            note("second")
            continuation.resume()
          })
        loop.submit { note("came up before") }
      }
    }
    #expect(seen.withLock { $0 } == ["came up before", "first", "came up behind the first", "second"])
    loop.stopAndWait()
  }

  @Test("Timers fire in order of their deadlines; cancelled and postponed ones do not fire early")
  func timersFireInOrder() async throws {
    let loop = try EventLoop(name: "test").start()
    let order = try await loop.run {
      let start = MonotonicInstant.now()
      return await withCheckedContinuation { continuation in
        let script = TimerScript(loop, continuation)
        script.set("late", 30, start)
        script.set("early", 5, start)
        script.set("cancelled", 10, start)
        script.set("postponed", 8, start)
        script.timers["cancelled"]?.cancel()
        script.timers["postponed"]?.set(.after(.milliseconds(20), from: start))
        script.set("last", 40, start)
      }
    }
    #expect(order == ["early", "postponed", "late", "last"])
    loop.stopAndWait()
  }

  @Test("Many timers in random order fire sorted")
  func manyTimersFireSorted() async throws {
    let loop = try EventLoop(name: "test").start()
    let fired = try await loop.run {
      let start = MonotonicInstant.now()
      return await withCheckedContinuation { (continuation: CheckedContinuation<[Int], Never>) in
        let sink = FiredSink(count: 200, continuation)
        var state: UInt64 = 7
        for _ in 0..<200 {
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          let microseconds = Int(state >> 33) % 20_000
          let timer = LoopTimer(on: loop) { sink.fired(microseconds) }
          timer.set(.after(.microseconds(microseconds), from: start))
        }
      }
    }
    #expect(fired == fired.sorted())
    loop.stopAndWait()
  }

  @Test("A timer's deadline is kept to within a millisecond or two")
  func timerIsPrecise() async throws {
    let loop = try EventLoop(name: "test").start()
    let late = try await loop.run {
      let deadline = Deadline.after(.microseconds(300))
      return await withCheckedContinuation { (continuation: CheckedContinuation<Int64, Never>) in
        let timer = LoopTimer(on: loop) {
          continuation.resume(returning: MonotonicInstant.now().nanoseconds - deadline.nanoseconds)
        }
        timer.set(deadline)
      }
    }
    #expect(late >= 0)
    loop.stopAndWait()
  }

  @Test("A loop can run on the calling thread")
  func runsOnCallingThread() throws {
    let loop = try EventLoop(name: "test")
    let ran = Mutex(false)
    loop.submit {
      ran.withLock { $0 = true }
      loop.stop()
    }
    loop.run()
    #expect(ran.withLock { $0 })
  }
}

/// Collects the names of timers as they fire. Touched on the loop only.
private final class TimerScript {
  let loop: EventLoop
  let continuation: CheckedContinuation<[String], Never>
  var timers: [String: LoopTimer] = [:]
  var order: [String] = []

  init(_ loop: EventLoop, _ continuation: CheckedContinuation<[String], Never>) {
    self.loop = loop
    self.continuation = continuation
  }

  func set(_ name: String, _ milliseconds: Int, _ start: MonotonicInstant) {
    let timer = LoopTimer(on: loop) { [self] in
      order.append(name)
      guard name == "last" else { return }
      timers = [:]
      continuation.resume(returning: order)
    }
    timers[name] = timer
    timer.set(.after(.milliseconds(milliseconds), from: start))
  }
}

private final class FiredSink {
  var left: Int
  var all: [Int] = []
  let continuation: CheckedContinuation<[Int], Never>

  init(count: Int, _ continuation: CheckedContinuation<[Int], Never>) {
    left = count
    self.continuation = continuation
  }

  func fired(_ value: Int) {
    all.append(value)
    left -= 1
    if left == 0 { continuation.resume(returning: all) }
  }
}
