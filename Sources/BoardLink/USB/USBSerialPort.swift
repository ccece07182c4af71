import PosixIO

/// The open serial port of a board: its CDC-ACM interfaces claimed, the line set up, reads under way.
///
/// `@unchecked Sendable`: everything is touched on the loop's thread only.
final class USBSerialPort: @unchecked Sendable {
  /// So many reads wait in the kernel, so that a board never waits for the host's answer between two of them.
  private static let readsInFlight = 8
  /// The size of a read: whole packets. A shorter packet ends it, one of no bytes as well.
  private static let readBytes = 512
  /// So much goes out in one transfer.
  private static let writeBytes = 4096
  /// From here on reads are no longer asked for, so that the board has to wait for us...
  private static let pauseBytes = 256 * 1024
  /// ...until the reader has come down to this.
  private static let resumeBytes = 64 * 1024
  /// After so many failed reads in a row nothing more is expected of a device that is still there.
  private static let failuresInARow = 3 * readsInFlight

  private enum Request {
    static let setLineCoding: UInt8 = 0x20
    static let setControlLineState: UInt8 = 0x22
  }

  /// DTR and RTS. Without DTR the firmware takes it that nobody listens.
  private static let linesOn: UInt16 = 0x03
  /// 115,200 baud, one stop bit, no parity, 8 bits: of no meaning for USB, but some firmware waits for it, and a speed of
  /// 1,200 would send some boards to their bootloader.
  private static let lineCoding: [UInt8] = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8]

  /// The device.
  let device: USBDeviceRecord
  private let loop: EventLoop
  private let function: USBSerialFunction
  private let inbox: LinkInbox
  private let fail: @Sendable (BoardFailure.Cause) -> BoardFailure
  private var handle: USBDeviceHandle?
  private var control: USBTransfer?
  private var output: USBTransfer?
  private var reads: [USBTransfer] = []
  private var failures = 0
  private var isClosing = false
  /// An input endpoint that halted is freed when the last read has ended.
  private var isHalted = false
  private let idle: LoopSignal

  /// Nothing more comes from the device. On the loop.
  private(set) var hasEnded = false

  /// Claims the interfaces; `start` begins.
  init(
    _ handle: consuming USBDeviceHandle, _ device: USBDeviceRecord, _ function: USBSerialFunction,
    into inbox: LinkInbox, on loop: EventLoop,
    failure: @escaping @Sendable (BoardFailure.Cause) -> BoardFailure
  ) throws(USBError) {
    (self.device, self.function, self.inbox, self.loop, fail) = (device, function, inbox, loop, failure)
    idle = LoopSignal(on: loop)
    try Self.claim(function, of: handle)
    control = USBTransfer(controlDataBytes: Self.lineCoding.count, of: handle)
    output = USBTransfer(bulk: function.output, of: handle, bytes: Self.writeBytes)
    let packet = function.input.maximumPacketBytes
    let bytes = (Self.readBytes + packet - 1) / packet * packet
    reads = (0..<Self.readsInFlight).map { _ in
      USBTransfer(bulk: function.input, of: handle, bytes: bytes)
    }
    self.handle = consume handle
    inbox.whenTaken = { [unowned self] in readOn() }
  }

  /// Takes both interfaces, or none.
  private static func claim(
    _ function: USBSerialFunction, of handle: borrowing USBDeviceHandle
  ) throws(USBError) {
    try handle.claim(function.control)
    do {
      if function.data != function.control { try handle.claim(function.data) }
      if function.dataAlternateSetting != 0 {
        try handle.choose(function.dataAlternateSetting, of: function.data)
      }
    } catch {
      release(function, of: handle)
      throw error
    }
  }

  /// The data interface first: the kernel's driver takes both again when it is offered the other one.
  private static func release(_ function: USBSerialFunction, of handle: borrowing USBDeviceHandle) {
    if function.data != function.control { handle.release(function.data) }
    handle.release(function.control)
  }

  /// Sets the line up and begins to read: before DTR, on which the board sends what it held back.
  func start(deadline: Deadline) async throws {
    readOn()
    guard function.hasLineControl else { return }
    try await request(Request.setLineCoding, 0, Self.lineCoding, deadline)
    try await request(Request.setControlLineState, Self.linesOn, [], deadline)
  }

  /// Writes all bytes. No packet of no bytes follows a whole number of packets, as none does from the kernel's driver:
  /// boards take each packet as it comes.
  func write(_ bytes: [UInt8], deadline: Deadline) async throws {
    var rest = bytes[...]
    var halts = 0
    while !rest.isEmpty {
      guard let output, !hasEnded, !isClosing else { throw fail(.linkEnded("the board has left the bus")) }
      output.fill(rest.prefix(Self.writeBytes))
      let completion = try await run(output, deadline)
      rest = rest.dropFirst(completion.count)
      switch completion.status {
      case .completed: break
      case .cancelled where hasEnded || isClosing: throw fail(.linkEnded("the board has left the bus"))
      case .cancelled: throw fail(.timedOut("the board to take bytes"))
      case .stalled where halts == 0:
        halts += 1
        try? handle?.clearHalt(function.output.address)
      case .stalled, .gone, .failed:
        throw fail(.linkEnded("the board takes no bytes over USB (unplugged or reset?)"))
      }
    }
  }

  /// Ends all transfers and gives the interfaces back to the kernel. Never fails: what does not work is skipped.
  func close() async {
    guard handle != nil, !isClosing else { return }
    isClosing = true
    if !hasEnded, function.hasLineControl {
      try? await request(Request.setControlLineState, 0, [], .after(.seconds(1)))
    }
    output?.cancel()
    for read in reads { read.cancel() }
    // libusb ends every transfer that was cancelled, that of a device that has gone at once.
    _ = await idle.wait(until: { self.isIdle }, deadline: .never)
    release()
  }

  private var isIdle: Bool { !(output?.isInFlight ?? false) && !reads.contains { $0.isInFlight } }

  private func release() {
    inbox.whenTaken = nil
    (control, output, reads) = (nil, nil, [])
    if let handle = handle.take() { Self.release(function, of: handle) }
    inbox.end(fail(.linkEnded("the link is closed")))
  }
}

