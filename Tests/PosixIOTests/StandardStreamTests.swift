import Glibc
import Synchronization
import Testing

@testable import PosixIO

@Suite("Standard streams", .timeLimit(.minutes(1)))
struct StandardStreamTests {
  @Test("A pipe is no terminal and has no width; all bytes go through it, also where it does not block")
  func writesAll() throws {
    let pipe = try Pipe()
    pipe.writeEnd.setNonBlocking()
    let stream = StandardStream(descriptor: pipe.writeEnd.raw)
    #expect(!stream.isTerminal)
    #expect(stream.columns == nil)
    // More than a pipe holds: the writer has to wait for the reader.
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
    let end = pipe.readEnd.raw
    let all = Mutex<[UInt8]>([])
    let isRead = ThreadGate()
    startThread(named: "reader") {
      var buffer = [UInt8](repeating: 0, count: 4096)
      var left = 300_000
      while left > 0 {
        let count = Glibc.read(end, &buffer, min(left, buffer.count))
        guard count > 0 else { break }
        all.withLock { $0 += buffer.prefix(count) }
        left -= count
      }
      isRead.open()
    }
    #expect(stream.write(bytes, deadline: .after(.seconds(20))) == .written)
    isRead.wait()
    #expect(all.withLock { $0 } == bytes)
    #expect(stream.write(bytes, deadline: .after(.milliseconds(20))) == .failed(.timedOut))
  }

  @Test("A reader that has gone is an outcome, not a signal")
  func readerGone() throws {
    var pipe = try Pipe()
    pipe.readEnd.close()
    let stream = StandardStream(descriptor: pipe.writeEnd.raw)
    #expect(stream.write([1]) == .readerGone)
    #expect(stream.write([1]) == .readerGone)
    pipe.writeEnd.close()
  }

  @Test("A terminal says that it is one, and how wide")
  func terminal() throws {
    let loop = try EventLoop(name: "test").start()
    var terminal = try PseudoTerminal(on: loop)
    let end = try OwnedDescriptor.open(path: terminal.path, flags: O_RDWR | O_NOCTTY)
    let stream = StandardStream(descriptor: end.raw)
    #expect(stream.isTerminal)
    #expect(stream.columns == nil)
    var size = winsize(ws_row: 24, ws_col: 132, ws_xpixel: 0, ws_ypixel: 0)
    #expect(ioctl(end.raw, UInt(TIOCSWINSZ), &size) == 0)
    #expect(stream.columns == 132)
    terminal.close()
    loop.stopAndWait()
  }
}
