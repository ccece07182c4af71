/// The part an endpoint plays on a connection (RFC 6455 section 2).
///
/// Only two rules differ between the roles once the connection is open: a client masks every frame it sends and a
/// server masks none (section 5.1), and the server closes the TCP connection first (section 7.1.1).
@frozen public enum Role: String, Hashable, Sendable, CaseIterable {
  /// The endpoint that opened the connection; it masks what it sends.
  case client
  /// The endpoint that accepted the connection; it never masks.
  case server

  /// The role of the other endpoint.
  @inlinable public var peer: Role { self == .client ? .server : .client }
}
