import Glibc

extension SocketAddress {
  /// Whether it stands for every address of this computer, to listen on.
  public var isUnspecified: Bool {
    switch host {
    case .v4(let bits): bits == 0
    case .v6(let high, let low, _): high == 0 && low == 0
    }
  }

  /// The addresses of this computer's interfaces (`getifaddrs`), at port 0; none where the kernel does not tell.
  public static func ofThisComputer() -> [SocketAddress] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return [] }
    defer { freeifaddrs(list) }
    var found: [SocketAddress] = []
    var next = list
    while let entry = next {
      next = entry.pointee.ifa_next
      guard let raw = entry.pointee.ifa_addr else { continue }
      let size =
        Int32(raw.pointee.sa_family) == AF_INET
        ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
      guard [AF_INET, AF_INET6].contains(Int32(raw.pointee.sa_family)) else { continue }
      var storage = sockaddr_storage()
      memcpy(&storage, raw, size)
      if let address = SocketAddress(storage)?.withPort(0), !found.contains(address) { found.append(address) }
    }
    return found
  }
}
