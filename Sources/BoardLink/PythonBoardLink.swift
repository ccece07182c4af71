import Foundation
import PosixIO

/// CPython on this computer in the place of a board: a program that speaks the raw REPL (`fixtures/board/python`) on a
/// pseudo-terminal of its own. Its soft reset is its own affair; a hard reset starts it anew.
public actor PythonBoardLink: Link {
  /// `python`, or `python:PATH`.
  public nonisolated let selector: BoardSelector
  private let command: ChildCommand
  private let loop: EventLoop
  private var program: TerminalProgram?
  /// What it has printed and nobody has read yet.
  private var printed: [UInt8] = []

  /// The end of what the interpreter prints when it is up.
  private static let prompt = [UInt8](">>> ".utf8)

  /// A link that is not open yet.
  ///
  /// - Parameters:
  ///   - selector: the board's name.
  ///   - interpreter: the path of a CPython interpreter; one in a virtual environment brings its packages along.
  ///   - boardFolder: `fixtures/board/python`.
  public init(_ selector: BoardSelector, interpreter: String, boardFolder: String, on loop: EventLoop) {
    self.selector = selector
    self.loop = loop
    // Isolated from the user's environment; no files are left behind; text is UTF-8 whatever the locale.
    command = ChildCommand(interpreter, ["-I", "-B", "-X", "utf8", boardFolder + "/board.py"])
  }

  /// Starts the interpreter if none runs, and waits for its prompt: on a busy computer it takes longer than a prompt may.
  public func open(deadline: Deadline) async throws {
    guard program == nil else { return }
    program = try await TerminalProgram.start(command, as: selector, on: loop)
    printed = []
    var first: [UInt8] = []
    while first.suffix(Self.prompt.count) != Self.prompt[...] { first += try await read(deadline: deadline) }
    printed = first
  }

  /// Waits for bytes.
  public func read(deadline: Deadline) async throws -> [UInt8] {
    let program = try openProgram()
    if !printed.isEmpty {
      defer { printed = [] }
      return printed
    }
    let bytes = try await program.channel.read(deadline: deadline)
    guard bytes.isEmpty else { return bytes }
    let end = await program.waitForEnd()
    throw failure(.linkEnded(TerminalProgram.words(for: end)))
  }

  /// Writes all bytes.
  public func write(_ bytes: [UInt8], deadline: Deadline) async throws {
    try await openProgram().channel.write(bytes, deadline: deadline)
  }

  /// Ends the interpreter and starts another one.
  public func hardReset(deadline: Deadline) async throws {
    await close()
    try await open(deadline: deadline)
  }

  /// Ends the interpreter.
  public func close() async {
    await program?.kill()
    program = nil
  }

  /// The interpreter's process id while it runs, for tests that end it.
  public var processID: Int32? { program?.child.id }

  private func openProgram() throws -> TerminalProgram {
    guard let program else { throw failure(.linkEnded("the interpreter does not run")) }
    return program
  }
}
