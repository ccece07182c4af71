import CLibUSB
import PosixIO

/// One transfer of libusb and its buffer, to be used any number of times, one after the other.
///
/// `@unchecked Sendable`: touched on the loop's thread only, where libusb's callbacks come too. While it is in flight
/// libusb owns the buffer, and the transfer keeps itself alive.
final class USBTransfer: @unchecked Sendable {
  /// How a transfer ended.
  enum Status: Sendable, Equatable {
    /// The device did what was asked for.
    case completed
    case cancelled
    /// The endpoint is halted, or does not know the request.
    case stalled
    /// The device has left the bus.
    case gone
    /// A fault on the wire, or a device that is just leaving: the next transfer tells.
    case failed
  }

  /// How a transfer ended, and what it moved by then.
  struct Completion: Sendable {
    var status: Status
    /// What came in; empty for output.
    var bytes: [UInt8]
    /// How much went either way, the setup of a control request left out.
    var count: Int
  }

  private let raw: UnsafeMutablePointer<libusb_transfer>
  private let buffer: UnsafeMutableBufferPointer<UInt8>
  private let isInput: Bool
  private var whenDone: ((Completion) -> Void)?

  /// The setup packet before the data of a control request.
  private static let setupBytes = 8

  /// Whether it is under way.
  var isInFlight: Bool { whenDone != nil }

  /// A transfer to or from a bulk endpoint. The handle must outlive it.
  init(bulk endpoint: USBDescriptors.Endpoint, of handle: borrowing USBDeviceHandle, bytes: Int) {
    (raw, buffer) = Self.allocate(bytes)
    isInput = endpoint.isInput
    // No timeout: who waits has a deadline, and cancels.
    libusb_fill_bulk_transfer(
      raw, handle.raw, endpoint.address, buffer.baseAddress, Int32(bytes), transferEnded, nil, 0)
  }

  /// A transfer for requests to the device with data from the host, at most so much. The handle must outlive it.
  init(controlDataBytes: Int, of handle: borrowing USBDeviceHandle) {
    (raw, buffer) = Self.allocate(Self.setupBytes + controlDataBytes)
    isInput = false
    libusb_fill_control_transfer(raw, handle.raw, buffer.baseAddress, transferEnded, nil, 0)
  }

  deinit {
    libusb_free_transfer(raw)
    buffer.deallocate()
  }

  private static func allocate(
    _ bytes: Int
  ) -> (UnsafeMutablePointer<libusb_transfer>, UnsafeMutableBufferPointer<UInt8>) {
    guard let raw = libusb_alloc_transfer(0) else { fatalError("no memory for a USB transfer") }
    let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(bytes, 1))
    buffer.initialize(repeating: 0)
    return (raw, buffer)
  }

  /// Fills the buffer with what shall go out; as much as fits.
  func fill(_ bytes: ArraySlice<UInt8>) {
    precondition(!isInFlight && bytes.count <= buffer.count, "a buffer is filled while nobody reads it")
    _ = buffer.update(fromContentsOf: bytes)
    raw.pointee.length = Int32(bytes.count)
  }

  /// Makes it a class request to an interface (USB 2.0, 9.3). Control transfers only.
  func fill(request: UInt8, value: UInt16, interface: UInt8, data: [UInt8]) {
    precondition(!isInFlight && Self.setupBytes + data.count <= buffer.count, "a request fits its buffer")
    let hostToInterface: UInt8 = 0x21
    libusb_fill_control_setup(
      buffer.baseAddress, hostToInterface, request, value, UInt16(interface), UInt16(data.count))
    for (index, byte) in data.enumerated() { buffer[Self.setupBytes + index] = byte }
    raw.pointee.length = Int32(Self.setupBytes + data.count)
  }

  /// Starts it; `whenDone` is called on the loop, never from within this call.
  func submit(_ whenDone: @escaping (Completion) -> Void) throws(USBError) {
    precondition(!isInFlight, "a transfer is under way once at a time")
    raw.pointee.user_data = Unmanaged.passUnretained(self).toOpaque()
    try USBError.check(.transfer, libusb_submit_transfer(raw))
    self.whenDone = whenDone
    _ = Unmanaged.passRetained(self)
  }

  /// Asks for its end, which comes as any other.
  func cancel() { if isInFlight { _ = libusb_cancel_transfer(raw) } }

  /// Starts it and waits for its end; past the deadline it ends as `.cancelled`.
  ///
  /// - Throws: `USBError` if it cannot be started, `CancellationError` if the task is cancelled.
  func run(on loop: EventLoop, deadline: Deadline) async throws -> Completion {
    let token = CancellationToken()
    let completion = try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        // The body of a cancellation handler may run anywhere.
        loop.submit { self.begin(continuation, loop, deadline, token) }
      }
    } onCancel: {
      loop.submit {
        token.isCancelled = true
        self.cancel()
      }
    }
    if completion.status == .cancelled { try Task.checkCancellation() }
    return completion
  }

  private func begin(
    _ continuation: CheckedContinuation<Completion, any Error>, _ loop: EventLoop, _ deadline: Deadline,
    _ token: CancellationToken
  ) {
    if token.isCancelled { return continuation.resume(throwing: CancellationError()) }
    let timer = LoopTimer(on: loop) { [self] in cancel() }
    do {
      try submit { completion in
        timer.cancel()
        continuation.resume(returning: completion)
      }
      timer.set(deadline)
    } catch {
      continuation.resume(throwing: error)
    }
  }

  fileprivate func end() {
    let whenDone = self.whenDone
    self.whenDone = nil
    let count = Int(raw.pointee.actual_length)
    let bytes = isInput ? [UInt8](buffer.prefix(count)) : []
    whenDone?(Completion(status: Self.status(raw.pointee.status), bytes: bytes, count: count))
  }

  private static func status(_ status: libusb_transfer_status) -> Status {
    switch status {
    case LIBUSB_TRANSFER_COMPLETED: .completed
    case LIBUSB_TRANSFER_CANCELLED, LIBUSB_TRANSFER_TIMED_OUT: .cancelled
    case LIBUSB_TRANSFER_STALL: .stalled
    case LIBUSB_TRANSFER_NO_DEVICE: .gone
    default: .failed
    }
  }
}

/// Called by libusb on the loop's thread.
private func transferEnded(_ raw: UnsafeMutablePointer<libusb_transfer>?) {
  guard let pointer = raw?.pointee.user_data else { return }
  // Balances `submit`.
  Unmanaged<USBTransfer>.fromOpaque(pointer).takeRetainedValue().end()
}

/// Says on the loop that a call was cancelled before it began there. `@unchecked Sendable`: touched on the loop's
/// thread only.
private final class CancellationToken: @unchecked Sendable {
  var isCancelled = false
}
