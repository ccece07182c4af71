import Foundation

/// Places in the repository that tests need, found by walking up from this file.
public enum Repository {
  /// The repository's folder.
  public static let folder: URL = {
    var place = URL(filePath: #filePath).resolvingSymlinksInPath()
    while place.path != "/" {
      place.deleteLastPathComponent()
      if FileManager.default.fileExists(atPath: place.appending(path: "fixtures/board/agent.py").path) {
        return place
      }
    }
    preconditionFailure("no fixtures folder above \(#filePath)")
  }()

  /// The folder `fixtures`.
  public static var fixtures: URL { folder.appending(path: "fixtures") }

  /// The path of a program in the private virtual environment; nil where it is missing.
  public static func program(_ name: String) -> String? {
    let path = folder.appending(path: ".venv/bin/\(name)").path
    return FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }

  /// The path of a package in the private virtual environment; nil where it is missing.
  public static func package(_ name: String) -> String? {
    let libraries = folder.appending(path: ".venv/lib")
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: libraries.path)) ?? []
    let places = versions.sorted().map { libraries.appending(path: "\($0)/site-packages/\(name)").path }
    return places.first { FileManager.default.fileExists(atPath: $0) }
  }

  /// Python with everything that the tests need; nil where something is missing.
  public static let python: String? = {
    let packages = ["jsonschema", "websockets", "mpremote", "async_websocket_client"]
    guard packages.allSatisfy({ package($0) != nil }), program("micropython") != nil else { return nil }
    return program("python3")
  }()

  /// Whether there is one.
  public static let hasPython = python != nil
  /// Why tests that need it are skipped.
  public static let pythonIsMissing =
    "needs the Python packages that 'scripts/setup --tests' installs into .venv"
}
