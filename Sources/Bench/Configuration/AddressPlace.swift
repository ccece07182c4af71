/// Where the address of a board's server was given, for messages that say what to check.
struct AddressPlace: Sendable, Hashable {
  /// The option, or file and key, that gave the host.
  var host = "--host"
  /// The same of the port.
  var port = "--port"

  /// Nothing but the options gave them.
  init() {}

  /// What a bench file says, of a board or of all; nil where it does not.
  init(_ board: BenchFile.Board?, _ file: BenchFile?) {
    guard let file else { return }
    func place(_ key: String, ofBoard: Bool, ofAll: Bool, _ option: String) -> String {
      if ofBoard, let board { return "boards.\(board.name).\(key) in \(file.path)" }
      return ofAll ? "server.\(key) in \(file.path)" : option
    }
    host = place("host", ofBoard: board?.host != nil, ofAll: file.host != nil, host)
    port = place("port", ofBoard: board?.port != nil, ofAll: file.port != nil, port)
  }

  /// Both.
  var both: String { "\(host) and \(port)" }
}
