import FuzzSupport
import RawREPL

/// The raw REPL's machine: whatever a board sends and whenever the host calls, it does not trap, what it says does not depend on how
/// the bytes were cut, and no byte of a running program is lost.
enum RawREPLTarget: FuzzTarget {
  static func run(_ input: FuzzInput) {
    conversation(input)
    comparison(input)
  }

  /// The host's calls between the chunks.
  private static func conversation(_ input: FuzzInput) {
    var machine = RawREPLMachine(allowsRawPaste: input.codes.first.map { $0 & 1 == 0 } ?? true)
    machine.resynchronise()
    input.forEachChunk { code, chunk in
      call(code & 7, &machine)
      machine.receive(chunk)
      _ = machine.takeEvents()
      _ = machine.takeOutput()
      _ = machine.outputPause
    }
    machine.receiveEnd()
    precondition(machine.takeEvents().last == .ended)
    machine.receive([0x3E])
    precondition(!machine.isReady)
  }

  private static func call(_ code: UInt8, _ machine: inout RawREPLMachine) {
    switch code {
    case 1: try? machine.execute([UInt8]("print(1)".utf8))
    case 2: try? machine.execute([UInt8](repeating: 0x61, count: 300))
    case 3: machine.interrupt()
    case 4: try? machine.softReset()
    case 5: machine.deadlinePassed()
    case 6: machine.resynchronise()
    case 7: machine.type([0x0A])
    default: break
    }
  }

  /// The same bytes whole and in chunks, from the prompt through an execution to the next prompt.
  private static func comparison(_ input: FuzzInput) {
    var whole = ready()
    var cut = whole
    whole.receive(input.payload)
    var events: [RawREPLEvent] = []
    input.forEachChunk { _, chunk in
      cut.receive(chunk)
      events += cut.takeEvents()
    }
    precondition(joined(whole.takeEvents()) == joined(events), "the events depend on the cuts")
    precondition(whole.takeOutput() == cut.takeOutput(), "the answers depend on the cuts")
    precondition(whole.stateDescription == cut.stateDescription, "the state depends on the cuts")
  }

  /// A machine at its prompt that has been told to execute something.
  private static func ready() -> RawREPLMachine {
    var machine = RawREPLMachine()
    machine.resynchronise()
    machine.receive([UInt8](">>> raw REPL; CTRL-B to exit\r\n>".utf8))
    precondition(machine.isReady)
    try? machine.execute([UInt8]("print('a source text of some length')".utf8))
    _ = machine.takeEvents()
    _ = machine.takeOutput()
    return machine
  }

  /// Output in as few pieces as possible. Foreign bytes are left out: when they are let go is no promise.
  private static func joined(_ events: [RawREPLEvent]) -> [RawREPLEvent] {
    var result: [RawREPLEvent] = []
    for event in events {
      switch (result.last, event) {
      case (.standardOutput(let first), .standardOutput(let second)):
        result[result.count - 1] = .standardOutput(first + second)
      case (_, .foreignOutput): break
      default: result.append(event)
      }
    }
    return result
  }
}
