import Glibc
import Testing

@testable import PosixIO

@Suite("TCP", .timeLimit(.minutes(1)))
struct TCPTests {
  static let soon = Duration.seconds(5)

  @Test("Bytes go to and fro", arguments: [SocketAddress.loopbackV4(port: 0), .loopbackV6(port: 0)])
  func bytesGoToAndFro(address: SocketAddress) async throws {
    let loop = try EventLoop(name: "test").start()
    try await loop.run {
      let accepted = Accepted()
      let listener = try TCPListener(on: loop, address) { socket, _ in accepted.take(socket) }
      #expect(listener.address.port != 0)
      let client = try await TCPSocket.connect(to: listener.address, on: loop, deadline: .after(Self.soon))
      let server = await accepted.next()
      #expect(client.send([1, 2, 3]) == 3)
      #expect(try await server.socket.receive(on: loop) == [1, 2, 3])
      client.endSending()
      #expect(try await server.socket.receive(on: loop) == [])
      #expect(server.socket.localAddress() == listener.address)
      listener.close()
    }
    loop.stopAndWait()
  }

  @Test("A reset reaches the peer as one, a close as an end of stream", arguments: [true, false])
  func resetAndEnd(resets: Bool) async throws {
    let loop = try EventLoop(name: "test").start()
    try await loop.run {
      let accepted = Accepted()
      let listener = try TCPListener(on: loop, .loopbackV4(port: 0)) { socket, _ in accepted.take(socket) }
      let client = try await TCPSocket.connect(to: listener.address, on: loop, deadline: .after(Self.soon))
      let server = await accepted.next()
      if resets { server.socket.reset() } else { server.socket.close() }
      #expect(try await loop.waitUntil(.readable, client.descriptor, deadline: .after(Self.soon)))
      var byte: UInt8 = 0
      let transfer = withUnsafeMutableBytes(of: &byte) { client.receive(into: $0) }
      #expect(transfer == (resets ? .failed(.connectionReset) : .end))
      listener.close()
    }
    loop.stopAndWait()
  }

