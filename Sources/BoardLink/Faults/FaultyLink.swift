import PosixIO
import RawREPL

/// A link on which faults happen by plan: it stands between a board's link and the session, which cannot tell them from real ones.
///
/// `@unchecked Sendable`: all mutable state is touched on the loop's thread only.
public final class FaultyLink: Link, @unchecked Sendable {
  /// The board's name, which stays the same.
  public let selector: BoardSelector
  private let link: any Link
  private let loop: EventLoop
  private let inbox: LinkInbox
  private let log: SerialLog?
  private var plan: FaultPlan
  /// Takes from the link below what the board sends.
  private var pump: Task<Void, Never>?
  /// Fires when a board that was gone is back.
  private let returns: LoopSignal
  private var isAway = false
  private var isBlocked = false
  private var heldBack: [LinkFault.Direction: Deadline] = [:]
  private var waiting: [UInt8] = []
  private var stalledUntil: Deadline?
  private var isOpen = false
  /// What ends the link below after a fault; over before it is opened anew.
  private var ending: Task<Void, Never>?

  /// A link over another one, which nobody else uses.
  ///
  /// - Parameter log: gets a note of each fault, so that nobody takes it for a real one.
  public init(_ link: any Link, faults: [LinkFault], on loop: EventLoop, log: SerialLog? = nil) {
    self.link = link
    self.loop = loop
    self.log = log
    selector = link.selector
    inbox = LinkInbox(board: link.selector.description, on: loop)
    returns = LoopSignal(on: loop)
    plan = FaultPlan(faults)
  }

  /// The faults that happened so far, in order.
  public func happened() async -> [LinkFault] { (try? await loop.perform { self.plan.happened }) ?? [] }

  /// Opens the link below; a board that is gone is waited for.
  public func open(deadline: Deadline) async throws {
    if try await loop.perform({ self.isOpen }) { return }
    await stop("the link is opened anew")
    try await waitForReturn(deadline)
    try await link.open(deadline: deadline)
    try await begin()
  }

  /// Waits for bytes.
  public func read(deadline: Deadline) async throws -> [UInt8] { try await inbox.read(deadline: deadline) }

  /// Writes what the faults leave of the bytes.
  public func write(_ bytes: [UInt8], deadline: Deadline) async throws {
    guard try await loop.perform({ self.isOpen }) else { throw failure(.linkEnded("the link is closed")) }
    for action in try await loop.perform({ self.plan.pass(.toBoard, bytes) }) {
      switch action {
      case .forward(let bytes), .inject(.toBoard, let bytes): try await send(bytes, deadline)
      default: try await loop.perform { self.begin(action) }
      }
    }
  }

  /// Restarts the board; what lasts until then is over. One that is gone is waited for.
  public func hardReset(deadline: Deadline) async throws {
    await stop("the link is opened anew")
    try await waitForReturn(deadline)
    try await link.hardReset(deadline: deadline)
    try await begin()
  }

  /// Takes the board's power away and gives it back; one that is gone has no port that would help it.
  public func cyclePower(deadline: Deadline) async throws {
    await stop("the link is opened anew")
    if try await loop.perform({ self.isAway }) { throw PortPowerObstacle("the board is gone (injected)") }
    try await link.cyclePower(deadline: deadline)
    try await begin()
  }

  /// Closes the link below.
  public func close() async {
    await stop("the link is closed")
    await link.close()
  }
}

// MARK: The link below

extension FaultyLink {
  private func waitForReturn(_ deadline: Deadline) async throws {
    guard await returns.wait(until: { !self.isAway }, deadline: deadline) else {
      throw failure(.timedOut("the board to come back"))
    }
  }

  private func begin() async throws {
    try await loop.perform {
      self.inbox.reopen()
      self.isOpen = true
      self.isBlocked = false
      self.heldBack = [:]
      self.stalledUntil = nil
      self.waiting = []
      for action in self.plan.opened() { self.begin(action) }
      self.pump = Task { await self.carry() }
    }
  }

