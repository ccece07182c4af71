import CLinux
import Glibc

/// What a descriptor is ready for, as epoll reports it.
public struct Readiness: OptionSet, Sendable {
  /// The bits of `epoll_event.events`.
  public let rawValue: UInt32

  /// Wraps epoll's bits.
  @inline(__always)
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Bytes, an end of stream or a connection can be taken.
  public static let readable = Readiness(rawValue: clinux_EPOLLIN)
  /// Bytes can be given.
  public static let writable = Readiness(rawValue: clinux_EPOLLOUT)
  /// An error waits to be read, or the error queue holds something.
  public static let error = Readiness(rawValue: clinux_EPOLLERR)
  /// Both directions are shut.
  public static let hungUp = Readiness(rawValue: clinux_EPOLLHUP)
  /// The peer has ended its direction. Reported only where asked for.
  public static let peerEnded = Readiness(rawValue: clinux_EPOLLRDHUP)
  /// Report changes only, not states (a wish at registration, never reported).
  public static let edgeTriggered = Readiness(rawValue: clinux_EPOLLET)
}

/// Acts when a descriptor becomes ready. Called on the loop's thread, without a hop.
public protocol ReadinessHandler: AnyObject {
  /// Called with everything epoll reported for the descriptor in this turn.
  func isReady(_ readiness: Readiness)
}

/// The right to change or end a registration. A number reused by the kernel carries another generation, so an
/// old event or an old registration never touches a new descriptor.
public struct Registration: Sendable {
  fileprivate let token: UInt64

  fileprivate var descriptor: Int32 { Int32(truncatingIfNeeded: token) }
}

/// Handlers by descriptor number, with the generation that makes a reused number a different one.
struct ReadinessRegistry: ~Copyable {
  private struct Slot {
    var generation: UInt32 = 0
    var handler: (any ReadinessHandler)?
  }

  private var slots: UnsafeMutablePointer<Slot>
  private var capacity: Int

  init() {
    capacity = 256
    slots = .allocate(capacity: 256)
    slots.initialize(repeating: Slot(), count: 256)
  }

  deinit {
    slots.deinitialize(count: capacity)
    slots.deallocate()
  }

  @inline(__always)
  func handler(for token: UInt64) -> (any ReadinessHandler)? {
    let index = Int(UInt32(truncatingIfNeeded: token))
    guard index < capacity, slots[index].generation == UInt32(token >> 32) else { return nil }
    return slots[index].handler
  }

  mutating func add(_ descriptor: Int32, _ handler: any ReadinessHandler) -> UInt64 {
    let index = Int(descriptor)
    if index >= capacity { grow(to: index + 1) }
    slots[index].generation &+= 1
    slots[index].handler = handler
    return UInt64(slots[index].generation) << 32 | UInt64(UInt32(descriptor))
  }

  /// Returns whether the token still stood for a registration.
  mutating func remove(_ token: UInt64) -> Bool {
    guard handler(for: token) != nil else { return false }
    let index = Int(UInt32(truncatingIfNeeded: token))
    slots[index].generation &+= 1
    slots[index].handler = nil
    return true
  }

  private mutating func grow(to needed: Int) {
    let larger = max(needed, capacity * 2)
    let fresh = UnsafeMutablePointer<Slot>.allocate(capacity: larger)
    fresh.moveInitialize(from: slots, count: capacity)
    (fresh + capacity).initialize(repeating: Slot(), count: larger - capacity)
    slots.deallocate()
    slots = fresh
    capacity = larger
  }
}

extension EventLoop {
  /// Calls `handler` whenever `descriptor` is ready for what `interest` names, until deregistered. The loop
  /// keeps the handler alive. On the loop only.
  public func register(
    _ descriptor: borrowing OwnedDescriptor, _ interest: Readiness, _ handler: any ReadinessHandler
  ) throws(PosixError) -> Registration {
    preconditionOnLoop()
    let token = registry.add(descriptor.raw, handler)
    guard clinux_epoll_control(epoll.raw, EPOLL_CTL_ADD, descriptor.raw, interest.rawValue, token) == 0 else {
      let error = PosixError.last(.register, "descriptor")
      _ = registry.remove(token)
      throw error
    }
    return Registration(token: token)
  }

  /// Changes what a registration waits for; an empty interest still reports errors and hang-ups.
  public func change(_ registration: Registration, to interest: Readiness) {
    preconditionOnLoop()
    guard registry.handler(for: registration.token) != nil else { return }
    _ = clinux_epoll_control(
      epoll.raw, EPOLL_CTL_MOD, registration.descriptor, interest.rawValue, registration.token)
  }

  /// Ends a registration; events of the same turn are dropped. Where the descriptor is closed right after and
  /// no other process shares it, `closesNext` saves the system call: the kernel forgets it by itself.
  public func deregister(_ registration: Registration, closesNext: Bool = false) {
    preconditionOnLoop()
    guard registry.remove(registration.token), !closesNext else { return }
    _ = clinux_epoll_control(epoll.raw, EPOLL_CTL_DEL, registration.descriptor, 0, 0)
  }
}
