import COpenSSL
import Glibc

/// A host that a certificate is for.
public enum SubjectName: Hashable, Sendable, CustomStringConvertible {
  /// A host name, perhaps with `*` as its first label.
  case dns(String)
  /// An IP address, as text.
  case address(String)

  /// Takes an IP address as such, with or without brackets, and everything else as a host name.
  public init(_ host: String) {
    let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    self = Self.isAddress(bare) ? .address(bare) : .dns(bare)
  }

  /// The name or the address.
  public var description: String {
    switch self {
    case .dns(let name): name
    case .address(let address): address
    }
  }

  /// In the notation of OpenSSL's configuration files.
  var extensionValue: String {
    get throws(CertificateError) {
      switch self {
      case .dns(let name):
        let isPlain = name.utf8.allSatisfy { byte in
          byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 26 || ".-_*".utf8.contains(byte)
        }
        guard isPlain, !name.isEmpty else { throw .badName(name) }
        return "DNS:\(name)"
      case .address(let address):
        guard Self.isAddress(address) else { throw .badName(address) }
        return "IP:\(address)"
      }
    }
  }

  private static func isAddress(_ text: String) -> Bool {
    var bytes = in6_addr()
    return inet_pton(AF_INET, text, &bytes) == 1 || inet_pton(AF_INET6, text, &bytes) == 1
  }

  /// Reads one of a certificate's names; nil for kinds that name no host.
  init?(_ names: OpaquePointer, _ index: CInt) {
    var kind: CInt = 0
    guard let value = copenssl_name(names, index, &kind), let bytes = ASN1_STRING_get0_data(value) else {
      return nil
    }
    let content = Array(UnsafeBufferPointer(start: bytes, count: Int(ASN1_STRING_length(value))))
    switch kind {
    case GEN_DNS: self = .dns(String(decoding: content, as: UTF8.self))
    case GEN_IPADD: self = .address(Self.text(ofAddress: content))
    default: return nil
    }
  }

  private static func text(ofAddress bytes: [UInt8]) -> String {
    var text = [CChar](repeating: 0, count: 64)
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard bytes.count == 4 || bytes.count == 16,
      inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil
    else { return "" }
    return text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
  }
}
