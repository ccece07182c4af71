@testable import BoardLink
import Testing

@Suite("Telnet and RFC 2217")
struct TelnetTests {
  typealias Command = TelnetStream.Command

  /// What a server sends, the data in it, and its commands (RFC 854, RFC 855, RFC 2217).
  struct Vector: Sendable {
    var name: String
    var bytes: [UInt8]
    var data: [UInt8] = []
    var commands: [Command] = []
  }

  static let vectors = [
    Vector(name: "data alone", bytes: [1, 4, 13, 0, 254, 240], data: [1, 4, 13, 0, 254, 240]),
    Vector(name: "255 as data, twice in a row", bytes: [7, 255, 255, 255, 255, 8], data: [7, 255, 255, 8]),
    Vector(
      name: "options between data", bytes: [65, 255, 251, 0, 66, 255, 253, 44, 67],
      data: [65, 66, 67], commands: [.option(verb: 251, option: 0), .option(verb: 253, option: 44)]),
    Vector(
      name: "an option that is 255", bytes: [255, 254, 255, 9], data: [9],
      commands: [.option(verb: 254, option: 255)]),
    Vector(
      name: "a subnegotiation with 255 inside of it",
      bytes: [1, 255, 250, 44, 101, 0, 255, 255, 194, 0, 255, 240, 2],
      data: [1, 2], commands: [.subnegotiation([44, 101, 0, 255, 194, 0])]),
    Vector(
      name: "a SE as data of a subnegotiation", bytes: [255, 250, 44, 240, 255, 240],
      commands: [.subnegotiation([44, 240])]),
    Vector(name: "NOP and go-ahead", bytes: [1, 255, 241, 2, 255, 249, 3], data: [1, 2, 3]),
    Vector(name: "an empty subnegotiation", bytes: [255, 250, 255, 240, 5], data: [5]),
    Vector(name: "a subnegotiation that is broken off", bytes: [255, 250, 44, 255, 241, 5], data: [5]),
    Vector(
      name: "a subnegotiation without measure",
      bytes: [255, 250] + [UInt8](repeating: 44, count: 5000) + [255, 240, 5], data: [5]),
  ]

  @Test("every vector, whole, byte by byte and cut at every place", arguments: vectors)
  func vector(_ vector: Vector) {
    var cuts = [[vector.bytes], vector.bytes.map { [$0] }]
    if vector.bytes.count < 100 {
      cuts += vector.bytes.indices.map { [Array(vector.bytes[..<$0]), Array(vector.bytes[$0...])] }
    }
    for pieces in cuts {
      var stream = TelnetStream()
      var (data, commands): ([UInt8], [Command]) = ([], [])
      for piece in pieces {
        let received = stream.receive(piece)
        data += received.data
        commands += received.commands
      }
      #expect(data == vector.data)
      #expect(commands == vector.commands)
    }
  }

  @Test("what is escaped comes out as it went in, however it is cut")
  func escaping() {
    let all = [UInt8](0...255) + [255, 255, 0, 255]
    let escaped = Telnet.escaped(all)
    #expect(escaped.count == all.count + 4)
    for place in escaped.indices {
      var stream = TelnetStream()
      let data = stream.receive(Array(escaped[..<place])).data + stream.receive(Array(escaped[place...])).data
      #expect(data == all)
    }
  }

  /// The server agrees with every wish.
  static let consents: [UInt8] = [255, 253, 0, 255, 251, 0, 255, 253, 3, 255, 251, 3, 255, 253, 44]
  /// The server's answers to the settings of a terminal without DTR and RTS, as ser2net gives them.
  static let answers: [UInt8] = [
    [105, 1], [101, 0, 1, 194, 0], [102, 8], [103, 1], [104, 1],
  ].flatMap { [255, 250, 44] + $0 + [255, 240] }

  @Test(
    "binary transmission and port control are agreed on, the line is set up, then data flows; cut at every place"
  )
  func opening() {
    let all = Self.consents + Self.answers + [65, 255, 255]
    for place in all.indices {
      var machine = ComPortMachine()
      #expect(machine.takeOutput() == [255, 251, 0, 255, 253, 0, 255, 251, 3, 255, 253, 3, 255, 251, 44])
      let data = machine.receive(Array(all[..<place])) + machine.receive(Array(all[place...]))
      #expect(data == [65, 255])
      #expect(machine.state == .open)
      let settings = machine.takeOutput()
      #expect(settings.starts(with: [255, 250, 44, 5, 8, 255, 240, 255, 250, 44, 5, 11, 255, 240]))
      #expect(settings.suffix(14) == [255, 250, 44, 3, 1, 255, 240, 255, 250, 44, 4, 1, 255, 240])
      #expect(settings.contains([255, 250, 44, 1, 0, 1, 194, 0, 255, 240]))
      machine.send([3, 255, 4])
      machine.release()
      #expect(machine.takeOutput() == [3, 255, 255, 4, 255, 250, 44, 5, 9, 255, 240])
    }
  }

  @Test("without port control, or without binary transmission, the line is refused in words")
  func refusal() {
    var machine = ComPortMachine()
    _ = machine.receive([255, 254, 44])
    #expect(
      machine.state
        == .refused("the server does not offer control of its port (RFC 2217); tcp:HOST:PORT does without"))
    machine = ComPortMachine()
    _ = machine.receive([255, 252, 0])
    #expect(machine.state == .refused("the server refuses binary transmission (RFC 856)"))
    // Going without go-ahead is a matter of taste.
    machine = ComPortMachine()
    _ = machine.receive([255, 254, 3, 255, 252, 3])
    #expect(machine.state == .negotiating)
  }

  @Test(
    "what the server wishes besides is declined once, so that two parties never answer each other for ever")
  func declined() {
    var machine = ComPortMachine()
    _ = machine.takeOutput()
    _ = machine.receive([255, 251, 1, 255, 253, 24, 255, 251, 1, 255, 252, 1, 255, 251, 44])
    #expect(machine.takeOutput() == [255, 254, 1, 255, 252, 24, 255, 254, 44])
  }

  @Test("signatures and notices of the line, the modem and the flow pass unheard")
  func notices() {
    var machine = ComPortMachine()
    _ = machine.receive(Self.consents + Self.answers)
    _ = machine.takeOutput()
    for notice in [[100], [106, 0x60], [107, 0xB0], [108], [109]] as [[UInt8]] {
      #expect(machine.receive([8, 255, 250, 44] + notice + [255, 240, 9]) == [8, 9])
    }
    #expect(machine.state == .open)
    #expect(machine.takeOutput().isEmpty)
  }
}