  private func stop(_ reason: String) async {
    let tasks = try? await loop.perform { () -> [Task<Void, Never>] in
      self.isOpen = false
      self.inbox.end(self.failure(.linkEnded(reason)))
      self.pump?.cancel()
      defer { (self.pump, self.ending) = (nil, nil) }
      return [self.pump, self.ending].compactMap(\.self)
    }
    for task in tasks ?? [] { await task.value }
  }

  private func carry() async {
    do {
      while true {
        let bytes = try await link.read(deadline: .never)
        try await loop.perform { self.receive(bytes) }
      }
    } catch let failure as BoardFailure {
      _ = try? await loop.perform { if self.isOpen { self.inbox.end(failure) } }
    } catch {}
  }

  private func send(_ bytes: [UInt8], _ deadline: Deadline) async throws {
    if try await loop.perform({ self.isBlocked }) {
      try await loop.pause(until: deadline)
      throw failure(.timedOut("the board to take bytes"))
    }
    if let until = try await loop.perform({ self.heldBack[.toBoard] }) {
      try await loop.pause(until: min(until, deadline))
      guard until <= deadline else { throw failure(.timedOut("the board to take bytes")) }
    }
    try await link.write(bytes, deadline: deadline)
  }

  /// Bytes of the board. On the loop.
  private func receive(_ bytes: [UInt8]) {
    for action in plan.pass(.fromBoard, bytes) {
      if case .forward(let bytes) = action { deliver(bytes) } else { begin(action) }
    }
  }

  /// Gives bytes to the reader, unless they wait. On the loop.
  private func deliver(_ bytes: [UInt8]) {
    if stalledUntil != nil {
      waiting += bytes.prefix(max(0, FaultPlan.keptBytes - waiting.count))
    } else if heldBack[.fromBoard] != nil {
      waiting += bytes
    } else {
      inbox.deliver(bytes)
    }
  }

  /// Hands out what has waited. On the loop.
  private func release() {
    stalledUntil = nil
    heldBack[.fromBoard] = nil
    guard isOpen, !waiting.isEmpty else { return }
    inbox.deliver(waiting)
    waiting = []
  }
}

// MARK: What is not done to bytes

extension FaultyLink {
  /// On the loop.
  private func begin(_ action: FaultPlan.Action) {
    log?.note("injected fault: \(action.words)")
    switch action {
    case .forward: break
    case .inject(.fromBoard, let bytes): deliver(bytes)
    case .inject(.toBoard, let bytes):
      Task { try? await link.write(bytes, deadline: .after(.seconds(2))) }
    case .delay(let direction, let duration):
      heldBack[direction] = .after(duration)
      if direction == .fromBoard {
        later(duration) { $0.release() }
      } else {
        later(duration) { $0.heldBack[.toBoard] = nil }
      }
    case .block: isBlocked = true
    case .stall(let duration):
      stalledUntil = .after(duration)
      later(duration) { $0.release() }
    case .reset:
      end("the board restarted by itself (injected)")
    case .vanish(let duration):
      isAway = true
      end("the board has left (injected)")
      if let duration {
        later(duration) {
          $0.isAway = false
          $0.returns.fire()
        }
      }
    }
  }

  private func end(_ reason: String) {
    isOpen = false
    inbox.end(failure(.linkEnded(reason)))
    pump?.cancel()
    ending = Task { await link.close() }
  }

  private func later(_ duration: Duration, _ body: @escaping @Sendable (FaultyLink) -> Void) {
    let timer = LoopTimer(on: loop) { [weak self] in if let self { body(self) } }
    timer.set(.after(duration))
  }
}

extension FaultPlan.Action {
  /// What is done, for the log.
  fileprivate var words: String {
    switch self {
    case .forward(let bytes): "\(bytes.count) bytes go on"
    case .inject(let direction, let bytes):
      "\(PythonLiteral.bytes(bytes).source) put in \(direction.rawValue)"
    case .delay(let direction, let duration): "\(direction.rawValue) waits for \(duration)"
    case .block: "the board takes no bytes any more"
    case .stall(let duration): "nobody reads for \(duration)"
    case .reset: "the board restarts"
    case .vanish(let duration): "the board is gone " + (duration.map { "for \($0)" } ?? "for good")
    }
  }
}
