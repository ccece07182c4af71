import Glibc

/// An IP address and a TCP port.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// A numeric address.
  public enum Host: Hashable, Sendable {
    /// IPv4, in network byte order.
    case v4(UInt32)
    /// IPv6 as two halves in network byte order, with the interface of a link-local address.
    case v6(UInt64, UInt64, scope: UInt32)
  }

  /// The numeric address.
  public let host: Host
  /// The port in host byte order; 0 lets the kernel pick one when listening.
  public let port: UInt16

  /// Puts an address together.
  public init(_ host: Host, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// 127.0.0.1.
  public static func loopbackV4(port: UInt16) -> SocketAddress {
    SocketAddress(.v4(UInt32(0x7f00_0001).bigEndian), port: port)
  }

  /// ::1.
  public static func loopbackV6(port: UInt16) -> SocketAddress {
    SocketAddress(.v6(0, UInt64(1).bigEndian, scope: 0), port: port)
  }

  /// Reads a numeric address such as `127.0.0.1`, `::1` or `[::1]` (`inet_pton`); nil for names.
  public init?(numeric text: String, port: UInt16) {
    var v4 = in_addr()
    if inet_pton(AF_INET, text, &v4) == 1 {
      self.init(.v4(v4.s_addr), port: port)
      return
    }
    let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    var v6 = in6_addr()
    guard inet_pton(AF_INET6, bare, &v6) == 1 else { return nil }
    self.init(.init(v6, scope: 0), port: port)
  }

  /// The same host at another port.
  public func withPort(_ port: UInt16) -> SocketAddress { SocketAddress(host, port: port) }

  /// Whether the host is an IPv6 address.
  public var isV6: Bool {
    if case .v6 = host { true } else { false }
  }

  /// The host without the port, as in `127.0.0.1` or `::1`.
  public var hostText: String {
    var text = [CChar](repeating: 0, count: 64)
    switch host {
    case .v4(let bits):
      var address = in_addr(s_addr: bits)
      inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
    case .v6(let high, let low, _):
      var address = in6_addr()
      withUnsafeMutableBytes(of: &address) {
        $0.storeBytes(of: high, as: UInt64.self)
        $0.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
      }
      inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
    }
    return text.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.map { String(cString: $0) } ?? ""
    }
  }

  /// The host as a URL has it: `127.0.0.1` or `[::1]`.
  public var urlHost: String { isV6 ? "[\(hostText)]" : hostText }

  /// `127.0.0.1:80` or `[::1]:80`.
  public var description: String { "\(urlHost):\(port)" }
}

extension SocketAddress.Host {
  init(_ address: in6_addr, scope: UInt32) {
    self = withUnsafeBytes(of: address) {
      .v6(
        $0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self), scope: scope)
    }
  }
}

extension SocketAddress {
  /// Reads the kernel's form; nil for families that are no IP.
  init?(_ storage: borrowing sockaddr_storage) {
    let address: SocketAddress? = withUnsafePointer(to: storage) { pointer in
      let raw = UnsafeRawPointer(pointer)
      switch Int32(pointer.pointee.ss_family) {
      case AF_INET:
        let v4 = raw.load(as: sockaddr_in.self)
        return SocketAddress(.v4(v4.sin_addr.s_addr), port: UInt16(bigEndian: v4.sin_port))
      case AF_INET6:
        let v6 = raw.load(as: sockaddr_in6.self)
        return SocketAddress(
          Host(v6.sin6_addr, scope: v6.sin6_scope_id), port: UInt16(bigEndian: v6.sin6_port))
      default: return nil
      }
    }
    guard let address else { return nil }
    self = address
  }

  /// Lends the kernel's form of the address.
  func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    switch host {
    case .v4(let bits):
      var v4 = sockaddr_in()
      v4.sin_family = sa_family_t(AF_INET)
      v4.sin_port = port.bigEndian
      v4.sin_addr.s_addr = bits
      return withUnsafePointer(to: &v4) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    case .v6(let high, let low, let scope):
      var v6 = sockaddr_in6()
      v6.sin6_family = sa_family_t(AF_INET6)
      v6.sin6_port = port.bigEndian
      v6.sin6_scope_id = scope
      withUnsafeMutableBytes(of: &v6.sin6_addr) {
        $0.storeBytes(of: high, as: UInt64.self)
        $0.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
      }
      return withUnsafePointer(to: &v6) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
        }
      }
    }
  }
}
