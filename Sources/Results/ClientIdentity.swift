/// The client under test.
public struct ClientIdentity: Sendable, Hashable, Codable {
  /// Its path on the host, as the user gave it or relative to the repository.
  public var path: String
  /// The adapter's file name.
  public var adapter: String
  /// SHA-1 of each file, 40 hexadecimal digits, by its name on the board.
  public var files: [String: String]

  /// Creates an identity.
  public init(path: String, adapter: String, files: [String: String]) {
    self.path = path
    self.adapter = adapter
    self.files = files
  }
}
