import BoardLink
import Foundation
import PosixIO
import RawREPL
import Testing

/// Runs where a board is on USB and nothing depends on it: in the virtual machine of `scripts/usb-vm-check`.
@Suite(
  "USB link", .serialized,
  .enabled(
    if: ProcessInfo.processInfo.environment["WSRIG_USB_BOARD"] != nil,
    "no board on USB to test with: scripts/usb-vm-check brings one"),
  .timeLimit(.minutes(3)))
struct USBLinkTests {
  private typealias USBBench = LocalBench<USBLink>

  /// Long enough for an emulated computer that has other things to do.
  private static var soon: Deadline { .after(.seconds(60)) }

  private static func run(_ body: (LocalBench<USBLink>) async throws -> Void) async throws {
    try await USBBench.run(USBBench { USBLink(name: nil, on: $0) }, body)
  }

  @Test("sources and outputs of every size around packets and windows come through whole")
  func sizes() async throws {
    try await Self.run { bench in
      for size in [63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 4096] {
        let start = "import sys; sys.stdout.write('x' * \(size))#"
        let source = start + String(repeating: "y", count: max(0, size - start.utf8.count))
        let output = try await bench.board.execute(source, deadline: Self.soon)
        #expect(output.errorOutput.isEmpty)
        #expect(output.standardOutput == [UInt8](repeating: UInt8(ascii: "x"), count: size), "\(size) bytes")
      }
    }
  }

  @Test(
    "who does not read makes the board wait, and then drop what it has; what came before that is kept whole")
  func flowControl() async throws {
    try await Self.run { bench in
      let lines = 100_000
      let source = "import sys\nfor n in range(\(lines)): sys.stdout.write('%015d;' % n)\n\u{4}"
      try await bench.link.write([UInt8](source.utf8), deadline: Self.soon)
      // Without a bound more would come meanwhile than the link keeps, and the oldest would be gone.
      try await bench.loop.pause(until: .after(.seconds(15)))
      var received: [UInt8] = []
      while !received.suffix(3).elementsEqual([4, 4, UInt8(ascii: ">")]) {
        received += try await bench.link.read(deadline: Self.soon)
      }
      let text = String(decoding: received, as: UTF8.self)
      let numbers = text.dropFirst(2).split(separator: ";").map { Int($0) }
      let kept = zip(numbers, 0..<lines).prefix { $0 == $1 }.count
      #expect(text.hasPrefix("OK"))
      #expect(kept >= 256 * 1024 / 16, "only \(kept) numbers of 16 bytes came before the first gap")
      let output = try await bench.board.execute("print(1)", deadline: Self.soon)
      #expect(output.text == "1\n")
    }
  }

  @Test("a read ends with its task, and at its deadline, and loses nothing")
  func cancellation() async throws {
    try await Self.run { bench in
      let link = bench.link
      let task = Task { try await link.read(deadline: Self.soon) }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      let failure = await #expect(throws: BoardFailure.self) {
        try await link.read(deadline: .after(.milliseconds(20)))
      }
      #expect(failure?.cause == .timedOut("bytes"))
      let output = try await bench.board.execute("print(1)", deadline: Self.soon)
      #expect(output.text == "1\n")
    }
  }

  @Test("a board that is open is busy for another link, and free again afterwards")
  func busy() async throws {
    try await Self.run { bench in
      let other = USBLink(name: nil, on: bench.loop)
      let failure = await #expect(throws: BoardFailure.self) { try await other.open(deadline: Self.soon) }
      if case .busy = failure?.cause {} else { Issue.record("\(String(describing: failure))") }
      await other.close()
      await bench.board.detach()
      try await bench.board.attach()
    }
  }

  @Test("opened and closed again and again, it leaves no descriptor behind")
  func reopening() async throws {
    try await Self.run { bench in
      var counts: [Int] = []
      for _ in 0..<5 {
        await bench.board.detach()
        counts.append(try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count)
        try await bench.board.attach()
      }
      #expect(Set(counts).count == 1, "\(counts)")
    }
  }

  @Test("a hard reset takes the board from the bus and finds it again, with a new heap")
  func hardReset() async throws {
    try await Self.run { bench in
      _ = try await bench.board.execute("kept = 1", deadline: Self.soon)
      try await bench.board.hardReset()
      let output = try await bench.board.execute("print('kept' in globals())", deadline: Self.soon)
      #expect(output.text == "False\n")
    }
  }
}
