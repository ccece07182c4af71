import COpenSSL
import Certificates

/// TLS on one connection: plain text above, the bytes of a socket below (`SSL`, between two ends in memory).
///
/// One read of the socket gives all the plain text it holds, everything that OpenSSL has to say leaves in one write, and what the kernel
/// does not take waits here. After a failure the connection is over: an alert has gone out, and what still comes is dropped, so that
/// closing does not become a reset that overtakes the alert.
///
/// `@unchecked Sendable`: belongs to one ``ByteStream``, which is used on the loop's thread only.
final class TLSSession: @unchecked Sendable {
  /// Whom it talks to, for errors.
  let endpoint: String
  let ssl: OpaquePointer
  let memory: TLSMemory
  private let context: TLSContext
  private let begun = MonotonicInstant.now()
  private var handshakeEnd: MonotonicInstant?
  /// How the bytes leave.
  var manner = TLSManner()
  /// Whether a part of a record is acknowledged at once.
  var acknowledgesAtOnce = true
  // Unchecked, for what every message touches: on the loop's thread only, and nothing that is called while one of these is being
  // changed comes back here.
  /// Bytes of TLS that the kernel has not taken.
  @exclusivity(unchecked) var unsent: [UInt8] = []
  /// Bytes at the start of `unsent` that it has taken since.
  @exclusivity(unchecked) var unsentStart = 0
  /// Bytes of TLS that have left, or wait in `unsent`.
  @exclusivity(unchecked) var outputCount = 0
  /// Bytes of TLS that came and did not fit into the reader's memory as plain text.
  @exclusivity(unchecked) private var leftover: [UInt8] = []
  /// Whether OpenSSL holds plain text that did not fit either.
  @exclusivity(unchecked) private var holdsPlainText = false
  @exclusivity(unchecked) private var socketMayHoldMore = false
  /// What ended TLS, if anything went wrong.
  @exclusivity(unchecked) private(set) var failure: TLSError?
  /// Whether the peer said that nothing more will come.
  @exclusivity(unchecked) private(set) var receivedCloseNotify = false
  @exclusivity(unchecked) private var endingIsReported = false
  /// Whether our direction is to be ended, or has been.
  @exclusivity(unchecked) var sentEnd = false
  @exclusivity(unchecked) var endsAfterFlush = false

  /// Begins a connection whose handshake has not begun.
  ///
  /// - Parameter server: The host a client asks for (SNI, unless it is an address) and whose certificate it wants to see.
  init(
    _ context: TLSContext, server: String?, endpoint: String, on loop: EventLoop
  ) throws(TLSError) {
    self.context = context
    self.endpoint = endpoint
    memory = loop.tlsMemory
    guard let ssl = SSL_new(context.pointer), let bio = BIO_new(TLSMemory.method) else {
      throw .lastInSetUp(endpoint)
    }
    BIO_set_data(bio, memory.wire)
    // Both directions are one end, whose single reference the connection takes.
    SSL_set_bio(ssl, bio, bio)
    self.ssl = ssl
    switch context.role {
    case .server: SSL_set_accept_state(ssl)
    case .client:
      SSL_set_connect_state(ssl)
      if let server { try expect(server) }
    }
  }

  deinit { SSL_free(ssl) }

