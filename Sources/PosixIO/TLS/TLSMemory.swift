import COpenSSL
import Glibc

/// The memory that all TLS connections of a loop share while each is being served: what was read from the socket, and what OpenSSL
/// wrote. A connection has memory of its own only for what the kernel would not take.
final class TLSMemory {
  /// Where reads from sockets go.
  let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
  /// What OpenSSL reads from and writes to; never moved, for every connection of the loop points to it.
  let wire = UnsafeMutablePointer<copenssl_wire>.allocate(capacity: 1)

  /// Made once and never freed, as OpenSSL wants it; immutable from then on.
  nonisolated(unsafe) static let method = copenssl_wire_method()

  /// From this size on, memory of an uncommonly large batch is given back.
  private static let mostKept = 1 << 20

  init() { wire.initialize(to: copenssl_wire()) }

  deinit {
    free(wire.pointee.output)
    wire.deallocate()
    input.deallocate()
  }

  /// What OpenSSL has written and nobody took yet.
  @inline(__always)
  var output: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: wire.pointee.output, count: wire.pointee.output_count)
  }

  /// Empties ``output``.
  @inline(__always)
  func removeOutput() {
    wire.pointee.output_count = 0
    guard wire.pointee.output_capacity > Self.mostKept else { return }
    free(wire.pointee.output)
    wire.pointee.output = nil
    wire.pointee.output_capacity = 0
  }

  /// Lends OpenSSL bytes to read; they stay where they are until ``takeRest()``.
  @inline(__always)
  func lend(_ bytes: UnsafeRawBufferPointer) {
    wire.pointee.input = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    wire.pointee.input_count = bytes.count
  }

  /// Ends the loan, and returns what was not read.
  @inline(__always)
  func takeRest() -> UnsafeRawBufferPointer {
    defer { lend(UnsafeRawBufferPointer(start: nil, count: 0)) }
    return UnsafeRawBufferPointer(start: wire.pointee.input, count: wire.pointee.input_count)
  }
}

extension EventLoop {
  /// The memory of the loop's TLS connections. On the loop only.
  var tlsMemory: TLSMemory {
    if let tlsMemoryIfAny { return tlsMemoryIfAny }
    preconditionOnLoop()
    let memory = TLSMemory()
    tlsMemoryIfAny = memory
    return memory
  }
}
