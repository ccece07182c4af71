import CLinux
import Glibc

/// Which instants the kernel tells of a connection.
public enum KernelInstants: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
  /// None: what the process sees has to do.
  case nothing = "none"
  /// When bytes came.
  case received
  /// When bytes came, and when those that were sent left and were acknowledged.
  case receivedAndSent

  /// Orders by how much is told.
  public static func < (a: KernelInstants, b: KernelInstants) -> Bool { a.order < b.order }

  private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// A byte that was sent has come somewhere on its way.
public struct TransmissionStamp: Sendable, Hashable {
  /// Where it can come to.
  public enum Place: Sendable, Hashable {
    /// The driver of the network device.
    case device
    /// The peer, whose TCP has acknowledged it.
    case peer
  }

  /// Where it came to.
  public var place: Place
  /// Which byte it is, and with it all before it: its offset in what was sent since the stamps were asked for, modulo 2³².
  public var byte: UInt32
  /// When.
  public var instant: MonotonicInstant
}

extension TCPSocket {
  /// Asks for stamps of both directions (SO_TIMESTAMPING, software). From then on the kernel tells of the last byte of every call that
  /// sends; as long as something waits to be taken, epoll reports an error. To be called before anything is sent.
  ///
  /// - Returns: What the kernel agrees to. It may refuse the stamps of sending alone (before Linux 4.13, or in a sandbox).
  public borrowing func enableAllKernelInstants() -> KernelInstants {
    if clinux_enable_all_stamps(descriptor.raw) == 0 { return .receivedAndSent }
    return enableKernelInstants() ? .received : .nothing
  }

  /// Takes what the kernel has to tell of bytes that were sent, in order; whatever else is in the error queue is thrown away.
  ///
  /// - Parameter expected: How many stamps there are likely to be: then so many are taken with one call, and epoll tells of the rest. Nil takes
  ///   all.
  public borrowing func takeTransmissions(expecting expected: Int? = nil, _ body: (TransmissionStamp) -> Void)
  {
    let most = Int(clinux_STAMPS_AT_ONCE)
    let wanted = min(expected ?? most, most)
    withUnsafeTemporaryAllocation(of: clinux_stamp.self, capacity: wanted) { stamps in
      guard let base = stamps.baseAddress else { return }
      var count = 0
      repeat {
        count = Int(clinux_take_stamps(descriptor.raw, base, Int32(wanted)))
        guard count > 0 else { return }
        let clocks = ClockOffset.now()
        for stamp in stamps[..<count] {
          guard let place = TransmissionStamp.Place(stamp.kind),
            let instant = clocks.instant(of: stamp.realtime_ns)
          else { continue }
          body(TransmissionStamp(place: place, byte: stamp.byte, instant: instant))
        }
      } while expected == nil && count == wanted
    }
  }

  /// The round trip as TCP has measured it (TCP_INFO); on a connection that was just accepted that of its handshake. Nil where it has
  /// not been measured.
  public borrowing func roundTrip() -> Duration? {
    let microseconds = clinux_tcp_round_trip_us(descriptor.raw)
    return microseconds == 0 ? nil : .microseconds(Int64(microseconds))
  }
}

extension TransmissionStamp.Place {
  fileprivate init?(_ kind: Int32) {
    switch kind {
    case 0: self = .device
    case 1: self = .peer
    default: return nil
    }
  }
}

/// How far the wall clock, whose time the kernel's stamps are, is from the monotonic one: the age of a stamp is the same on both unless the
/// wall clock was just set.
private struct ClockOffset {
  let realtime: Int64
  let monotonic: Int64

  static func now() -> ClockOffset {
    ClockOffset(realtime: clinux_realtime_ns(), monotonic: clinux_monotonic_ns())
  }

  /// Nil where there is no stamp, or it lies in the future.
  func instant(of stamp: Int64) -> MonotonicInstant? {
    stamp > 0 && stamp <= realtime ? MonotonicInstant(nanoseconds: monotonic - (realtime - stamp)) : nil
  }
}

extension MonotonicInstant {
  /// The instant of a stamp of the kernel's.
  init?(realtimeNanoseconds stamp: Int64) {
    guard stamp > 0, let instant = ClockOffset.now().instant(of: stamp) else { return nil }
    self = instant
  }
}