  @Test("A port in use is refused with a sentence that says so")
  func portInUse() async throws {
    let loop = try EventLoop(name: "test").start()
    try await loop.run {
      let listener = try TCPListener(on: loop, .loopbackV4(port: 0)) { _, _ in }
      let error = #expect(throws: PosixError.self) {
        _ = try TCPListener(on: loop, listener.address) { _, _ in }
      }
      #expect(
        error?.description
          == "could not listen on \(listener.address): another process already uses this port")
      listener.close()
    }
    loop.stopAndWait()
  }

  @Test("Listening on IPv4 and IPv6 uses one port number")
  func onePortOnBothFamilies() async throws {
    let loop = try EventLoop(name: "test").start()
    try await loop.run {
      let listeners = try TCPListener.listenOnAll(
        on: loop, [.loopbackV4(port: 0), .loopbackV6(port: 0)]
      ) { _, _ in }
      #expect(Set(listeners.map(\.address.port)).count == 1)
      for listener in listeners { listener.close() }
    }
    loop.stopAndWait()
  }

  @Test("Connecting where nobody listens is refused")
  func connectionRefused() async throws {
    let loop = try EventLoop(name: "test").start()
    try await loop.run {
      let listener = try TCPListener(on: loop, .loopbackV4(port: 0)) { _, _ in }
      let address = listener.address
      listener.close()
      do {
        _ = try await TCPSocket.connect(to: address, on: loop, deadline: .after(Self.soon))
        Issue.record("connected to a closed port")
      } catch let error as PosixError {
        #expect(error.number == .connectionRefused)
        #expect(error.description == "could not connect to \(address): nothing listens there")
      }
    }
    loop.stopAndWait()
  }

  @Test("Waiting for a descriptor ends at its deadline, and at once when the task is cancelled")
  func waitsEnd() async throws {
    let loop = try EventLoop(name: "test").start()
    try await loop.run {
      let accepted = Accepted()
      let listener = try TCPListener(on: loop, .loopbackV4(port: 0)) { socket, _ in accepted.take(socket) }
      let client = try await TCPSocket.connect(to: listener.address, on: loop, deadline: .after(Self.soon))
      let ready = try await loop.waitUntil(.readable, client.descriptor, deadline: .after(.milliseconds(5)))
      #expect(!ready)
      let task = Task(executorPreference: loop) {
        let server = await accepted.next()
        return try await loop.waitUntil(.readable, server.socket.descriptor, deadline: .never)
      }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      listener.close()
    }
    loop.stopAndWait()
  }

  @Test("The kernel's receive instants lie between the send and the read")
  func kernelInstants() async throws {
    let loop = try EventLoop(name: "test").start()
    try await loop.run {
      let accepted = Accepted()
      let listener = try TCPListener(on: loop, .loopbackV4(port: 0)) { socket, _ in accepted.take(socket) }
      let client = try await TCPSocket.connect(to: listener.address, on: loop, deadline: .after(Self.soon))
      let server = await accepted.next()
      guard server.socket.enableKernelInstants() else { return }
      let before = MonotonicInstant.now()
      #expect(client.send([7]) == 1)
      #expect(try await loop.waitUntil(.readable, server.socket.descriptor, deadline: .after(Self.soon)))
      var instant: MonotonicInstant?
      var byte: UInt8 = 0
      _ = withUnsafeMutableBytes(of: &byte) { server.socket.receive(into: $0, kernelInstant: &instant) }
      let after = MonotonicInstant.now()
      // Converting between the clocks may be off by the time between their two readings.
      let slack = Duration.microseconds(200)
      if let instant { #expect(instant + slack > before && instant < after + slack) }
      listener.close()
    }
    loop.stopAndWait()
  }

  @Test("What stands in the error queue is reported as an error until it is thrown away")
  func errorQueue() async throws {
    let loop = try EventLoop(name: "test").start()
    try await loop.run {
      let accepted = Accepted()
      let listener = try TCPListener(on: loop, .loopbackV4(port: 0)) { socket, _ in accepted.take(socket) }
      let client = try await TCPSocket.connect(to: listener.address, on: loop, deadline: .after(Self.soon))
      let server = await accepted.next()
      // Transmit stamps (SOF_TIMESTAMPING_TX_SOFTWARE and SOF_TIMESTAMPING_SOFTWARE) go to the error queue.
      server.socket.setFlag(SOL_SOCKET, SO_TIMESTAMPING, 1 << 1 | 1 << 4)
      for _ in 0..<3 { #expect(server.socket.send([7]) == 1) }
      #expect(try await loop.waitUntil(.readable, server.socket.descriptor, deadline: .after(Self.soon)))
      server.socket.discardErrorQueue()
      let again = try await loop.waitUntil(
        .readable, server.socket.descriptor, deadline: .after(.milliseconds(20)))
      #expect(!again)
      withExtendedLifetime(client) {}
      listener.close()
    }
    loop.stopAndWait()
  }

  @Test("The kernel tells of the last byte of every send: the device got it, the peer acknowledged it")
  func transmissions() async throws {
    let loop = try EventLoop(name: "test").start()
    try await loop.run {
      let accepted = Accepted()
      let listener = try TCPListener(on: loop, .loopbackV4(port: 0)) { socket, _ in accepted.take(socket) }
      let client = try await TCPSocket.connect(to: listener.address, on: loop, deadline: .after(Self.soon))
      let server = await accepted.next()
      let told = server.socket.enableAllKernelInstants()
      // A sandbox may keep them from us: then it says so.
      guard told == .receivedAndSent else { return listener.close() }
      let before = MonotonicInstant.now()
      #expect(server.socket.send([1, 2, 3]) == 3 && server.socket.send([4, 5, 6, 7, 8]) == 5)
      var stamps: [TransmissionStamp] = []
      let deadline = Deadline.after(Self.soon)
      while !stamps.contains(where: { $0.place == .peer && $0.byte == 7 }) {
        guard try await loop.waitUntil(.readable, server.socket.descriptor, deadline: deadline) else { break }
        server.socket.takeTransmissions { stamps.append($0) }
      }
      let after = MonotonicInstant.now()
      let slack = Duration.microseconds(200)
      for byte in [UInt32(2), 7] {
        let places = stamps.filter { $0.byte == byte }.map(\.place)
        #expect(Set(places) == [.device, .peer], "\(stamps)")
      }
      #expect(stamps.allSatisfy { $0.instant + slack > before && $0.instant < after + slack })
      #expect(server.socket.peerState().roundTrip ?? .zero > .zero)
      withExtendedLifetime(client) {}
      listener.close()
    }
    loop.stopAndWait()
  }

  @Test("Where the kernel refuses stamps of sending, or all of them, that is said")
  func refusedStamps() throws {
    // A socket that is not connected has no bytes to count yet; a pipe is no socket.
    let unconnected = try TCPSocket.make(for: .loopbackV4(port: 0), .connect)
    #expect(unconnected.enableAllKernelInstants() == .received)
    #expect(unconnected.peerState() == (nil, nil))
    let pipe = try Pipe()
    let none = TCPSocket(try OwnedDescriptor(duplicating: pipe.readEnd.raw))
    #expect(none.enableAllKernelInstants() == .nothing)
    none.takeTransmissions { _ in Issue.record("a stamp of nothing") }
    #expect(KernelInstants.nothing < .received && KernelInstants.received < .receivedAndSent)
  }

  @Test("the empty name was told as none at all: \"could not look up: …\"")
  func emptyName() async throws {
    let error = await #expect(throws: PosixError.self) {
      _ = try await SocketAddress.resolve("", port: 80, deadline: .after(Self.soon))
    }
    #expect(error?.description.contains("look up the empty name ''") == true, "\(String(describing: error))")
  }

  @Test("Names are looked up, numbers are not")
  func resolution() async throws {
    let numeric = try await SocketAddress.resolve("::1", port: 80, deadline: .after(Self.soon))
    #expect(numeric == [.loopbackV6(port: 80)])
    let named = try await SocketAddress.resolve("localhost", port: 80, deadline: .after(Self.soon))
    #expect(named.contains(.loopbackV4(port: 80)) || named.contains(.loopbackV6(port: 80)))
    #expect(SocketAddress(numeric: "[::1]", port: 5)?.description == "[::1]:5")
    #expect(SocketAddress(numeric: "127.0.0.1", port: 5)?.description == "127.0.0.1:5")
    #expect(SocketAddress(numeric: "localhost", port: 5) == nil)
  }
}

