import Scenarios
import Steps
import Traces

/// What the client costs the board: heap, and the time that it keeps others from running. Rules of our own; their limits are
/// ``ResourceLimits``.
///
/// Nothing here depends on how busy the host is: what the heap holds does not, and of the gaps only the shortest of several
/// repeats counts, which no load of the host makes long each time.
extension Rule {
  static let resources: [Rule] = [
    Rule(
      "memory-leak", .resources, rfc: "", .quality, "An exchange that is repeated keeps no memory each time."
    ) {
      $0.leakFindings
    },
    Rule(
      "memory-returned", .resources, rfc: "", .quality, "After a case hardly less heap is free than before."
    ) {
      $0.keptMemoryFindings
    },
    Rule(
      "memory-whole", .resources, rfc: "", .quality,
      "After a case the largest free block is not much smaller than before."
    ) {
      $0.fragmentedMemoryFindings
    },
    Rule("memory-thrifty", .resources, rfc: "", .quality, "A message is not copied over and over.") {
      $0.allocationFindings
    },
    Rule(
      "memory-checked", .resources, rfc: "10.4", .quality,
      "What is too large is refused before memory runs out."
    ) {
      $0.memoryErrorFindings
    },
    Rule("loop-kept-free", .resources, rfc: "", .quality, "The client lets other tasks run.") {
      $0.gapFindings
    },
  ]
}

extension RuleContext {
  /// Whether this is the connection on which what concerns the whole attempt is told.
  private var speaksForAttempt: Bool { scenario.server.connections.first?.name == name }

  /// What was measured, in order; empty on all connections but one, so that it is judged once.
  private var measurements: [ClientEvent.Measurement] {
    guard speaksForAttempt else { return [] }
    return attempt.client.events.compactMap { event in
      if case .measured(let measurement) = event.kind { measurement } else { nil }
    }
  }

  /// A slope over fewer points would be chance. The first measurement is none of them: until then caches fill.
  private static let leastPoints = 5

  fileprivate var leakFindings: [Finding] {
    let free = measurements.compactMap(\.heapFree).dropFirst().map(Double.init)
    guard free.count >= Self.leastPoints else { return [] }
    // What is kept once or twice, as by a buffer that grows, tilts the line, but most repeats then keep nothing.
    let steps = zip(free, free.dropFirst()).map { $0 - $1 }
    let kept = min(-MedianSlope.of(free), MedianSlope.median(steps))
    guard kept > Double(limits.leakBytes) else { return [] }
    return [
      Finding(
        "The client kept about \(Words.bytes(Int(kept.rounded()))) of heap at each of \(free.count) repeats; the limit is"
          + " \(limits.leakBytes).")
    ]
  }

  fileprivate var keptMemoryFindings: [Finding] {
    guard !measurements.isEmpty, !isHung, let before = attempt.client.heapFreeBefore,
      let after = attempt.client.heapFreeAfter, before - after > limits.keptBytes
    else { return [] }
    return [
      Finding(
        "After the case \(Words.bytes(before - after)) less heap were free than before it; the limit is \(limits.keptBytes)."
      )
    ]
  }

  fileprivate var fragmentedMemoryFindings: [Finding] {
    guard !measurements.isEmpty, !isHung, let before = attempt.client.largestFreeBlockBefore,
      let after = attempt.client.largestFreeBlockAfter
    else { return [] }
    guard (before - after) * 100 > before * limits.blockPercent else { return [] }
    return [
      Finding(
        "The largest free block of the heap had \(Words.bytes(before)) before the case and \(after) after it; it may be at"
          + " most \(limits.blockPercent) percent smaller.")
    ]
  }

  fileprivate var gapFindings: [Finding] {
    // Until the first measurement the case is under way for other reasons; each later one ends a repeat.
    let gaps = measurements.dropFirst().compactMap(\.longestGapMicroseconds)
    guard gaps.count >= 3, let shortest = gaps.min(), shortest > limits.gapMilliseconds * 1000 else {
      return []
    }
    return [
      Finding(
        "In each of \(gaps.count) repeats the client let no other task run for at least \(shortest / 1000) ms; the limit is"
          + " \(limits.gapMilliseconds) ms.")
    ]
  }

  fileprivate var memoryErrorFindings: [Finding] {
    guard let failure = application.failures.first(where: { $0.exception.type == "MemoryError" }) else {
      return []
    }
    let announced = server.longestAnnounced
    return [
      Finding(
        "The client threw \(Words.exception(failure.exception)) on a connection on which \(announced) bytes were the longest"
          + " announced; what is too large is to be refused with 1009 before memory runs out.")
    ]
  }
}

// MARK: what is allocated

extension RuleContext {
  /// What was allocated from one measurement to the next, and what the application got and sent meanwhile.
  private struct Allocation {
    var bytes: Int
    var messageBytes = 0
    var events = 0
    var connections = 0

    func excess(over limits: ResourceLimits) -> Int {
      bytes - messageBytes * limits.allocationFactor - (events + 1) * limits.eventBytes
        - connections * limits.connectionBytes
    }
  }

  private var allocations: [Allocation] {
    guard speaksForAttempt else { return [] }
    var all: [Allocation] = []
    var current = Allocation(bytes: 0)
    for event in attempt.client.events {
      switch event.kind {
      case .measured(let measurement):
        if let allocated = measurement.allocated {
          current.bytes = allocated
          all.append(current)
        }
        current = Allocation(bytes: 0)
      case .message(let digest), .sent(let digest):
        current.messageBytes += digest.length
        current.events += 1
      case .connected, .connectFailed: current.connections += 1
      default: current.events += 1
      }
    }
    return all
  }

  /// The thriftiest repeat counts: what only one of them took has another cause.
  fileprivate var allocationFindings: [Finding] {
    guard let best = allocations.min(by: { $0.excess(over: limits) < $1.excess(over: limits) }),
      best.excess(over: limits) > 0
    else { return [] }
    return [
      Finding(
        "For \(best.events) events with \(Words.bytes(best.messageBytes)) of messages the client allocated \(best.bytes);"
          + " the limit is \(limits.allocationFactor) for each byte, \(limits.eventBytes) for each event and"
          + " \(limits.connectionBytes) for each connection.")
    ]
  }
}

/// A line through points that a few outliers cannot tilt (Theil and Sen).
enum MedianSlope {
  /// The median of the slopes between all pairs of points at 0, 1, 2...; 0 for fewer than two.
  static func of(_ values: [Double]) -> Double {
    median(
      values.indices.flatMap { later in
        values.indices[..<later].map { earlier in (values[later] - values[earlier]) / Double(later - earlier)
        }
      })
  }

  /// The value in the middle, or between the two that are; 0 for none.
  static func median(_ values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }
}
