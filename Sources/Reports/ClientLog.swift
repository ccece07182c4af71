import Traces
import WebSocketProtocol

/// What the client side said of itself, for people: one line for each event.
enum ClientLog {
  static func text(of trace: ClientTrace) -> String {
    var lines = trace.events.map { event in
      let connection = event.connection.map { " \($0)" } ?? ""
      return
        "\(String(event.microseconds).leftPadded(to: 9)) us  \(event.task)[\(event.step)]\(connection)  \(describe(event.kind))"
    }
    lines.append("ending: \(ending(trace.ending))")
    if let before = trace.heapFreeBefore, let after = trace.heapFreeAfter {
      lines.append("heap: \(before) bytes free before, \(after) after")
    }
    if let before = trace.largestFreeBlockBefore, let after = trace.largestFreeBlockAfter {
      lines.append("largest free block: \(before) bytes before, \(after) after")
    }
    if let count = trace.partialWrites, count > 0 {
      lines.append("writes cut by a full send buffer: \(count)")
    }
    if let heartbeat = trace.heartbeat {
      lines.append(
        "heartbeat: \(heartbeat.count) turns of \(heartbeat.periodMicroseconds) us, longest gap "
          + "\(heartbeat.longestGapMicroseconds) us, \(heartbeat.countSinceLastEvent) turns since the last event"
      )
    }
    if !trace.foreignOutput.isEmpty {
      lines += ["", "printed by the client or the board:", trace.foreignOutput]
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func ending(_ ending: ClientTrace.Ending) -> String {
    switch ending {
    case .completed: "completed"
    case .hung(let detail): "hung: \(detail)"
    case .unusable(let detail): "unusable: \(detail)"
    }
  }

  private static func describe(_ kind: ClientEvent.Kind) -> String {
    switch kind {
    case .connected(let subprotocol): "connected" + (subprotocol.map { ", subprotocol \($0)" } ?? "")
    case .connectFailed(let exception): "connect failed: \(describe(exception))"
    case .message(let digest): "received \(describe(digest))"
    case .sent(let digest): "sent \(describe(digest))"
    case .ended(let code, let reason, let wasClean):
      "end of the connection, code \(code.map(String.init) ?? "not told")"
        + (reason.map { ", reason \"\($0)\"" } ?? "")
        + (wasClean.map { $0 ? ", clean" : ", not clean" } ?? "")
    case .closed: "close returned"
    case .pong(let roundTrip): "pong" + (roundTrip.map { " after \($0) us" } ?? "")
    case .exception(let exception): "exception \(describe(exception))"
    case .cancelled: "cancelled"
    case .unsupported(let step): "the adapter cannot do \(step)"
    case .measured(let measurement): describe(measurement)
    }
  }

  private static func describe(_ measurement: ClientEvent.Measurement) -> String {
    let figures = [
      measurement.heapFree.map { "\($0) bytes free" }, measurement.allocated.map { "\($0) bytes allocated" },
      measurement.longestGapMicroseconds.map { "longest gap \($0) us" },
      measurement.busyThousandths.map { "event loop at work for \($0) of 1000 parts of the time" },
    ]
    return "measured: " + figures.compactMap { $0 }.joined(separator: ", ")
  }

  private static func describe(_ exception: ClientException) -> String {
    "\(exception.type): \(exception.message)"
  }

  private static func describe(_ digest: MessageDigest) -> String {
    let kind = digest.isText ? "text" : "binary"
    let head =
      digest.head.isEmpty
      ? "" : ", \(Hexadecimal.text(digest.head.prefix(24)))\(digest.length > 24 ? "..." : "")"
    return "\(kind), \(digest.length) bytes\(head)"
  }
}
