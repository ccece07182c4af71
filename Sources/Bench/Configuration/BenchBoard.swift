import BoardLink
import Scenarios

/// A board of a run: how it is reached, and how it reaches the server.
public struct BenchBoard: Sendable, Hashable {
  /// What tells it from the other boards of the run: its name in `wsrig.toml`, or its selector, with a number where the run has
  /// several of that kind.
  public var id: String
  /// What `--board` takes for it.
  public var word: String
  /// How it is reached.
  public var selector: BoardSelector
  /// The address on which its server listens, and by which the board reaches it.
  public var host: String
  /// The port; 0 lets the kernel choose.
  public var port: UInt16
  /// The WLAN that it is to join; nil leaves that to the board.
  public var wlan: WLANDescription?
  /// Where host and port were given, for messages.
  var place = AddressPlace()

  /// A board.
  public init(
    _ selector: BoardSelector, word: String? = nil, host: String = "127.0.0.1", port: UInt16 = 0,
    wlan: WLANDescription? = nil
  ) {
    self.word = word ?? selector.description
    id = self.word
    self.selector = selector
    self.host = host
    self.port = port
    self.wlan = wlan
  }

  /// Its id as a part of a file's name.
  public var fileName: String {
    String(id.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "-" })
  }

  /// The boards of a run.
  /// - Parameters:
  ///   - words: what `--board` was given, each the name of a board in the file, a selector, or `all`; none stands for what the file says.
  ///   - host: what `--host` was given, which wins over the file.
  ///   - port: what `--port` was given.
  /// - Throws: `ConfigurationError`; `MissingBoard` where `all` finds none.
  public static func chosen(
    by words: [String], host: String?, port: UInt16?, file: BenchFile?
  ) throws -> [BenchBoard] {
    let words = words.isEmpty ? try usual(file) : words
    if words.contains("all"), words.count > 1 {
      throw ConfigurationError("--board all names every board; leave the others out.")
    }
    let named = try words == ["all"] ? all(file) : words.map { try board($0, file) }
    var boards = named
    for index in boards.indices {
      if let host { (boards[index].host, boards[index].place.host) = (host, AddressPlace().host) }
      if let port { (boards[index].port, boards[index].place.port) = (port, AddressPlace().port) }
    }
    try refuseTwice(boards)
    return numbered(boards)
  }

  private static func usual(_ file: BenchFile?) throws -> [String] {
    guard let file else { return ["sim"] }
    if !file.usualBoards.isEmpty { return file.usualBoards }
    let names = file.boards.map(\.name)
    guard names.count <= 1 else {
      throw ConfigurationError(
        "\(file.path) names several boards (\(names.joined(separator: ", "))); choose with --board, or by the key board in the file."
      )
    }
    return names.isEmpty ? ["sim"] : names
  }

  private static func all(_ file: BenchFile?) throws -> [BenchBoard] {
    if let file, !file.boards.isEmpty { return file.boards.map { BenchBoard($0, file) } }
    let attached = BoardDiscovery.attachedBoards().filter { !$0.isBootloader }
    guard !attached.isEmpty else {
      throw MissingBoard(
        "--board all found no board: no MicroPython board is attached by USB (2e8a:0005), and no wsrig.toml names any; see wsrig boards."
      )
    }
    return attached.map { plain($0.selector, file) }
  }

  private static func board(_ word: String, _ file: BenchFile?) throws -> BenchBoard {
    if let board = file?.board(named: word) { return BenchBoard(board, file) }
    do {
      let selector = try BoardSelector(word)
      let named = file?.boards.first { $0.selector == selector && !selector.isOnThisComputer }
      return named.map { BenchBoard($0, file) } ?? plain(selector, file)
    } catch {
      let names = file?.boards.map(\.name) ?? []
      guard let file, !names.isEmpty else {
        throw ConfigurationError("\(error); or all, or a board's name in wsrig.toml, where that names any.")
      }
      let hint = Nearest.name(to: word, in: names).map { " (did you mean \($0)?)" } ?? ""
      throw ConfigurationError(
        "\(error); or all, or a board of \(file.path): \(names.joined(separator: ", "))\(hint).")
    }
  }

  /// A board that the file does not name.
  private static func plain(_ selector: BoardSelector, _ file: BenchFile?) -> BenchBoard {
    var board = BenchBoard(
      selector, host: file?.host ?? "127.0.0.1", port: file?.port ?? 0,
      wlan: selector.isOnThisComputer ? nil : file?.wlan)
    board.place = AddressPlace(nil, file)
    return board
  }

  private init(_ board: BenchFile.Board, _ file: BenchFile?) {
    self.init(
      board.selector, word: board.name, host: board.host ?? file?.host ?? "127.0.0.1",
      port: board.port ?? file?.port ?? 0, wlan: board.joinsWLAN ? file?.wlan : nil)
    place = AddressPlace(board, file)
  }

  /// One board cannot play two parts, nor two servers listen on one port.
  private static func refuseTwice(_ boards: [BenchBoard]) throws {
    // Names that look different may lead to one board, by whose lock the run would wait for itself.
    let devices = boards.map { $0.selector.isOnThisComputer ? nil : PhysicalBoard($0.selector) }
    for (index, board) in boards.enumerated() {
      for (otherIndex, other) in boards[..<index].enumerated() {
        if let device = devices[index], device == devices[otherIndex] {
          throw ConfigurationError(
            "--board names the board twice that \(board.selector) leads to (\(other.word), \(board.word)); leave one out."
          )
        }
        if board.port == other.port, board.port != 0, board.host == other.host {
          throw ConfigurationError(
            "Each board has a server of its own, and two cannot listen on port \(board.port) of \(board.host); leave --port out, or give each board in wsrig.toml a port of its own."
          )
        }
      }
    }
  }

  private static func numbered(_ boards: [BenchBoard]) -> [BenchBoard] {
    boards.enumerated().map { index, board in
      guard boards.count(where: { $0.word == board.word }) > 1 else { return board }
      var board = board
      board.id += "-\(boards[...index].count { $0.word == board.word })"
      return board
    }
  }
}
