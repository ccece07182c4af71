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

  /// Mounts a file system in the board's RAM at `/wsrig`, first on `sys.path`. Flash is never written. What is packed travels and
  /// lies there so where the firmware has the module `deflate`, which takes a third of the time and of the memory.
  ///
  /// - Parameter source: that of `fixtures/board/ramfs.py`.
  /// - Returns: nil if all went well; otherwise the exception, such as MemoryError.
  public func mountFileSystem(_ source: String) async throws -> Traceback? {
    let asking = "\nprint('~S:unpacks=%d'%wsrig_ramfs.unpacks)"
    let output = try await execute(
      Self.withoutComments(source) + asking, deadline: .after(timeouts.exchange))
    unpacksModules = output.text.contains("~S:unpacks=1")
    return output.traceback
  }

  /// Puts modules into the file system, from where they are imported by the next `execute`; then their text is gone.
  ///
  /// - Returns: nil if all went well; otherwise the exception, such as MemoryError for what does not fit.
  public func put(_ modules: [BoardModule]) async throws -> Traceback? {
    for load in Self.loads(of: modules, packed: unpacksModules) {
      guard let traceback = try await execute(load.program, deadline: .after(timeouts.exchange)).traceback
      else { continue }
      // The only thing that can go wrong on a board that got it whole is that it does not fit.
      guard traceback.type == "MemoryError" else {
        throw BoardFailure(
          board: link.selector.description, .damaged("a part of \(load.names) (\(traceback))"))
      }
      return traceback
    }
    state = .agentLoaded
    return nil
  }

  /// Unmounts the file system and frees what lies there; what was imported stays.
  public func unmountFileSystem() async throws {
    _ = try await execute("wsrig_ramfs.drop()\ndel wsrig_ramfs", deadline: .after(timeouts.exchange))
  }

  /// Calls that keep parts of modules, and the names of those.
  private struct Load {
    var names = ""
    var program = ""
    var contentBytes = 0

    mutating func add(_ chunk: ArraySlice<UInt8>, of module: BoardModule, isPacked: Bool) {
      if !names.hasSuffix(module.name) { names += names.isEmpty ? module.name : ", \(module.name)" }
      let name = PythonLiteral.string(module.name).source
      let packed = isPacked ? "True" : "False"
      let content = expression(for: [UInt8](chunk))
      program += "wsrig_ramfs.append(\(name),\(content),\(CRC32.checksum(of: chunk)),\(packed))\n"
      contentBytes += chunk.count
    }
  }

  /// Small modules share a program, as each costs a turn of the link; large ones travel in several.
  private static func loads(of modules: [BoardModule], packed: Bool) -> [Load] {
    var loads: [Load] = [Load()]
    for module in modules {
      let packed = packed ? module.packed : nil
      var rest = (packed ?? module.bytes)[...]
      repeat {
        if loads[loads.endIndex - 1].contentBytes >= moduleChunkBytes { loads.append(Load()) }
        let chunk = rest.prefix(moduleChunkBytes - loads[loads.endIndex - 1].contentBytes)
        loads[loads.endIndex - 1].add(chunk, of: module, isPacked: packed != nil)
        rest = rest.dropFirst(chunk.count)
      } while !rest.isEmpty
    }
    return loads
  }

  /// The lines that hold only a comment are for readers.
  private static func withoutComments(_ source: String) -> String {
    source.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("#") }.joined(separator: "\n")
  }
}

/// Text travels readably; content that would mostly be escapes as Base64.
private func expression(for bytes: [UInt8]) -> String {
  let literal = PythonLiteral.bytes(bytes).source
  guard literal.utf8.count > bytes.count * 3 / 2 else { return literal }
  return "__import__('binascii').a2b_base64('\(Data(bytes).base64EncodedString())')"
}