  private func expect(_ server: String) throws(TLSError) {
    let isAddress = SocketAddress(numeric: server, port: 0) != nil
    // RFC 6066 section 3: addresses are no server names.
    var isSet = isAddress || copenssl_set_server_name(ssl, server) == 1
    if context.verification != .none {
      isSet =
        isSet
        && (isAddress
          ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server) : SSL_set1_host(ssl, server)) == 1
    }
    guard isSet else { throw .lastInSetUp("the server name \(server)") }
  }

  /// Whether the handshake is complete.
  var isEstablished: Bool { handshakeEnd != nil }
  /// Whether reading again gives something without the socket.
  var holdsInput: Bool { holdsPlainText || !leftover.isEmpty || endingWaits }
  /// Whether the socket may have had more than the last read took: what is only the beginning of a record says nothing of what is
  /// behind it, such as the end.
  var hasMore: Bool { socketMayHoldMore || holdsInput }
  /// Whether nothing more can be sent either: an end of TCP without close_notify leaves our direction as it is.
  var isBroken: Bool { failure.map { $0.cause != .truncated } ?? false }
  /// Whether nothing more can be read.
  private var isOver: Bool { failure != nil || receivedCloseNotify }
  private var endingWaits: Bool { isOver && !endingIsReported }

  // MARK: - Reading

  /// Reads the socket once and gives the plain text of what came; `.wouldBlock` where that was none.
  ///
  /// `.end` is close_notify, or the end of TCP, for which ``failure`` is `.truncated` then; `.failed` with `.protocolError` is TLS's own
  /// failure.
  func receive(
    into buffer: UnsafeMutableRawBufferPointer, from socket: borrowing TCPSocket,
    kernelInstant: UnsafeMutablePointer<MonotonicInstant?>? = nil
  ) -> Transfer {
    if holdsPlainText || !leftover.isEmpty {
      let bytes = leftover
      leftover = []
      return bytes.withUnsafeBytes { take($0, into: buffer, from: socket) }
    }
    if endingWaits { return reportEnding() }
    let room = UnsafeMutableRawBufferPointer(rebasing: memory.input[..<min(buffer.count, memory.input.count)])
    let transfer =
      if let kernelInstant {
        socket.receive(into: room, kernelInstant: &kernelInstant.pointee)
      } else {
        socket.receive(into: room)
      }
    socketMayHoldMore = transfer == .moved(room.count)
    switch transfer {
    case .moved(let count):
      return take(UnsafeRawBufferPointer(rebasing: room[..<count]), into: buffer, from: socket)
    case .end:
      if !isOver { failure = TLSError(phase, endpoint, .truncated) }
      endingIsReported = true
      return .end
    case .wouldBlock: return .wouldBlock
    case .failed(let number):
      if !isOver { failure = TLSError(phase, endpoint, .system(number)) }
      endingIsReported = true
      return transfer
    }
  }

  private var phase: TLSError.Phase { isEstablished ? .read : .handshake }

  private func take(
    _ bytes: UnsafeRawBufferPointer, into buffer: UnsafeMutableRawBufferPointer,
    from socket: borrowing TCPSocket
  ) -> Transfer {
    if isOver, !holdsPlainText { return .wouldBlock }
    memory.lend(bytes)
    let count = decrypt(into: buffer)
    keepRest()
    deliver(to: socket)
    if count > 0 { return .moved(count) }
    if endingWaits { return reportEnding() }
    // A peer with Nagle's algorithm on holds the rest of a record back until this is acknowledged.
    if acknowledgesAtOnce { socket.acknowledgeNow() }
    socketMayHoldMore = true
    return .wouldBlock
  }

  private func decrypt(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    ERR_clear_error()
    var filled = 0
    while filled < buffer.count, memory.wire.pointee.input_count > 0 || SSL_pending(ssl) > 0 {
      var count = 0
      let result = SSL_read_ex(ssl, buffer.baseAddress.map { $0 + filled }, buffer.count - filled, &count)
      if result == 1 {
        filled += count
      } else if !readAgain(result) {
        break
      }
    }
    holdsPlainText = filled == buffer.count && SSL_pending(ssl) > 0
    if handshakeEnd == nil, SSL_is_init_finished(ssl) == 1 { handshakeEnd = .now() }
    return filled
  }

  /// Looks at why nothing was read; whether there may be something all the same.
  private func readAgain(_ result: CInt) -> Bool {
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return memory.wire.pointee.input_count > 0
    case SSL_ERROR_ZERO_RETURN: receivedCloseNotify = true
    default: failure = .last(phase, endpoint, on: ssl)
    }
    return false
  }

  private func keepRest() {
    let rest = memory.takeRest()
    if !rest.isEmpty, !isOver { leftover = Array(rest) }
  }

  private func reportEnding() -> Transfer {
    endingIsReported = true
    return failure == nil ? .end : .failed(.protocolError)
  }

  // MARK: - The handshake

  /// What came of a step of a client's handshake.
  enum Handshake { case complete, waiting }

  /// Begins a client's handshake, or goes on with what the socket has. A server's handshake needs no call: reading does it.
  func shakeHands(through socket: borrowing TCPSocket) throws(TLSError) -> Handshake {
    if outputCount > 0, failure == nil {
      let transfer = socket.receive(into: memory.input)
      switch transfer {
      case .moved(let count): memory.lend(UnsafeRawBufferPointer(rebasing: memory.input[..<count]))
      case .end: failure = TLSError(.handshake, endpoint, .truncated)
      case .wouldBlock: return .waiting
      case .failed(let number): failure = TLSError(.handshake, endpoint, .system(number))
      }
    }
    if failure == nil {
      ERR_clear_error()
      let result = SSL_do_handshake(ssl)
      if result == 1 {
        handshakeEnd = .now()
      } else {
        failHandshake(SSL_get_error(ssl, result))
      }
      keepRest()
      deliver(to: socket)
    }
    if let failure { throw failure }
    return isEstablished ? .complete : .waiting
  }

  private func failHandshake(_ code: CInt) {
    switch code {
    case SSL_ERROR_WANT_READ: break
    case SSL_ERROR_ZERO_RETURN:
      failure = TLSError(.handshake, endpoint, .alert(Int(SSL_AD_CLOSE_NOTIFY), reason: "close notify"))
    default: failure = .last(.handshake, endpoint, on: ssl)
    }
  }

  /// What was agreed on; nil before the end of the handshake.
  var details: TLSDetails? {
    guard let handshakeEnd else { return nil }
    let certificate = SSL_get1_peer_certificate(ssl)
    defer { X509_free(certificate) }
    let problem = SSL_get_verify_result(ssl)
    let asksForNone = context.verification == .none || certificate == nil
    return TLSDetails(
      version: String(cString: SSL_get_version(ssl)),
      cipher: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl)).map { String(cString: $0) } ?? "",
      group: copenssl_negotiated_group(ssl).map { String(cString: $0) },
      serverName: SSL_get_servername(ssl, CInt(TLSEXT_NAMETYPE_host_name)).map { String(cString: $0) },
      peerSubject: certificate.flatMap { Self.certificate($0)?.subject },
      verificationProblem: asksForNone || problem == X509_V_OK
        ? nil : String(cString: X509_verify_cert_error_string(problem)),
      handshakeNanoseconds: (handshakeEnd - begun).wholeNanoseconds)
  }

  private static func certificate(_ pointer: OpaquePointer) -> Certificate? {
    var bytes: UnsafeMutablePointer<UInt8>?
    let count = Int(i2d_X509(pointer, &bytes))
    guard count > 0, let bytes else { return nil }
    defer { CRYPTO_free(bytes, #file, #line) }
    return try? Certificate(der: Array(UnsafeBufferPointer(start: bytes, count: count)))
  }

  /// Fails the connection for a reason found while writing; the first reason stays.
  func fail(_ phase: TLSError.Phase) {
    let error = TLSError.last(phase, endpoint, on: ssl)
    if failure == nil { failure = error }
  }
}
