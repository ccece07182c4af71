import CLinux
import Glibc
import Synchronization

/// One thread, one epoll, one eventfd: readiness, timers and the jobs of tasks run here, one after the other.
///
/// What lives on a loop is confined to it: classes that are touched on its thread only and say so with
/// ``preconditionOnLoop()``. A turn is: wait, read the clock once, call the handlers of ready descriptors,
/// fire due timers, run queued work and one of those who let others go first, call the end-of-turn handlers.
///
/// `@unchecked Sendable`: everything mutable is touched on the loop's thread only, except the inbox, which a
/// mutex guards, and the two atomics.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
  /// The thread's name in the kernel (15 characters are kept).
  public let name: String

  let epoll: OwnedDescriptor
  let wakeUp: OwnedDescriptor
  /// Wakes the loop for its timers. A time limit given to every wait would make the kernel set up a timer for each.
  private let alarm: OwnedDescriptor
  // Unchecked: touched by `setAlarm` and `dispatch` on the loop's thread, neither of which runs inside the other.
  @exclusivity(unchecked) private var alarmIsSetTo = Int64.max
  let inbox = Mutex(Inbox())
  let stopRequested = Atomic<Bool>(false)
  /// The identity of the thread inside ``run()``, 0 when none is.
  let threadIdentity = Atomic<UInt>(0)
  let events: UnsafeMutablePointer<epoll_event>

  // Unchecked, for what every turn touches: on the loop's thread only, and handlers, timers and work are always called after
  // they were taken out, so that what they register, set or queue finds none of these in the midst of a change.
  @exclusivity(unchecked) var registry = ReadinessRegistry()
  @exclusivity(unchecked) var work = WorkRing<Work>()
  @exclusivity(unchecked) var patient = WorkRing<any PatientHandler>()
  @exclusivity(unchecked) var timers = TimerHeap()
  @exclusivity(unchecked) var endOfTurn: [any EndOfTurnHandler] = []
  @exclusivity(unchecked) var endOfTurnSpare: [any EndOfTurnHandler] = []
  /// See ``tlsMemory``; none before the first TLS connection.
  @exclusivity(unchecked) var tlsMemoryIfAny: TLSMemory?

  /// The clock as it stood when the current turn began. Unchecked: changed by the turn alone, between calls.
  @exclusivity(unchecked) public private(set) var now = MonotonicInstant.now()

  /// The executor for actors that shall live on this loop (`unownedExecutor`).
  public let serialExecutor = LoopSerialExecutor()

  private let finished = ThreadGate()

  static let eventCapacity = 128
  /// Work run in one turn before readiness is looked at again.
  static let workPerTurn = 1024

  struct Inbox {
    var work: [Work] = []
  }

  /// Makes a loop that runs nowhere yet: call ``run()`` on the thread it shall own, or ``start()``.
  public init(name: String) throws(PosixError) {
    let epoll = clinux_epoll_create()
    guard epoll >= 0 else { throw .last(.createLoop, name) }
    self.epoll = OwnedDescriptor(adopting: epoll)
    let wakeUp = clinux_eventfd()
    guard wakeUp >= 0 else { throw .last(.createLoop, name) }
    self.wakeUp = OwnedDescriptor(adopting: wakeUp)
    self.name = name
    events = .allocate(capacity: Self.eventCapacity)
    let alarm = clinux_timer()
    guard alarm >= 0 else { throw .last(.createLoop, name) }
    self.alarm = OwnedDescriptor(adopting: alarm)
    for own in [wakeUp, alarm] {
      guard clinux_epoll_control(epoll, EPOLL_CTL_ADD, own, clinux_EPOLLIN, UInt64(UInt32(own))) == 0
      else { throw .last(.createLoop, name) }
    }
    serialExecutor.loop = self
  }

  deinit { events.deallocate() }

  /// A loop for whoever names none, on a thread of its own, running as long as the process.
  public static let shared: EventLoop = {
    do {
      return try EventLoop(name: "ws-loop").start()
    } catch {
      fatalError("\(error)")
    }
  }()

  /// Whether the caller is on the loop's thread.
  @inline(__always)
  public var isCurrent: Bool {
    threadIdentity.load(ordering: .relaxed) == UInt(clinux_thread_identity())
  }

  /// Traps unless the caller is on the loop's thread: the invariant all confined state rests on.
  @inline(__always)
  public func preconditionOnLoop() {
    precondition(isCurrent, "state of an event loop was touched outside its thread")
  }

  /// Runs the loop on a thread of its own and returns once it is running.
  @discardableResult
  public func start() -> EventLoop {
    let running = ThreadGate()
    startThread(named: name) {
      self.submit { running.open() }
      self.run()
    }
    running.wait()
    return self
  }

  /// Runs the loop on the calling thread until ``stop()``; what is queued by then still runs.
  public func run() {
    precondition(threadIdentity.load(ordering: .relaxed) == 0, "the event loop already runs on a thread")
    threadIdentity.store(UInt(clinux_thread_identity()), ordering: .releasing)
    now = .now()
    repeat { turn() } while !stopRequested.load(ordering: .relaxed)
    takeInbox()
    runWork()
    while let next = patient.popFirst() { next.turnHasCome() }
    runEndOfTurn()
    threadIdentity.store(0, ordering: .releasing)
    finished.open()
  }

  /// Ends ``run()`` after the current turn. Whoever still waits on the loop waits for ever: close first.
  public func stop() {
    stopRequested.store(true, ordering: .relaxed)
    wake()
  }

  /// Stops the loop and waits until its thread has left ``run()``. Not to be called on the loop.
  public func stopAndWait() {
    precondition(!isCurrent, "a loop cannot wait for its own end")
    stop()
    finished.wait()
  }

  private func turn() {
    setAlarm()
    let isIdle = work.count == 0 && patient.count == 0
    let count = clinux_epoll_wait(epoll.raw, events, Int32(Self.eventCapacity), isIdle ? 1 : 0)
    now = .now()
    if count > 0 { dispatch(Int(count)) }
    for timer in timers.takeDue(at: now) { timer.fire(at: now) }
    runWork()
    // One of them: behind each, whoever has become ready the while goes before the others.
    patient.popFirst()?.turnHasCome()
    runEndOfTurn()
  }

  /// Sets the alarm when the next timer is due before it. An alarm that comes too early costs one turn and no more.
  private func setAlarm() {
    let next = timers.nextDeadline
    guard next < alarmIsSetTo else { return }
    _ = clinux_timer_set(alarm.raw, next)
    alarmIsSetTo = next
  }

  private func dispatch(_ count: Int) {
    for index in 0..<count {
      let token = events[index].data.u64
      if Int32(truncatingIfNeeded: token) == wakeUp.raw {
        takeInbox()
      } else if Int32(truncatingIfNeeded: token) == alarm.raw {
        var count: UInt64 = 0
        _ = read(alarm.raw, &count, 8)
        alarmIsSetTo = .max
      } else if let handler = registry.handler(for: token) {
        handler.isReady(Readiness(rawValue: events[index].events))
      }
    }
  }

  private func runWork() {
    var left = Self.workPerTurn
    while left > 0, let next = work.popFirst() {
      left -= 1
      switch next {
      case .task(let job): job.runSynchronously(on: asUnownedTaskExecutor())
      case .actor(let job):
        job.runSynchronously(
          isolatedTo: serialExecutor.asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
      case .body(let body): body()
      }
    }
  }

  private func runEndOfTurn() {
    guard !endOfTurn.isEmpty else { return }
    swap(&endOfTurn, &endOfTurnSpare)
    for handler in endOfTurnSpare { handler.turnEnds() }
    endOfTurnSpare.removeAll(keepingCapacity: true)
  }
}

/// Something that wants to act once, when the current turn has run all its work: one write for many messages.
public protocol EndOfTurnHandler: AnyObject {
  /// Called once per ``EventLoop/atEndOfTurn(_:)``.
  func turnEnds()
}

/// Something that takes long, so that it lets those go first who are ready as well.
public protocol PatientHandler: AnyObject {
  /// Called once per ``EventLoop/letOthersFirst(_:)``.
  func turnHasCome()
}

extension EventLoop {
  /// Calls `handler` once, when all who are ready have been called; of several one each turn. On the loop only.
  @inline(__always)
  public func letOthersFirst(_ handler: any PatientHandler) { patient.append(handler) }

  /// Calls `handler` once at the end of the current turn. On the loop only.
  @inline(__always)
  public func atEndOfTurn(_ handler: any EndOfTurnHandler) { endOfTurn.append(handler) }
}
