import CLinux
import Glibc

/// A listening TCP socket on a loop. Accepted connections inherit TCP_NODELAY from it.
public final class TCPListener: ReadinessHandler {
  /// The address it listens on, with the port the kernel picked where 0 was asked for.
  public let address: SocketAddress

  private let loop: EventLoop
  private var socket: TCPSocket
  private var registration: Registration?
  private var retry: LoopTimer?
  /// Takes every connection with its peer's address, on the loop. To be set on the loop, by whoever could not give it at the
  /// start: an owner that is complete only with the addresses of its listeners. Connections that come before wait in the kernel,
  /// for no turn of the loop passes while an initialiser runs.
  public var onConnection: (consuming TCPSocket, SocketAddress) -> Void

  /// Listens on `address` and hands every connection with its peer's address to `onConnection`, on the loop.
  /// On the loop only.
  ///
  /// - Parameters:
  ///   - backlog: connections the kernel completes ahead of us; more are made to wait by the kernel.
  ///   - receiveBuffer: bytes that the kernel keeps of what nobody has read yet (it may round up); nil leaves it to the kernel. It
  ///     bounds the window from the first packet on, as it cannot once a connection is there.
  public init(
    on loop: EventLoop, _ address: SocketAddress, backlog: Int32 = 1024, receiveBuffer: Int? = nil,
    onConnection: @escaping (consuming TCPSocket, SocketAddress) -> Void = { _, _ in }
  ) throws(PosixError) {
    loop.preconditionOnLoop()
    self.loop = loop
    self.onConnection = onConnection
    let socket = try TCPSocket.make(for: address, .bind)
    socket.setFlag(SOL_SOCKET, SO_REUSEADDR, 1)
    socket.limitBuffers(receive: receiveBuffer)
    if address.isV6 { socket.setFlag(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
    let raw = socket.descriptor.raw
    guard address.withSockaddr({ bind(raw, $0, $1) }) == 0, listen(raw, backlog) == 0 else {
      throw .last(.bind, address.description)
    }
    self.address = socket.localAddress() ?? address
    self.socket = socket
    registration = try loop.register(self.socket.descriptor, .readable, self)
    retry = LoopTimer(on: loop) { [weak self] in self?.resume() }
  }

  /// Has the kernel stamp what comes, as long as this listens. It takes the kernel a moment to begin, and it ends with the last socket
  /// that asks for it: a short connection that is the only one to ask may be over before.
  public func keepKernelInstants() { _ = socket.enableKernelInstants() }

  /// Stops listening; accepted connections live on. On the loop only.
  public func close() {
    if let registration { loop.deregister(registration) }
    registration = nil
    retry?.cancel()
    socket.close()
  }

  /// Accepts one connection per report: epoll reports again while more wait.
  public func isReady(_ readiness: Readiness) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let raw = withUnsafeMutablePointer(to: &storage) { storage in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        retryOnInterrupt { clinux_accept(socket.descriptor.raw, address, &length) }
      }
    }
    if raw >= 0 {
      let peer = SocketAddress(storage) ?? address
      onConnection(TCPSocket(OwnedDescriptor(adopting: raw)), peer)
    } else if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno), let registration {
      // Out of descriptors: asking again at once would spin, so the waiting connections wait a little.
      loop.change(registration, to: [])
      retry?.set(.after(.milliseconds(100), from: loop.now))
    }
  }

  private func resume() {
    if let registration { loop.change(registration, to: .readable) }
  }

  /// Listens on the same port number on several addresses (say 127.0.0.1 and ::1); those whose family this
  /// machine lacks are left out, but at least the first must work. Port 0 picks a number free on all of them.
  public static func listenOnAll(
    on loop: EventLoop, _ addresses: [SocketAddress], receiveBuffer: Int? = nil,
    onConnection: @escaping (consuming TCPSocket, SocketAddress) -> Void = { _, _ in }
  ) throws(PosixError) -> [TCPListener] {
    var attemptsLeft = 16
    while true {
      attemptsLeft -= 1
      var listeners: [TCPListener] = []
      do {
        for address in addresses {
          let port = address.port == 0 ? listeners.first?.address.port ?? 0 : address.port
          do {
            listeners.append(
              try TCPListener(
                on: loop, address.withPort(port), receiveBuffer: receiveBuffer, onConnection: onConnection))
          } catch  where !listeners.isEmpty && error.isMissingFamily {
            continue
          }
        }
        return listeners
      } catch {
        for listener in listeners { listener.close() }
        // The first address's free port may be taken on the second: another number may be free on both.
        let mayRetry =
          error.number == .addressInUse && addresses.contains { $0.port == 0 } && !listeners.isEmpty
        guard mayRetry, attemptsLeft > 0 else { throw error }
      }
    }
  }
}

extension PosixError {
  var isMissingFamily: Bool { number == .addressNotAvailable || number == .addressFamilyNotSupported }
}
