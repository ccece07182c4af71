/// The chapters of the catalogue. The numbers are those that authors of servers know from Autobahn|Testsuite, where it has the
/// chapter; 0, 8 and 11 it left empty, and 14 and 15 are ours.
public enum Chapter: Int, Sendable, Hashable, CaseIterable, Codable {
  case openingHandshake = 0
  case framing = 1
  case pingPong = 2
  case reservedBits = 3
  case opcodes = 4
  case fragmentation = 5
  case utf8 = 6
  case closing = 7
  case masking = 8
  case limits = 9
  case autoFragmentation = 10
  case concurrency = 11
  case deflatePayloads = 12
  case deflateParameters = 13
  case resources = 14
  case tls = 15

  /// The chapter's title as reports show it.
  public var title: String {
    switch self {
    case .openingHandshake: "Opening handshake"
    case .framing: "Framing"
    case .pingPong: "Ping and Pong"
    case .reservedBits: "Reserved bits"
    case .opcodes: "Opcodes"
    case .fragmentation: "Fragmentation"
    case .utf8: "UTF-8"
    case .closing: "Closing handshake"
    case .masking: "Masking"
    case .limits: "Limits"
    case .autoFragmentation: "Automatic fragmentation"
    case .concurrency: "Concurrency"
    case .deflatePayloads: "permessage-deflate: messages"
    case .deflateParameters: "permessage-deflate: parameters"
    case .resources: "Resources"
    case .tls: "TLS"
    }
  }
}

extension Scenario {
  /// The chapter, which the id begins with; nil for a user's scenario whose id begins with no chapter's number.
  public var chapter: Chapter? {
    id.split(separator: ".", maxSplits: 1).first.flatMap { Int($0) }.flatMap(Chapter.init(rawValue:))
  }

  /// The chapter's title, or `User` for a user's own scenario that belongs to none.
  public var chapterTitle: String { chapter?.title ?? "User" }
}
