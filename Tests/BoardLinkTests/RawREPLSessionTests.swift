import BoardLink
import Foundation
import PosixIO
import RawREPL
import Testing

@Suite("Raw REPL session with scripted boards", .timeLimit(.minutes(1)))
struct RawREPLSessionTests {
  @Test("without raw-paste a long source goes out in paced chunks, and only the first execution asks for it")
  func plainFallback() async throws {
    try await withBoard(OldBoard()) { session, board in
      try await session.resynchronise(attempt: .seconds(5), deadline: .after(.seconds(10)))
      let source = "print('" + String(repeating: "a", count: 2000) + "')"
      let start = MonotonicInstant.now()
      let output = try await session.execute(source, deadline: .after(.seconds(10)))
      #expect(output.text == String(repeating: "a", count: 2000) + "\n")
      // 2,009 bytes are 8 chunks, between which the pause is kept.
      #expect(MonotonicInstant.now() - start >= RawREPLMachine.plainChunkPause * 7)
      #expect(board.requestsForRawPaste.value.count == 1)
    }
  }

  @Test(
    "a board that begins anew while its prompt is looked for is waited for, not made to begin anew once more")
  func restartingBoard() async throws {
    let attempt = Duration.milliseconds(60)
    let board = OldBoard(restart: attempt * 5)
    try await withBoard(board) { session, board in
      try await session.resynchronise(attempt: attempt, deadline: .after(.seconds(20)))
      #expect(board.restarts.value.count == 1)
    }
  }

  @Test("a board that says nothing costs three attempts, and the failure names what was awaited")
  func silentBoard() async throws {
    let terminal = try PseudoTerminal(on: .shared)
    let link = TTYLink(path: terminal.path, on: .shared)
    try await link.open(deadline: .after(.seconds(1)))
    let session = RawREPLSession(link: link, on: .shared)
    let start = MonotonicInstant.now()
    let failure = await #expect(throws: BoardFailure.self) {
      try await session.resynchronise(attempt: .milliseconds(30), deadline: .after(.seconds(10)))
    }
    #expect(failure?.cause == .timedOut("the raw REPL's prompt; it sent nothing"))
    #expect(MonotonicInstant.now() - start < .seconds(2))
    await link.close()
  }

  private func withBoard(
    _ board: OldBoard, _ body: (RawREPLSession, OldBoard) async throws -> Void
  ) async throws {
    let terminal = try PseudoTerminal(on: .shared)
    let channel = terminal.controller
    let answering = Task { try await board.answer(on: channel) }
    let link = TTYLink(path: terminal.path, on: .shared)
    try await link.open(deadline: .after(.seconds(1)))
    try await body(RawREPLSession(link: link, on: .shared), board)
    answering.cancel()
    await link.close()
  }
}

/// A board whose raw-paste is switched off, and whose only program is `print('TEXT')`.
private struct OldBoard: Sendable {
  let requestsForRawPaste = LockedBytes()
  /// How long it takes to begin anew. Where it does, it does not hear what is said before the first Ctrl-D.
  var restart = Duration.zero
  let restarts = LockedBytes()

  func answer(on channel: ByteChannel) async throws {
    var line: [UInt8] = []
    while true {
      for byte in try await channel.read(deadline: .after(.seconds(20))) {
        if restart > .zero, restarts.value.isEmpty {
          if byte == ControlCode.endOfData { try await begin(anewOn: channel) }
          continue
        }
        line.append(byte)
        guard let answer = answer(to: &line) else { continue }
        try await channel.write([UInt8](answer.utf8), deadline: .after(.seconds(5)))
      }
    }
  }

  private func begin(anewOn channel: ByteChannel) async throws {
    restarts.append([1])
    try await channel.write([UInt8]("\r\nMPY: soft reboot\r\n".utf8), deadline: .after(.seconds(5)))
    try await channel.loop.pause(until: .after(restart))
  }

  private func answer(to line: inout [UInt8]) -> String? {
    if line.suffix(3) == [ControlCode.enterPasteMode, 0x41, ControlCode.enterRawREPL] {
      line = []
      requestsForRawPaste.append([1])
      return "R\u{0}"
    }
    switch line.last {
    case ControlCode.enterFriendlyREPL:
      line = []
      return "\r\n>>> "
    case ControlCode.enterRawREPL:
      line = []
      return "\r\nraw REPL; CTRL-B to exit\r\n>"
    case ControlCode.endOfData:
      defer { line = [] }
      let text = String(decoding: line.dropLast(), as: UTF8.self)
      return "OK\(text.dropFirst("print('".count).dropLast(2))\r\n\u{4}\u{4}>"
    default: return nil
    }
  }
}
