import Steps
import Traces

/// What a client has to make of the URL that its application gives (RFC 6455 section 3), found out without knowing what anybody
/// expects.
enum URLReading: Sendable, Hashable {
  /// It has to be opened.
  case lawful
  /// It may be refused, or be made lawful: the grammar of section 3 and those of other RFCs differ, or the URL needs encoding.
  case undecided
  /// It leads to no server, or is none; why, in words that follow "the URL".
  case unlawful(String)

  /// Reads the URL of a step.
  /// - Parameters:
  ///   - serverPort: the port that a URL without one must lead to; nil where the server has any other.
  ///   - speaksTLS: whether the server speaks TLS.
  init(_ step: ConnectStep, serverPort: UInt16?, speaksTLS: Bool) {
    let text = step.urlTemplate
    let trimmed = text.trimmingBlanks()
    let hasOddities =
      trimmed != text || text.contains("#")
      || !Self.path(of: trimmed).utf8.allSatisfy { (0x21...0x7E).contains($0) }
    self = Self.read(trimmed, serverPort, speaksTLS)
    if self == .lawful, hasOddities { self = .undecided }
  }

  private static func path(of text: String) -> Substring {
    guard let start = text.firstRange(of: "://")?.upperBound else { return "" }
    return text[start...].drop { !"/?#".contains($0) }
  }

  private static func read(_ text: String, _ serverPort: UInt16?, _ speaksTLS: Bool) -> URLReading {
    guard let mark = text.firstRange(of: "://") else { return .unlawful("has no scheme and two slashes") }
    let scheme = text[..<mark.lowerBound].lowercased()
    guard scheme == "ws" || scheme == "wss" else { return .unlawful("has another scheme than ws and wss") }
    if scheme == "wss", !speaksTLS { return .unlawful("asks for TLS, which the server does not speak") }
    let authority = text[mark.upperBound...].prefix { !"/?#".contains($0) }
    let place = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
    let found = read(place: place, serverPort)
    return found == .lawful && place.count < authority.count ? .undecided : found
  }

  /// Host and port.
  private static func read(place: Substring, _ serverPort: UInt16?) -> URLReading {
    let isBracketed = place.first == "["
    let end = isBracketed ? place.firstIndex(of: "]").map(place.index(after:)) : place.firstIndex(of: ":")
    guard let end = end ?? (isBracketed ? nil : place.endIndex) else {
      return .unlawful("has a bracket that is never closed")
    }
    let host = place[..<end]
    if let defect = defect(ofHost: host) { return .unlawful(defect) }
    let behind = place[end...]
    guard behind.isEmpty || behind.first == ":" else {
      return .unlawful("has something between host and port")
    }
    return read(port: behind.dropFirst(), isGiven: !behind.isEmpty, serverPort)
  }

  private static func defect(ofHost host: Substring) -> String? {
    if host.isEmpty { return "has no host" }
    if host == URLPlaceholder.host.rawValue { return nil }
    if host.first == "[" {
      let isAddress =
        host.contains(":") && host.dropFirst().dropLast().allSatisfy { $0.isHexDigit || ":.".contains($0) }
      return isAddress ? nil : "has brackets around what is no IPv6 address"
    }
    let isName = host.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || "-._~".utf8.contains(byte)
    }
    return isName ? nil : "has a host that is none"
  }

  private static func read(port: Substring, isGiven: Bool, _ serverPort: UInt16?) -> URLReading {
    switch port {
    case "{port}": return .lawful
    case "0{port}": return .undecided
    case "{overflowingPort}": return .unlawful("has a port beyond 65535")
    case "": return serverPort == 80 ? (isGiven ? .undecided : .lawful) : .unlawful("leads to another port")
    default: break
    }
    guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(port) else {
      return .unlawful("has a port that is no number")
    }
    guard (1...65535).contains(number) else { return .unlawful("has a port that there is not") }
    return serverPort.map(Int.init) == number ? .lawful : .unlawful("leads to another port")
  }
}
