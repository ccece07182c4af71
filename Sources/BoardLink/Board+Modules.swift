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
          board: link.selector.description,
          .damaged("a part of \(load.names.joined(separator: ", ")) (\(traceback))"))
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

  /// Small modules share a program, as each costs a turn of the link; large ones travel in several.
  private static func loads(of modules: [BoardModule], packed: Bool) -> [ModuleLoad] {
    var loads: [ModuleLoad] = []
    var load = ModuleLoad()
    for module in modules {
      let packed = packed ? module.packed : nil
      var rest = (packed ?? module.bytes)[...]
      repeat {
        let chunk = rest.prefix(moduleChunkBytes - load.contentBytes)
        load.add(chunk, of: module.name, isPacked: packed != nil)
        rest = rest.dropFirst(chunk.count)
        if load.contentBytes == moduleChunkBytes {
          loads.append(load)
          load = ModuleLoad()
        }
      } while !rest.isEmpty
    }
    return load.names.isEmpty ? loads : loads + [load]
  }

  /// The lines that hold only a comment are for readers.
  private static func withoutComments(_ source: String) -> String {
    source.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("#") }.joined(separator: "\n")
  }
}

/// A program that has the board keep parts of modules.
private struct ModuleLoad {
  /// The modules of which it has parts.
  var names: [String] = []
  var program = ""
  /// The size of those parts before they are written as literals.
  var contentBytes = 0

  mutating func add(_ chunk: ArraySlice<UInt8>, of name: String, isPacked: Bool) {
    if names.last != name { names.append(name) }
    let arguments = [
      PythonLiteral.string(name).source, Self.expression(for: [UInt8](chunk)),
      "\(CRC32.checksum(of: chunk))", PythonLiteral.bool(isPacked).source,
    ]
    program += "wsrig_ramfs.append(\(arguments.joined(separator: ",")))\n"
    contentBytes += chunk.count
  }

  /// Text travels readably; content that would mostly be escapes as Base64.
  private static func expression(for bytes: [UInt8]) -> String {
    let literal = PythonLiteral.bytes(bytes).source
    guard literal.utf8.count > bytes.count * 3 / 2 else { return literal }
    return "__import__('binascii').a2b_base64('\(Data(bytes).base64EncodedString())')"
  }
}
