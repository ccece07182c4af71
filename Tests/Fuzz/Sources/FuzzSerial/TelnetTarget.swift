import FuzzSupport

@testable import BoardLinkParsers

/// A serial line over the network (Telnet, RFC 2217): whatever the server sends, nothing traps, nothing depends on the cuts, and what goes
/// out is read again as what was meant.
enum TelnetTarget: FuzzTarget {
  static func run(_ input: FuzzInput) {
    stream(input)
    line(input)
    conversation(input)
  }

  /// The stream alone, whole and in chunks, and the payload as data that comes back.
  private static func stream(_ input: FuzzInput) {
    var (whole, cut) = (TelnetStream(), TelnetStream())
    let expected = whole.receive(input.payload)
    var (data, commands): ([UInt8], [TelnetStream.Command]) = ([], [])
    input.forEachChunk { _, chunk in
      let received = cut.receive([UInt8](chunk))
      data += received.data
      commands += received.commands
    }
    precondition(expected.data == data, "the data depends on the cuts")
    precondition(expected.commands == commands, "the commands depend on the cuts")
    precondition(whole == cut, "the state depends on the cuts")
    precondition(data.count + commands.count <= input.payload.count, "more came out than went in")
    for case .subnegotiation(let content) in commands {
      precondition((1...TelnetStream.subnegotiationLimitBytes).contains(content.count))
    }
    var reader = TelnetStream()
    let again = reader.receive(Telnet.escaped(input.payload))
    precondition(again.data == input.payload && again.commands.isEmpty, "escaped data is read otherwise")
  }

  /// The line's control, whole and in chunks.
  private static func line(_ input: FuzzInput) {
    var (whole, cut) = (ComPortMachine(), ComPortMachine())
    let expected = whole.receive(input.payload)
    var data: [UInt8] = []
    input.forEachChunk { _, chunk in data += cut.receive([UInt8](chunk)) }
    precondition(expected == data, "the data depends on the cuts")
    precondition(whole == cut, "state or answers depend on the cuts")
  }

  /// Calls between the chunks: what goes out is the data that was sent, and commands that a server understands.
  private static func conversation(_ input: FuzzInput) {
    var machine = ComPortMachine()
    var (sent, output): ([UInt8], [UInt8]) = ([], [])
    input.forEachChunk { code, chunk in
      if code & 1 != 0 {
        machine.send([UInt8](chunk))
        sent += chunk
      }
      if code & 2 != 0 { machine.release() }
      if code & 4 != 0 { output += machine.takeOutput() }
      _ = machine.receive([UInt8](chunk))
    }
    output += machine.takeOutput()
    var server = TelnetStream()
    let (data, commands) = server.receive(output)
    precondition(data == sent, "the server reads other data")
    for case .subnegotiation(let content) in commands {
      precondition(content.count >= 3 && content[0] == 44 && (1...5).contains(content[1]), "no setting")
    }
  }
}