/// An accepted socket in a class, so that it can be handed around.
private final class Held {
  var socket: TCPSocket
  init(_ socket: consuming TCPSocket) { self.socket = socket }
}

/// Hands accepted sockets to a waiting test. `@unchecked Sendable`: touched on the loop only.
private final class Accepted: @unchecked Sendable {
  private var sockets: [Held] = []
  private var waiter: CheckedContinuation<Void, Never>?

  func take(_ socket: consuming TCPSocket) {
    sockets.append(Held(socket))
    waiter?.resume()
    waiter = nil
  }

  func next() async -> Held {
    if sockets.isEmpty { await withCheckedContinuation { waiter = $0 } }
    return sockets.removeFirst()
  }
}

extension TCPSocket {
  fileprivate borrowing func send(_ bytes: [UInt8]) -> Int {
    bytes.withUnsafeBytes { if case .moved(let count) = send($0) { count } else { -1 } }
  }

  fileprivate borrowing func receive(on loop: EventLoop) async throws -> [UInt8] {
    guard try await loop.waitUntil(.readable, descriptor, deadline: .after(.seconds(5))) else {
      return [0xff]
    }
    var buffer = [UInt8](repeating: 0, count: 64)
    let transfer = buffer.withUnsafeMutableBytes { receive(into: $0) }
    if case .moved(let count) = transfer { return Array(buffer.prefix(count)) }
    return []
  }
}
