import Foundation
import PosixIO
import RawREPL

/// A Python module on its way to a board's RAM.
public struct BoardModule: Sendable, Hashable {
  /// The file name, with folders for a package: `agent.py`, `package/__init__.py`.
  public var name: String
  /// Its content, source or `.mpy`.
  public var bytes: [UInt8]

  /// Names content.
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }
}

extension Board {
  /// A chunk of a module as it travels, in bytes: its literal must fit a heap that is half full.
  static let moduleChunkBytes = 4096

  /// Puts modules into a file system in the board's RAM, mounted at `/wsrig` and first on `sys.path`. Flash is
  /// never written. They are imported from there by the next `execute`; then `dropModules` frees the texts.
  ///
  /// - Parameter fileSystem: the source of `fixtures/board/ramfs.py`.
  /// - Returns: nil if all went well; otherwise the exception, such as MemoryError for what does not fit.
  public func loadModules(_ modules: [BoardModule], fileSystem: String) async throws -> Traceback? {
    if let traceback = try await load(fileSystem) { return traceback }
    for module in modules {
      let name = PythonLiteral.string(module.name).source
      if let traceback = try await load("wsrig_ramfs.create(\(name))") { return traceback }
      for start in stride(from: 0, to: module.bytes.count, by: Self.moduleChunkBytes) {
        let chunk = module.bytes[start..<min(start + Self.moduleChunkBytes, module.bytes.count)]
        let source = "wsrig_ramfs.append(\(name),\(Self.expression(for: [UInt8](chunk))))"
        if let traceback = try await load(source) { return traceback }
      }
    }
    state = .agentLoaded
    return nil
  }

  /// Unmounts the RAM file system and frees the texts; what was imported stays.
  public func dropModules() async throws {
    _ = try await load("wsrig_ramfs.drop()\ndel wsrig_ramfs")
  }

  private func load(_ source: String) async throws -> Traceback? {
    try await execute(source, deadline: .after(timeouts.exchange)).traceback
  }

  /// Text travels readably; content that would mostly be escapes as Base64.
  private static func expression(for bytes: [UInt8]) -> String {
    let literal = PythonLiteral.bytes(bytes).source
    guard literal.utf8.count > bytes.count * 3 / 2 else { return literal }
    return "__import__('binascii').a2b_base64('\(Data(bytes).base64EncodedString())')"
  }
}
