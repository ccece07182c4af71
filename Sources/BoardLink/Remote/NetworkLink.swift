import Foundation
import PosixIO

/// A board behind a serial line that a server offers over TCP, such as ser2net or an exporter of labgrid: as plain bytes
/// (`tcp:HOST:PORT`), or with control of the line (`rfc2217:HOST:PORT`).
public actor NetworkLink: Link {
  /// The board's name.
  public nonisolated let selector: BoardSelector
  private let host: String
  private let port: UInt16
  private let controlsLine: Bool
  private let loop: EventLoop
  private var channel: BoardChannel?
  /// The line's control, where the server has it.
  private var line: ComPortMachine?
  /// Data that came while the line was set up.
  private var early: [UInt8] = []
  /// Writes go out one after the other: those of the session, and the answers that the line's control gives by itself.
  private var lastWrite: Task<Void, any Error>?
  private var writesUnderWay = 0

  /// Between two attempts to reach a server that offers the line again: it tells nobody when it does.
  private static let pauseBetweenAttempts = Duration.milliseconds(250)

  /// The executor of the loop: no hop between reading and understanding.
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    loop.serialExecutor.asUnownedSerialExecutor()
  }

  /// A link that is not open yet.
  ///
  /// - Parameter controlsLine: whether the server is asked for control of the line (RFC 2217).
  public init(host: String, port: UInt16, controlsLine: Bool, on loop: EventLoop) {
    selector = controlsLine ? .rfc2217(host: host, port: port) : .tcp(host: host, port: port)
    (self.host, self.port, self.controlsLine, self.loop) = (host, port, controlsLine, loop)
  }

  /// Connects, and sets the line up where that is wanted.
  public func open(deadline: Deadline) async throws {
    guard channel == nil else { return }
    do {
      let addresses = try await SocketAddress.resolve(host, port: port, deadline: deadline)
      let endpoint = "\(host):\(port)"
      let opened = try await ByteChannel.connect(
        toFirstOf: addresses, endpoint: endpoint, on: loop, deadline: deadline)
      channel = BoardChannel(channel: opened, selector: selector)
    } catch let error as PosixError {
      throw failure(.notOpened(error.description))
    }
    guard controlsLine else { return }
    do {
      try await setLineUp(deadline: deadline)
    } catch {
      disconnect()
      throw error
    }
  }

  /// Waits for bytes. The end of the connection is that of the link: the server ends it when its port has gone.
  public func read(deadline: Deadline) async throws -> [UInt8] {
    while early.isEmpty { early = try await receive(deadline: deadline) }
    defer { early = [] }
    return early
  }

  /// Writes all bytes.
  public func write(_ bytes: [UInt8], deadline: Deadline) async throws {
    guard line != nil else { return try await send(bytes, deadline: deadline) }
    line?.send(bytes)
    try await send(line?.takeOutput() ?? [], deadline: deadline)
  }

  /// Asks the board for `machine.reset()`. A board whose USB port goes away with it ends the connection, which is then made anew
  /// as soon as the server offers the port again; one on a real serial line shows its banner on the same connection.
  public func hardReset(deadline: Deadline) async throws {
    if channel != nil, try await askForReset(deadline: deadline, mayStay: true) { return }
    disconnect()
    while true {
      do {
        return try await open(deadline: deadline)
      } catch let failure as BoardFailure where !deadline.hasPassed(at: .now()) {
        let next = Deadline.after(Self.pauseBetweenAttempts)
        guard next < deadline else { throw failure }
        try await loop.pause(until: next)
      }
    }
  }

  /// Drops DTR where the server lets us, and closes the connection; the board keeps running.
  public func close() async {
    line?.release()
    // A write that does not get on is not waited for.
    if writesUnderWay == 0, let bytes = line?.takeOutput(), !bytes.isEmpty {
      try? await send(bytes, deadline: .after(.seconds(1)))
    }
    disconnect()
  }
}

// MARK: Bytes

extension NetworkLink {
  private func disconnect() {
    channel?.close()
    (channel, line, early, lastWrite) = (nil, nil, [], nil)
  }

  private func setLineUp(deadline: Deadline) async throws {
    line = ComPortMachine()
    while let line {
      switch line.state {
      case .open: return
      case .refused(let reason): throw failure(.notOpened(reason))
      case .negotiating, .settingUp:
        try await flushLine(deadline: deadline)
        do {
          early += try await receive(deadline: deadline)
        } catch let failure as BoardFailure {
          throw self.failure(
            .notOpened("the server does not agree on control of its port (RFC 2217): \(failure.reason)"))
        }
      }
    }
  }

  /// Waits for bytes of the server; returns the data among them, which may be none.
  private func receive(deadline: Deadline) async throws -> [UInt8] {
    let bytes = try await openChannel().read(deadline: deadline)
    if bytes.isEmpty { throw failure(.linkEnded("\(host):\(port) has ended the connection")) }
    guard line != nil else { return bytes }
    let data = line?.receive(bytes) ?? []
    try await flushLine(deadline: deadline)
    return data
  }

  private func flushLine(deadline: Deadline) async throws {
    guard let bytes = line?.takeOutput(), !bytes.isEmpty else { return }
    try await send(bytes, deadline: deadline)
  }

  private func send(_ bytes: [UInt8], deadline: Deadline) async throws {
    let channel = try openChannel()
    let before = lastWrite
    let write = Task {
      _ = await before?.result
      try await channel.write(bytes, deadline: deadline)
    }
    lastWrite = write
    writesUnderWay += 1
    defer { writesUnderWay -= 1 }
    try await withTaskCancellationHandler {
      try await write.value
    } onCancel: {
      write.cancel()
    }
  }

  private func openChannel() throws -> BoardChannel {
    guard let channel else { throw failure(.linkEnded("the link is closed")) }
    return channel
  }
}
