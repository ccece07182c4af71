import BoardLink
import Foundation
import PosixIO
import Scenarios
import Verdicts

/// `wsrig.toml`: the boards of a bench, its WLAN, the server's address, limits, the client. What the command line says wins.
public struct BenchFile: Sendable {
  /// The file's name in a working folder.
  public static let name = "wsrig.toml"

  /// A board that the file names.
  public struct Board: Sendable, Hashable {
    /// The name by which `--board` knows it.
    public var name: String
    /// How it is reached.
    public var selector: BoardSelector
    /// The address by which it reaches the server; nil is that of the file as a whole.
    public var host: String?
    /// The server's port for it.
    public var port: UInt16?
    /// Whether it is to join the WLAN of the file.
    public var joinsWLAN: Bool
  }

  /// The file.
  public let path: String
  /// The boards by name.
  public private(set) var boards: [Board] = []
  /// What `--board` is where it is not given; empty where the file does not say.
  public private(set) var usualBoards: [String] = []
  /// The address that the server listens on.
  public private(set) var host: String?
  /// Its port.
  public private(set) var port: UInt16?
  /// The WLAN.
  public private(set) var wlan: WLANDescription?
  /// The client's path, from the file's folder if it is no absolute one.
  public private(set) var client: String?
  /// The adapter: a name, or a path like the client's.
  public private(set) var adapter: String?
  /// The limits of resources that it sets.
  public private(set) var limits = LimitChanges()

  /// The file that is given, or the one in the working folder.
  /// - Returns: nil where none is given and there is none.
  /// - Throws: `ConfigurationError` with file, line, key and what is allowed there.
  public static func find(_ path: String?) throws -> BenchFile? {
    if let path { return try BenchFile(path: path) }
    return FileManager.default.fileExists(atPath: name) ? try BenchFile(path: name) : nil
  }

  /// Reads a file.
  /// - Throws: `ConfigurationError` with file, line, key and what is allowed there.
  public init(path: String) throws {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw ConfigurationError(
        "The bench file '\(path)' cannot be read: \(error.reasonForReading(path)); check --config.")
    }
    self.path = path
    let keys = ["board", "client", "adapter", "server", "wlan", "limits", "boards"]
    let root = try TOMLReader(text: String(decoding: data, as: UTF8.self), file: path).table(keys)
    client = try root["client"].map { resolved(try $0.string("a path")) }
    adapter = try root["adapter"].map { adapter in
      let text = try adapter.string("the name of an adapter, or a path")
      return text.contains("/") || text.hasSuffix(".py") ? resolved(text) : text
    }
    if let server = try root["server"]?.table(["host", "port"]) {
      host = try server["host"]?.string("an address of this computer")
      port = try server["port"].map(Self.port)
    }
    wlan = try root["wlan"].map(description)
    limits = try root["limits"].map(LimitChanges.init) ?? LimitChanges()
    boards = try root["boards"]?.entries().map(board) ?? []
    usualBoards = try root["board"].map(usual) ?? []
  }

  /// Whether it says which boards there are.
  public var namesBoards: Bool { !boards.isEmpty || !usualBoards.isEmpty }

  /// The board of that name; nil where the text is no name of the file.
  public func board(named name: String) -> Board? { boards.first { $0.name == name } }

  private static func port(_ reader: TOMLReader) throws -> UInt16 { UInt16(try reader.integer(0...65535)) }

  /// Paths in the file begin at its folder, wherever the tool is called.
  private func resolved(_ text: String) -> String {
    guard !text.hasPrefix("/") else { return text }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().relativePath
    return folder == "." || folder.isEmpty ? text : "\(folder)/\(text)"
  }

  private func description(_ reader: TOMLReader) throws -> WLANDescription {
    if let secret = try? reader.entries().first(where: { $0.key == "passphrase" })?.value {
      // Told apart from a key that is mistyped: whoever reads this has just written a secret into a file.
      throw secret.complaint(
        "is not allowed: this file is for everybody to read; write passphrase-env = \"NAME\" or passphrase-file = \"PATH\" instead"
      )
    }
    let keys = try reader.table(["ssid", "passphrase-env", "passphrase-file", "country", "power"])
    guard let ssid = try keys["ssid"]?.string("the name of the network") else {
      throw reader.complaint("lacks ssid, the name of the network")
    }
    if let key = keys["ssid"], !(1...32).contains(ssid.utf8.count) {
      throw key.complaint("has \(ssid.utf8.count) bytes; a network's name has 1 to 32")
    }
    if let both = keys["passphrase-file"], keys["passphrase-env"] != nil {
      throw both.complaint("stands beside passphrase-env; only one of them says where the passphrase is")
    }
    var source = WLANDescription.Source.open
    if let name = try keys["passphrase-env"]?.string("the name of an environment variable") {
      source = .environment(name)
    }
    if let file = try keys["passphrase-file"]?.string("a path") { source = .file(resolved(file)) }
    let place = keys["passphrase-env"] ?? keys["passphrase-file"] ?? reader
    return WLANDescription(
      ssid: ssid, source: source, country: try keys["country"].map(Self.country),
      power: try keys["power"]?.word(WLANPower.self),
      place: "\(reader.file), line \(place.lines[place.path]): \(place.path.joined(separator: "."))")
  }

  private static func country(_ reader: TOMLReader) throws -> String {
    let text = try reader.string("two letters")
    guard text.wholeMatch(of: /[A-Z]{2}/) != nil else {
      throw reader.problem("is \"\(text)\"", allowed: "two capital letters, such as DE")
    }
    return text
  }

  private func board(name: String, _ reader: TOMLReader) throws -> Board {
    guard (try? BoardSelector(name)) == nil, name != "all", name.wholeMatch(of: /[A-Za-z0-9_.-]+/) != nil
    else {
      throw reader.complaint(
        "is no name for a board: allowed are letters, digits, '-', '_' and '.', and no word that --board knows already"
      )
    }
    let keys = try reader.table(["serial", "link", "host", "port", "wlan"])
    let selector: BoardSelector
    switch (keys["serial"], keys["link"]) {
    case (let serial?, nil): selector = .usb(try serial.string("the serial number of a board on USB"))
    case (nil, let link?):
      do {
        selector = try BoardSelector(try link.string("a board as --board takes it"))
      } catch let error as BoardSelectorError {
        throw link.complaint("is wrong: \(error)")
      }
    case (_?, let link?):
      throw link.complaint("stands beside serial; only one of them says which board it is")
    case (nil, nil):
      throw reader.complaint("lacks serial (of a board on USB) or link (a board as --board takes it)")
    }
    return Board(
      name: name, selector: selector, host: try keys["host"]?.string("an address of this computer"),
      port: try keys["port"].map(Self.port), joinsWLAN: try keys["wlan"]?.boolean() ?? true)
  }

  private func usual(_ reader: TOMLReader) throws -> [String] {
    let words = try reader.strings(
      "the name of a board, a board as --board takes it, all, or an array of such")
    let names = boards.map(\.name)
    for word in words where word != "all" && !names.contains(word) && (try? BoardSelector(word)) == nil {
      let hint = Nearest.name(to: word, in: names).map { " (did you mean \($0)?)" } ?? ""
      throw reader.problem(
        "is \"\(word)\"",
        allowed: (names + ["all, and boards as --board takes them"]).joined(separator: ", ") + hint)
    }
    return words
  }
}

