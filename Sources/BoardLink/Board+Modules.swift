import Foundation
import PosixIO
import RawREPL

/// A Python module on its way to a board's RAM.
public struct BoardModule: Sendable, Hashable {
  /// The file name, with folders for a package: `agent.py`, `package/__init__.py`.
  public var name: String
  /// Its content, source or `.mpy`.
  public var bytes: [UInt8]
  /// The same as one stream of raw DEFLATE (RFC 1951) with a window of ``packingWindowBits``, for boards that can unpack it.
  public var packed: [UInt8]?

  /// The window in which a board unpacks: 4 KiB of its heap.
  public static let packingWindowBits = 12

  /// Names content.
  public init(name: String, bytes: [UInt8], packed: [UInt8]? = nil) {
    self.name = name
    self.bytes = bytes
    self.packed = packed
  }
}

extension Board {
  /// A chunk of a module as it travels, in bytes: its literal must fit a heap that is half full.
  static let moduleChunkBytes = 4096

  /// Puts modules into a file system in the board's RAM, mounted at `/wsrig` and first on `sys.path`. Flash is
  /// never written. They are imported from there by the next `execute`; then `dropModules` frees the texts. What is packed travels
  /// and lies there so where the firmware has the module `deflate`, which takes a third of the time and of the memory.
  ///
  /// - Parameter fileSystem: the source of `fixtures/board/ramfs.py`.
  /// - Returns: nil if all went well; otherwise the exception, such as MemoryError for what does not fit.
  public func loadModules(_ modules: [BoardModule], fileSystem: String) async throws -> Traceback? {
    if let traceback = try await load(fileSystem) { return traceback }
    let unpacks = try await load("import deflate\ndeflate.DeflateIO\ndel deflate") == nil
    for module in modules {
      let name = PythonLiteral.string(module.name).source
      let packed = unpacks ? module.packed : nil
      let bytes = packed ?? module.bytes
      let create = "wsrig_ramfs.create(\(name),\(packed == nil ? "False" : "True"))"
      if let traceback = try await send(create, of: module) { return traceback }
      for start in stride(from: 0, to: bytes.count, by: Self.moduleChunkBytes) {
        let chunk = bytes[start..<min(start + Self.moduleChunkBytes, bytes.count)]
        let content = Self.expression(for: [UInt8](chunk))
        let source = "wsrig_ramfs.append(\(name),\(content),\(CRC32.checksum(of: chunk)))"
        if let traceback = try await send(source, of: module) { return traceback }
      }
    }
    state = .agentLoaded
    return nil
  }

  /// Unmounts the RAM file system and frees the texts; what was imported stays.
  public func dropModules() async throws {
    _ = try await load("wsrig_ramfs.drop()\ndel wsrig_ramfs")
  }

  /// Has the board keep a part of a module. The only thing that can go wrong on a board that got it whole is that it does not fit.
  private func send(_ source: String, of module: BoardModule) async throws -> Traceback? {
    guard let traceback = try await load(source) else { return nil }
    guard traceback.type == "MemoryError" else {
      throw BoardFailure(
        board: link.selector.description, .damaged("a part of \(module.name) (\(traceback))"))
    }
    return traceback
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
