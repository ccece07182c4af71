import CLinux

/// A point on the kernel's monotonic clock (`CLOCK_MONOTONIC`), in nanoseconds; comparable only on one machine.
public struct MonotonicInstant: Hashable, Comparable, Sendable {
  /// Nanoseconds since the clock's arbitrary start.
  public var nanoseconds: Int64

  /// Makes an instant from nanoseconds of the monotonic clock.
  @inlinable
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Reads the clock (about 25 ns).
  public static func now() -> MonotonicInstant { MonotonicInstant(nanoseconds: clinux_monotonic_ns()) }

  /// Orders by time.
  @inlinable
  public static func < (a: MonotonicInstant, b: MonotonicInstant) -> Bool { a.nanoseconds < b.nanoseconds }

  /// The time from `b` to `a`.
  @inlinable
  public static func - (a: MonotonicInstant, b: MonotonicInstant) -> Duration {
    .nanoseconds(a.nanoseconds - b.nanoseconds)
  }

  /// The instant that lies `duration` after `a`; stays at the end of the range instead of overflowing.
  @inlinable
  public static func + (a: MonotonicInstant, duration: Duration) -> MonotonicInstant {
    let (sum, overflow) = a.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
    return MonotonicInstant(nanoseconds: overflow ? .max : sum)
  }
}

extension Duration {
  /// The duration in whole nanoseconds, at most `Int64.max` (292 years).
  @inlinable
  public var wholeNanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflowOfSum) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
    return overflow || overflowOfSum ? (seconds < 0 ? .min : .max) : sum
  }
}

/// The instant at which a wait ends without its event, or never. Every wait takes one.
public struct Deadline: Hashable, Comparable, Sendable {
  /// Nanoseconds of the monotonic clock; `Int64.max` for never.
  public var nanoseconds: Int64

  /// No limit. Only for waits that something else is sure to end.
  public static let never = Deadline(nanoseconds: .max)

  /// Makes a deadline from nanoseconds of the monotonic clock.
  @inlinable
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// The deadline at an instant.
  @inlinable
  public static func at(_ instant: MonotonicInstant) -> Deadline {
    Deadline(nanoseconds: instant.nanoseconds)
  }

  /// The deadline that lies `duration` after now (one clock reading) or after `start`.
  public static func after(_ duration: Duration, from start: MonotonicInstant? = nil) -> Deadline {
    .at((start ?? .now()) + duration)
  }

  /// The instant, or nil for never.
  @inlinable
  public var instant: MonotonicInstant? {
    nanoseconds == .max ? nil : MonotonicInstant(nanoseconds: nanoseconds)
  }

  /// Whether the deadline lies at or before `instant`.
  @inlinable
  public func hasPassed(at instant: MonotonicInstant) -> Bool { nanoseconds <= instant.nanoseconds }

  /// Orders by time; never comes last.
  @inlinable
  public static func < (a: Deadline, b: Deadline) -> Bool { a.nanoseconds < b.nanoseconds }
}
