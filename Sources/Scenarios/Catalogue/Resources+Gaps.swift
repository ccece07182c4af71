import Steps
import WebSocketProtocol

/// How long the client keeps other tasks from running. Each exchange comes three times, and the shortest of the three longest gaps
/// counts: a busy host makes one of them long, a client that blocks all of them.
extension Catalogue {
  /// Longer than the limit, and long enough to be no accident.
  private static let wait = ServerStep.pause(milliseconds: 75)

  /// A lawful head without the line that ends it.
  private static let unfinishedHead = [
    "HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
    "Sec-WebSocket-Accept: {accept}",
  ].map { $0 + "\r\n" }.joined()

  @ListBuilder<Scenario> static var gaps: [Scenario] {
    let waits = "Lets other tasks run while it waits."
    cost(
      "gap-silence", "6.2", "Says nothing for 75 ms before each of three messages.", waits, repeats: 3,
      each: [.echo(count: 1)]
    ) { _ in [wait] + echo("after the silence") }
    cost(
      "gap-half-frame", "5.2", "Sends half a frame and the rest 75 ms later, three times.", waits,
      repeats: 3,
      each: [.echo(count: 1)]
    ) { _ in [.sendBytes([0x81, 0x04, 0x68]), wait, .sendBytes("alf"), .expectText("half")] }
    cost(
      "gap-half-header", "5.2",
      "Sends one byte of a header and the rest of the frame 75 ms later, three times.", waits,
      repeats: 3, each: [.echo(count: 1)]
    ) { _ in [.sendBytes([0x82]), wait, .sendBytes([0x01, 0x2A]), .expectBinary([0x2A])] }
    cost(
      "gap-backpressure", "6.1", "Does not read for 75 ms while the client sends 20 KiB, three times.",
      "Lets other tasks run while it waits for room.", repeats: 3,
      each: [.send(kind: .binary, payload: .repeated(unit: [0x5A], count: 20480))]
    ) { _ in [.stopReading, wait, .resumeReading, .expectBinary(.repeated(unit: [0x5A], count: 20480))] }
    costByConnection(
      "gap-opening", "4.1", "Sends the last line of its response after 75 ms, on three connections.",
      "Lets other tasks run while it connects.", repeats: 3, ending: .closingHandshake,
      round: [.respond(.raw(.text(unfinishedHead))), wait, .sendBytes("\r\n")] + echo("hello"))
    costByConnection(
      "gap-closing", "7.1.2", "Answers the client's Close after 75 ms, on three connections.",
      "Lets other tasks run while it closes.", repeats: 3, each: [.close()], ending: .closingHandshake,
      round: [.expectClose, wait])
    let works = "Lets other tasks run between pieces of its work."
    cost(
      "gap-echo-16-kib", "5.3", "Exchanges a binary message of 16 KiB, three times.", works, repeats: 3,
      each: [.echo(count: 1)]
    ) { _ in echo(.repeated(unit: [0x5A], count: 16384), as: .binary) }
    cost(
      "gap-text-16-kib", "8.1", "Exchanges a text message of 16 KiB, three times.", works, repeats: 3,
      each: [.echo(count: 1)]
    ) { _ in echo(.repeated(unit: Array("aé€😀zz".utf8), count: 1365)) }
    cost(
      "gap-flood", "6.2", "Sends thirty messages of 100 bytes without waiting, three times.",
      "Lets other tasks run, although the next message is always there.", repeats: 3,
      each: [.echo(count: 30)],
      deliveries: .unpaused
    ) { _ in
      Array(repeating: .text(.repeated(unit: [0x66], count: 100)), count: 30)
        + Array(repeating: .expectText(.repeated(unit: [0x66], count: 100)), count: 30)
    }
    cost(
      "gap-fragments", "5.4", "Sends a binary message of 8 KiB in 64 fragments, three times.", works,
      repeats: 3,
      each: [.echo(count: 1)], deliveries: .unpaused
    ) { _ in
      let message = Payload.repeated(unit: [0x5A], count: 8192)
      return fragments(of: message.bytes ?? [], .binary, size: 128) + [.expectBinary(message)]
    }
  }
}