// MARK: Transfers

extension USBSerialPort {
  /// Runs a transfer of this port to its end, which a closing waits for.
  private func run(_ transfer: USBTransfer, _ deadline: Deadline) async throws -> USBTransfer.Completion {
    defer { idle.fire() }
    do {
      return try await transfer.run(on: loop, deadline: deadline)
    } catch let error as USBError {
      throw fail(.linkEnded(error.isGone ? "the board has left the bus" : error.description))
    }
  }

  private func request(_ request: UInt8, _ value: UInt16, _ data: [UInt8], _ deadline: Deadline) async throws
  {
    guard let control else { return }
    control.fill(request: request, value: value, interface: function.control, data: data)
    switch try await run(control, deadline).status {
    // Firmware that does not know the request says so by a stall, and works all the same.
    case .completed, .stalled: break
    case .cancelled: throw fail(.timedOut("the board to answer on its control endpoint"))
    case .gone, .failed: throw fail(.linkEnded("the board does not answer on its control endpoint"))
    }
  }

  /// Asks for more where there is room, with every read that is not under way.
  private func readOn() {
    guard !hasEnded, !isClosing, !isHalted else { return }
    guard inbox.waitingBytes <= (reads.contains { $0.isInFlight } ? Self.pauseBytes : Self.resumeBytes)
    else { return }
    for read in reads where !read.isInFlight {
      do {
        try read.submit { [unowned self] in readEnded($0) }
      } catch {
        return end(error.isGone ? "the board has left the bus (unplugged or reset?)" : error.description)
      }
    }
  }

  private func readEnded(_ completion: USBTransfer.Completion) {
    // A packet of no bytes ends nothing: the board had a whole number of packets to send.
    if !completion.bytes.isEmpty { inbox.deliver(completion.bytes) }
    switch completion.status {
    case .completed: failures = 0
    case .cancelled: break
    case .stalled: isHalted = true
    case .gone: end("the board has left the bus (unplugged or reset?)")
    case .failed:
      // The device may be leaving, which the next read will tell, or the cable be bad.
      failures += 1
      if failures > Self.failuresInARow { end("USB transfers fail again and again; check the cable") }
    }
    if isHalted { freeEndpoint() }
    readOn()
    if isIdle { idle.fire() }
  }

  /// The reads behind the one that met the halt are called back first: the endpoint must be at rest.
  private func freeEndpoint() {
    guard !reads.contains(where: { $0.isInFlight }) else {
      for read in reads { read.cancel() }
      return
    }
    isHalted = false
    failures += 1
    if failures > Self.failuresInARow { return end("the board's USB endpoint halts again and again") }
    do {
      try handle?.clearHalt(function.input.address)
    } catch {
      end(error.description)
    }
  }

  private func end(_ reason: String) {
    guard !hasEnded else { return }
    hasEnded = true
    inbox.end(fail(.linkEnded(reason)))
    for read in reads { read.cancel() }
    output?.cancel()
  }
}
