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

  /// The round trip as TCP has measured it, and how many bytes the peer takes without acknowledging any of them (TCP_INFO); on a
  /// connection that was just accepted those of its handshake. Nil where there is no telling.
  public borrowing func peerState() -> (roundTrip: Duration?, window: Int?) {
    let state = clinux_tcp_state(descriptor.raw)
    return (
      state.round_trip_us == 0 ? nil : .microseconds(Int64(state.round_trip_us)),
      state.window == 0 ? nil : Int(state.window)
    )
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

  /// Reads both clocks, again where something came in between: what is between the two readings is in every instant made of them.
  static func now() -> ClockOffset {
    var best = ClockOffset(realtime: 0, monotonic: 0)
    var gap = Int64.max
    for _ in 0..<mostReadings {
      let before = clinux_monotonic_ns()
      let realtime = clinux_realtime_ns()
      let after = clinux_monotonic_ns()
      if after - before < gap {
        gap = after - before
        best = ClockOffset(realtime: realtime, monotonic: before + gap / 2)
      }
      if gap <= usualGap { break }
    }
    return best
  }

  private static let mostReadings = 4
  /// Three readings one after the other take so long at the most where nothing comes in between, in nanoseconds.
  private static let usualGap = Int64(2_000)

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
