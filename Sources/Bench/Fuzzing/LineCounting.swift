import BoardLink
import Foundation
import PosixIO
import Results

/// A client that tells which of its lines have run: its sources with a note before each statement, made by CPython's `ast`
/// (`fixtures/fuzz/instrument.py`), because the interpreter of a board cannot trace.
struct LineCounting {
  /// The client with its notes.
  let client: ClientBundle
  /// How many lines it has that can tell.
  let lineCount: Int
  /// About how much more heap the client takes with its notes, in bytes: what it lacks for messages must not be theirs.
  var heapBytes: Int { lineCount * 48 }

  private struct Instrumented: Decodable {
    var files: [String: String]
    var lines: Int
  }

  /// Longer than reading a few thousand lines takes on a busy computer.
  private static let limit = Duration.seconds(60)

  /// Puts the notes into a client's modules.
  /// - Throws: `ConfigurationError` where CPython is missing or cannot read the sources.
  init(_ bundle: ClientBundle, fixtures: Fixtures) async throws {
    let python = try fixtures.python(path: nil)
    let sources = bundle.files.filter { bundle.identity.files[$0.key] != nil && $0.key.hasSuffix(".py") }
      .mapValues { String(decoding: $0, as: UTF8.self) }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("wsrig-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let (input, output) = (
      folder.appendingPathComponent("in.json"), folder.appendingPathComponent("out.json")
    )
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try JSONEncoder().encode(sources).write(to: input)
      let script = fixtures.fuzzing.appendingPathComponent("instrument.py")
      let child = try await ChildProcess.start(
        ChildCommand(python.path, [script.path, input.path, output.path]), on: .shared)
      let end = try await child.waitForEnd(deadline: .after(Self.limit))
      guard end == .exited(0) else {
        throw ConfigurationError(
          "The lines of the client \(bundle.identity.path) cannot be counted: \(script.path) ended with \(end); "
            + "leave --lines out.")
      }
      let instrumented = try JSONDecoder().decode(Instrumented.self, from: Data(contentsOf: output))
      client = bundle.replacing(
        instrumented.files.mapValues { Array($0.utf8) }, note: "its lines counted")
      lineCount = instrumented.lines
    } catch let error as ConfigurationError {
      throw error
    } catch {
      throw ConfigurationError("The client's lines cannot be counted: \(error.underlyingReason).")
    }
  }
}
