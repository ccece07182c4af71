import Foundation
import PosixIO
import Results

/// The folder `fixtures` of the repository: what the rig brings along for the board.
public struct Fixtures: Sendable {
  /// The folder.
  public let folder: URL

  /// Takes the folder given, or finds it by walking up from the executable.
  /// - Throws: `ConfigurationError` where there is none.
  public init(path: String?) throws {
    if let path {
      folder = URL(fileURLWithPath: path, isDirectory: true)
      guard Self.isFixtures(folder) else {
        throw ConfigurationError("The fixtures folder '\(path)' has no board/agent.py; check --fixtures.")
      }
      return
    }
    var parent = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    while parent.path != "/" {
      let candidate = parent.appendingPathComponent("fixtures", isDirectory: true)
      if Self.isFixtures(candidate) {
        folder = candidate
        return
      }
      parent.deleteLastPathComponent()
    }
    throw ConfigurationError(
      "Found no fixtures folder above the executable; name it with --fixtures PATH.")
  }

  private static func isFixtures(_ folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent("board/agent.py").path)
  }

  /// The repository, which holds the folder.
  public var repository: URL { folder.deletingLastPathComponent() }
  /// The agent's source.
  var agent: URL { folder.appendingPathComponent("board/agent.py") }
  /// The source of the file system in the board's memory.
  var ramFileSystem: URL { folder.appendingPathComponent("board/ramfs.py") }
  /// The folder of the adapters.
  var adapters: URL { folder.appendingPathComponent("board/adapters", isDirectory: true) }
  /// The Python side of the simulated board.
  public var simulatedBoard: URL { folder.appendingPathComponent("board/simulated", isDirectory: true) }
  /// The program that puts CPython in the place of a board.
  var pythonBoard: URL { folder.appendingPathComponent("board/python", isDirectory: true) }
  /// The folder of the mutants of our client.
  public var mutants: URL { folder.appendingPathComponent("mutants", isDirectory: true) }
  /// The folder of scenarios that a fuzzing run or the field brought up.
  public var scenarios: URL { folder.appendingPathComponent("scenarios", isDirectory: true) }
  /// The folder of the programs that count a client's lines, and that show a finding without the rig.
  var fuzzing: URL { folder.appendingPathComponent("fuzz", isDirectory: true) }
  /// Our own client.
  var ownClient: URL {
    folder.appendingPathComponent("async_websocket_client", isDirectory: true)
  }

  /// The CPython that stands in the place of a board: the path given, else the one in which `scripts/setup --tests` installs clients.
  /// - Throws: `ConfigurationError` where it is missing.
  func python(path: String?) throws -> URL {
    // Not resolved: Python finds its environment by the path that it was started with.
    let python =
      path.map { URL(fileURLWithPath: $0) } ?? repository.appendingPathComponent(".venv/bin/python3")
    guard FileManager.default.isExecutableFile(atPath: python.path) else {
      throw ConfigurationError(
        "The Python interpreter '\(python.path)' is missing or not executable; "
          + (path == nil ? "run scripts/setup --tests." : "check --board."))
    }
    return python
  }

  /// What RFC 6455 demands, and which scenarios test it.
  /// - Throws: `ConfigurationError` where the index cannot be read.
  public func ruleIndex() throws -> RuleIndex {
    let file = folder.appendingPathComponent("rules/rfc6455.json")
    do {
      return try RuleIndex(json: Data(contentsOf: file))
    } catch let error as DecodingError {
      throw ConfigurationError("The rule index '\(file.path)' is not as it should be: \(error.place).")
    } catch {
      throw ConfigurationError(
        "The rule index '\(file.path)' cannot be read: \(error.underlyingReason); check --fixtures.")
    }
  }

  /// The interpreter of the simulated board: the path given, else the one that `scripts/setup` installs.
  /// - Throws: `ConfigurationError` where it is missing.
  public func interpreter(path: String?) throws -> URL {
    if let path {
      guard FileManager.default.isExecutableFile(atPath: path) else {
        throw ConfigurationError(
          "The MicroPython interpreter '\(path)' is missing or not executable; check --micropython.")
      }
      return URL(fileURLWithPath: path)
    }
    let wrapper = repository.appendingPathComponent(".venv/bin/micropython")
    guard FileManager.default.isExecutableFile(atPath: wrapper.path) else {
      throw ConfigurationError(
        "The simulated board needs the MicroPython interpreter, and '\(wrapper.path)' is missing; "
          + "run scripts/setup, or name one with --micropython PATH.")
    }
    return wrapper
  }
}
