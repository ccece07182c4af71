import BoardLink
import Foundation
import PosixIO
import Results
import WebSocketProtocol

/// The files that make up the client under test, with its adapter, as they are loaded onto the board.
public struct ClientBundle: Sendable {
  /// The agent's path on the board.
  static let agent = "wsrig_agent.py"

  /// The files by their path on the board, the agent and the adapter included.
  public let files: [String: [UInt8]]
  /// The module that the adapter imports; nil leaves the choice to the adapter.
  public let module: String?
  /// What reports say of it.
  public let identity: ClientIdentity

  /// Reads the client.
  /// - Parameters:
  ///   - client: a module file, a package folder, a folder of modules, or a mip package; for CPython also the name of an installed
  ///     module. Nil is our own client, for CPython the installed package that the adapter imports.
  ///   - adapter: the name of a built-in adapter or the path of an adapter file; nil is the one for the client that nil stands for.
  ///   - places: where client and adapter were given, for messages.
  /// - Throws: `ConfigurationError` naming the path and what was looked for.
  public init(
    client: String?, adapter: String?, board: BoardSelector = .simulated, fixtures: Fixtures,
    places: (client: String, adapter: String) = ("--client", "--adapter")
  ) throws {
    guard client != "" else {
      throw ConfigurationError("\(places.client) needs a path, and what it was given is empty.")
    }
    let isInstalled = board.isPython && Self.isInstalled(client)
    let url = client.map { URL(fileURLWithPath: $0) } ?? fixtures.ownClient
    let layout =
      isInstalled ? ClientLayout(installed: client) : try ClientLayout(of: url, place: places.client)
    let adapterURL = try Self.adapterFile(
      adapter ?? (board.isPython ? "websockets" : "async_websocketclient"), fixtures: fixtures,
      place: places.adapter)
    var all = layout.files
    all[Self.agent] = try Self.read(fixtures.agent)
    all["wsrig_adapter.py"] = try Self.read(adapterURL)
    files = all
    module = layout.module
    identity = ClientIdentity(
      path: client ?? (isInstalled ? "imported by its adapter" : Self.shown(url, in: fixtures.repository)),
      adapter: adapterURL.lastPathComponent, files: layout.files.mapValues(SHA1.hexadecimal(of:)))
  }

  /// The reference client, of which nothing has to be loaded.
  public static let reference = ClientBundle(
    files: [:], module: nil,
    identity: ClientIdentity(path: "the reference client", adapter: "none", files: [:]))

  private init(files: [String: [UInt8]], module: String?, identity: ClientIdentity) {
    self.files = files
    self.module = module
    self.identity = identity
  }

  /// The same client with another content of some of its files, and `note` behind its path in reports.
  func replacing(_ changes: [String: [UInt8]], note: String) -> ClientBundle {
    var changed = identity
    changed.path += " (\(note))"
    changed.files.merge(changes.mapValues(SHA1.hexadecimal(of:))) { _, new in new }
    return ClientBundle(
      files: files.merging(changes) { _, new in new }, module: module, identity: changed)
  }

  static func read(_ url: URL) throws -> [UInt8] {
    do {
      return [UInt8](try Data(contentsOf: url))
    } catch {
      throw ConfigurationError("Could not read '\(url.path)': \(error.reasonForReading(url.path)).")
    }
  }

  /// Whether it is no path that leads anywhere, but may be the name of a module.
  private static func isInstalled(_ client: String?) -> Bool {
    guard let client else { return true }
    return !FileManager.default.fileExists(atPath: client)
      && client.wholeMatch(of: /[A-Za-z_]\w*(\.[A-Za-z_]\w*)*/) != nil && !client.hasSuffix(".py")
  }

  private static func adapterFile(_ name: String, fixtures: Fixtures, place: String) throws -> URL {
    if name.contains("/") || name.hasSuffix(".py") {
      guard FileManager.default.fileExists(atPath: name) else {
        throw ConfigurationError("The adapter '\(name)' does not exist; check \(place).")
      }
      return URL(fileURLWithPath: name)
    }
    let file = fixtures.adapters.appendingPathComponent("\(name).py")
    guard FileManager.default.fileExists(atPath: file.path) else {
      let known = (try? FileManager.default.contentsOfDirectory(atPath: fixtures.adapters.path)) ?? []
      let names = known.filter { $0.hasSuffix(".py") }.map { String($0.dropLast(3)) }.sorted()
      throw ConfigurationError(
        "There is no built-in adapter '\(name)'; check \(place), which takes \(names.joined(separator: ", ")), or the path of a file."
      )
    }
    return file
  }

  private static func shown(_ url: URL, in repository: URL) -> String {
    let path = url.standardizedFileURL.path
    let root = repository.standardizedFileURL.path + "/"
    return path.hasPrefix(root) ? String(path.dropFirst(root.count)) : path
  }
}
