import RawREPL
import Testing
import struct WebSocketProtocol.SplitMix64

@Suite("Raw REPL machine, transcripts of real boards' conversations")
struct RawREPLTranscriptTests {
  @Test("a transcript replayed whole gives its events and its bytes", arguments: Transcript.all)
  func replaysWhole(_ transcript: Transcript) throws {
    let replay = try TranscriptReplay.run(transcript) { [$0[...]] }
    #expect(replay.described == transcript.events)
  }

  @Test("the same byte by byte", arguments: Transcript.all)
  func replaysBytewise(_ transcript: Transcript) throws {
    let replay = try TranscriptReplay.run(transcript) { bytes in bytes.indices.map { bytes[$0...$0] } }
    #expect(replay.described == transcript.events)
  }

  @Test("the same cut in two at every place", arguments: Transcript.all)
  func replaysAtEverySplit(_ transcript: Transcript) throws {
    let longest = transcript.steps.map { $0.receive?.unicodeScalars.count ?? 0 }.max() ?? 0
    for split in 0...longest {
      let replay = try TranscriptReplay.run(transcript) { bytes in
        let place = min(split, bytes.count)
        return [bytes[..<place], bytes[place...]]
      }
      #expect(replay.described == transcript.events, "cut after \(split) bytes")
    }
  }
}

@Suite("Raw REPL machine, states and limits")
struct RawREPLMachineTests {
  @Test("a source text before the prompt is an invalid operation")
  func executeBeforePrompt() {
    var machine = RawREPLMachine()
    #expect(throws: InvalidOperation.self) { try machine.execute([0x31]) }
    machine.resynchronise()
    #expect(throws: InvalidOperation.self) { try machine.softReset() }
    #expect(throws: InvalidOperation.self) { try machine.leave() }
  }

  @Test("a source text with 0x03 or 0x04 is refused", arguments: [UInt8(3), 4])
  func controlBytesRefused(_ byte: UInt8) {
    var machine = ready()
    #expect(throws: InvalidOperation.self) { try machine.execute([0x31, byte]) }
    #expect(machine.isReady)
  }

  @Test("no byte leaves beyond the window, whatever the window grants", arguments: [1, 3, 128, 300])
  func windowIsExact(_ increment: Int) throws {
    var machine = ready()
    let source = [UInt8](repeating: 0x23, count: 1000)
    try machine.execute(source)
    _ = machine.takeOutput()
    machine.receive([0x52, 0x01, UInt8(increment & 0xFF), UInt8(increment >> 8)])
    var sent = machine.takeOutput()
    var granted = increment
    while sent.count < source.count {
      #expect(sent.count == granted)
      machine.receive([ControlCode.enterRawREPL])
      granted += increment
      sent += machine.takeOutput()
    }
    #expect(sent == source + [ControlCode.endOfData])
  }

  @Test("the plain raw REPL is paced: 256 bytes, then a pause, the end marker with the last chunk")
  func plainIsPaced() throws {
    var machine = ready(allowsRawPaste: false)
    try machine.execute([UInt8](repeating: 0x23, count: 600))
    var sizes: [Int] = []
    while machine.outputPause != nil { sizes.append(machine.takeOutput().count) }
    #expect(sizes == [256, 256, 89])
  }

  @Test("an empty source text does not become a soft reset in the plain raw REPL")
  func emptyPlainSource() throws {
    var machine = ready(allowsRawPaste: false)
    try machine.execute([])
    #expect(machine.takeOutput() == [0x23, ControlCode.endOfData])
  }

  @Test(
    "a program that prints end markers itself: its output goes on behind them, and its end is found",
    arguments: ["", "Boom: 1\r\n"])
  func printedEndMarkers(_ error: String) throws {
    var machine = ready()
    try machine.execute([0x31])
    machine.receive(
      [0x52, 0x01, 0x80, 0x00, 0x04] + [UInt8]("one\u{4}two\u{4}three\u{4}\(error)\u{4}>".utf8))
    let events = machine.takeEvents()
    #expect(events.last == .finished(errorOutput: [UInt8](error.utf8), didSoftReset: false))
    let output = events.flatMap { if case .standardOutput(let bytes) = $0 { bytes } else { [UInt8]() } }
    #expect(output == [UInt8]("one\u{4}two\u{4}three".utf8))
    #expect(machine.isReady)
  }

  @Test("an endless error section is cut, and its end still found")
  func errorOutputIsBounded() throws {
    var machine = ready()
    try machine.execute([0x31])
    machine.receive([0x52, 0x01, 0x80, 0x00, 0x04, 0x04])
    for _ in 0..<100 { machine.receive([UInt8](repeating: 0x78, count: 4000)) }
    machine.receive([0x04, 0x3E])
    guard case .finished(let error, false) = machine.takeEvents().last else {
      Issue.record("the execution did not finish")
      return
    }
    #expect(error.count == RawREPLMachine.errorOutputLimitBytes)
  }

  @Test("random bytes in any state never trap, and the machine can be resynchronised afterwards")
  func survivesNoise() throws {
    var generator = SplitMix64(seed: 0x5EED)
    for round in 0..<2000 {
      var machine = ready()
      if round % 2 == 0 { try machine.execute([UInt8](repeating: 0x23, count: 700)) }
      let alphabet: [UInt8] = [0, 1, 2, 4, 4, 0x0A, 0x0D, 0x3E, 0x52, 0x80, 0x4F, 0x4B]
      for _ in 0..<50 {
        machine.receive([alphabet.randomElement(using: &generator) ?? 0])
        _ = machine.takeOutput()
      }
      machine.resynchronise()
      machine.receive([UInt8](">>> ".utf8))
      machine.receive([UInt8]("\r\nraw REPL; CTRL-B to exit\r\n>".utf8))
      #expect(machine.isReady)
    }
  }

  /// A machine at the raw prompt.
  private func ready(allowsRawPaste: Bool = true) -> RawREPLMachine {
    var machine = RawREPLMachine(allowsRawPaste: allowsRawPaste)
    machine.resynchronise()
    machine.receive([UInt8](">>> ".utf8))
    machine.receive([UInt8]("\r\nraw REPL; CTRL-B to exit\r\n>".utf8))
    _ = machine.takeOutput()
    _ = machine.takeEvents()
    return machine
  }
}
