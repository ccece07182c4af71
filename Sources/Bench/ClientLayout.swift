import Foundation

/// How a client lies on the host, and what that makes on the board.
struct ClientLayout {
  /// The client's files by their path on the board.
  var files: [String: [UInt8]]
  /// The module to import, where the layout says which: of a mip package the one that it names first.
  var module: String?

  /// What the board can import.
  private static let suffixes = [".py", ".mpy"]
  /// A mip package's description, as far as it matters here: pairs of path on the board and path in the package.
  private struct Package: Decodable { var urls: [[String]] }

  /// Reads a module file, a package folder (with `__init__.py`), a mip package (with `package.json`), a folder of modules, or a
  /// folder that holds nothing but one package.
  /// - Parameter place: where the path was given, for messages.
  init(of url: URL, place: String = "--client") throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw ConfigurationError("The client '\(url.path)' does not exist; check \(place).")
    }
    let name = url.standardizedFileURL.lastPathComponent
    if !isFolder.boolValue {
      guard let module = Self.moduleName(name) else {
        throw ConfigurationError(
          "The client '\(url.path)' is no MicroPython module: its name must end in .py or .mpy; check \(place)."
        )
      }
      self.init(files: [name: try ClientBundle.read(url)], module: module)
    } else if FileManager.default.fileExists(atPath: url.appendingPathComponent("package.json").path) {
      try self.init(mipPackage: url)
    } else if Self.isPackage(url) {
      self.init(files: try Self.files(in: url, under: name + "/"), module: name)
    } else {
      try self.init(folder: url, place: place)
    }
  }

  /// A module that is on the board already, with the name to import it by where the user gave one.
  init(installed module: String?) { self.init(files: [:], module: module) }

  private init(files: [String: [UInt8]], module: String?) {
    self.files = files
    self.module = module
  }

  private init(mipPackage url: URL) throws {
    let description = url.appendingPathComponent("package.json")
    let bytes = try ClientBundle.read(description)
    guard let package = try? JSONDecoder().decode(Package.self, from: Data(bytes)),
      package.urls.allSatisfy({ $0.count >= 2 })
    else {
      throw ConfigurationError(
        "'\(description.path)' is no mip package: \"urls\" must be a list of pairs, path on the board and path in the package."
      )
    }
    let modules = package.urls.filter { Self.moduleName($0[0]) != nil && $0[0] != "main.py" }
    try self.init(
      files: Dictionary(
        modules.map { ($0[0], try ClientBundle.read(url.appendingPathComponent($0[1]))) },
        uniquingKeysWith: { _, last in last }),
      module: modules.first.map { Self.root(of: $0[0]) })
  }

  private init(folder url: URL, place: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
    let modules = names.filter {
      Self.moduleName($0) != nil && !["main.py", "boot.py", "setup.py"].contains($0)
    }
    let packages = names.filter { Self.isPackage(url.appendingPathComponent($0)) }
    guard !(modules.isEmpty && packages.isEmpty) else {
      throw ConfigurationError(
        "The client folder '\(url.path)' holds no .py or .mpy module and no package; check \(place).")
    }
    var files: [String: [UInt8]] = [:]
    for name in modules { files[name] = try ClientBundle.read(url.appendingPathComponent(name)) }
    for name in packages {
      files.merge(try Self.files(in: url.appendingPathComponent(name), under: name + "/")) { first, _ in first
      }
    }
    self.init(files: files, module: Self.onlyModule(modules + packages.map { $0 + "/__init__.py" }))
  }

  /// The module, where there is only one to choose.
  private static func onlyModule(_ paths: [String]) -> String? {
    let roots = Set(paths.map(root))
    return roots.count == 1 ? roots.first : nil
  }

  /// What imports the file: the module itself, or the package in whose folder it lies.
  private static func root(of path: String) -> String {
    let first = path.split(separator: "/").first.map(String.init) ?? path
    return moduleName(first) ?? first
  }

  private static func moduleName(_ file: String) -> String? {
    suffixes.first { file.hasSuffix($0) }.map { String(file.dropLast($0.count)) }
  }

  private static func isPackage(_ folder: URL) -> Bool {
    suffixes.contains {
      FileManager.default.fileExists(atPath: folder.appendingPathComponent("__init__" + $0).path)
    }
  }

  private static func files(in folder: URL, under prefix: String) throws -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for path in FileManager.default.enumerator(atPath: folder.path)?.compactMap({ $0 as? String }) ?? []
    where moduleName(path) != nil {
      files[prefix + path] = try ClientBundle.read(folder.appendingPathComponent(path))
    }
    return files
  }
}