/// The limits of resources that somebody changed; what is nil is as it was.
public struct LimitChanges: Sendable, Hashable {
  /// See `ResourceLimits`.
  public var leak, kept, block, allocation, event, connection, gap: Int?

  /// Changes nothing.
  public init() {}

  init(_ reader: TOMLReader) throws {
    let keys = try reader.table(["leak", "kept", "block", "allocation", "event", "connection", "gap"])
    leak = try keys["leak"]?.integer(0...Int.max)
    kept = try keys["kept"]?.integer(0...Int.max)
    block = try keys["block"]?.integer(0...100)
    allocation = try keys["allocation"]?.integer(0...Int.max)
    event = try keys["event"]?.integer(0...Int.max)
    connection = try keys["connection"]?.integer(0...Int.max)
    gap = try keys["gap"]?.integer(0...Int.max)
  }

  /// These changes, and where they say nothing, those of `other`.
  public func over(_ other: LimitChanges) -> LimitChanges {
    var changes = self
    changes.leak = leak ?? other.leak
    changes.kept = kept ?? other.kept
    changes.block = block ?? other.block
    changes.allocation = allocation ?? other.allocation
    changes.event = event ?? other.event
    changes.connection = connection ?? other.connection
    changes.gap = gap ?? other.gap
    return changes
  }

  /// The limits with the changes.
  public var limits: ResourceLimits {
    let usual = ResourceLimits()
    return ResourceLimits(
      leakBytes: leak ?? usual.leakBytes, keptBytes: kept ?? usual.keptBytes,
      blockPercent: block ?? usual.blockPercent, allocationFactor: allocation ?? usual.allocationFactor,
      eventBytes: event ?? usual.eventBytes, connectionBytes: connection ?? usual.connectionBytes,
      gapMilliseconds: gap ?? usual.gapMilliseconds)
  }
}
