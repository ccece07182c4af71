import CLinux
import Glibc

/// How a program is started.
public struct ChildCommand: Sendable {
  /// The program's path; a bare name is looked up in the parent's `PATH`.
  public var program: String
  /// Its arguments, without the program's own name.
  public var arguments: [String]
  /// Variables set on top of the parent's environment; nil removes one.
  public var environment: [String: String?]
  /// The working folder; nil keeps the parent's.
  public var folder: String?

  /// Describes a command.
  public init(
    _ program: String, _ arguments: [String] = [], environment: [String: String?] = [:], folder: String? = nil
  ) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.folder = folder
  }
}

/// What a child's standard streams are joined to.
public enum ChildStreams: Sendable {
  /// Nothing: `/dev/null`.
  case none
  /// Standard input, output and error of the parent.
  case inherited
  /// Pipes: ``ChildProcess/input``, ``ChildProcess/output`` and ``ChildProcess/errors``.
  case pipes
}

/// How a child ended.
public enum ChildEnd: Hashable, Sendable, CustomStringConvertible {
  /// It exited with a status.
  case exited(Int32)
  /// A signal ended it.
  case killed(signal: Int32)

  /// `exit status 1` or `killed by signal 9`.
  public var description: String {
    switch self {
    case .exited(let status): "exit status \(status)"
    case .killed(let signal): "killed by signal \(signal)"
    }
  }
}

/// A program started by us, in a session of its own, ended by the kernel when the loop's thread ends.
///
/// `@unchecked Sendable`: all mutable state is touched on the loop's thread only.
public final class ChildProcess: ReadinessHandler, @unchecked Sendable {
  /// The process id; also the id of its process group.
  public let id: Int32
  /// The program, for messages.
  public let program: String
  /// Where to write what the child reads; with ``ChildStreams/pipes`` only.
  public let input: ByteChannel?
  /// What the child writes to standard output; with ``ChildStreams/pipes`` only.
  public let output: ByteChannel?
  /// What the child writes to standard error; with ``ChildStreams/pipes`` only.
  public let errors: ByteChannel?

  private let loop: EventLoop
  private var handle: OwnedDescriptor
  private var registration: Registration?
  private var end: ChildEnd?
  private var waiters: [Int: (Result<ChildEnd, any Error>) -> Void] = [:]
  private var nextWaiter = 0

  private init(
    id: Int32, program: String, handle: consuming OwnedDescriptor, channels: [ByteChannel], on loop: EventLoop
  ) throws(PosixError) {
    self.id = id
    self.program = program
    self.loop = loop
    self.handle = handle
    (input, output, errors) = channels.count == 3 ? (channels[0], channels[1], channels[2]) : (nil, nil, nil)
    registration = try loop.register(self.handle, .readable, self)
  }

  /// Starts a program with its standard streams joined to `streams`. From any task.
  public static func start(
    _ command: ChildCommand, streams: ChildStreams = .none, on loop: EventLoop
  ) async throws -> ChildProcess {
    try await loop.perform { try startOnLoop(command, streams, on: loop) }
  }

  /// Starts a program on a pseudo-terminal, which becomes its standard streams and its controlling terminal.
  /// On the loop or from any task; the terminal stays the caller's.
  public static func start(
    _ command: ChildCommand, terminal: borrowing PseudoTerminal, on loop: EventLoop
  ) async throws -> ChildProcess {
    let raw = fcntl(terminal.terminal.raw, F_DUPFD_CLOEXEC, 3)
    guard raw >= 0 else { throw PosixError.last(.spawn, command.program) }
    return try await loop.perform {
      let descriptor = OwnedDescriptor(adopting: raw)
      let standard = [descriptor.raw, descriptor.raw, descriptor.raw]
      return try spawn(command, standard: standard, terminal: descriptor.raw, channels: [], on: loop)
    }
  }

  /// Waits for the child's end; throws `PosixError` with `.timedOut` when the deadline passed. From any task.
  public func waitForEnd(deadline: Deadline) async throws -> ChildEnd {
    try await withCheckedThrowingContinuation { continuation in
      loop.submit { self.beginWait(deadline) { continuation.resume(with: $0) } }
    }
  }

  /// Sends a signal to the child, or to its whole process group; a child that has ended gets none, nor does
  /// another process that took over its number. From any thread, done on the loop.
  public func signal(_ number: Int32, toGroup: Bool = false) {
    loop.submit { [self] in
      guard end == nil else { return }
      if toGroup { _ = Glibc.kill(-id, number) }
      _ = clinux_pidfd_signal(handle.raw, number)
    }
  }

  /// Ends the child at once (SIGKILL to its process group). From any thread.
  public func kill() { signal(SIGKILL, toGroup: true) }

  /// Called by the loop when the child has ended.
  public func isReady(_ readiness: Readiness) {
    var code: Int32 = 0
    var signaled: Int32 = 0
    guard clinux_reap(handle.raw, &code, &signaled) == 1 else { return }
    let end: ChildEnd = signaled == 1 ? .killed(signal: code) : .exited(code)
    self.end = end
    if let registration { loop.deregister(registration) }
    handle.close()
    let waiting = waiters
    waiters = [:]
    for waiter in waiting.values { waiter(.success(end)) }
  }

  private func beginWait(_ deadline: Deadline, _ answer: @escaping (Result<ChildEnd, any Error>) -> Void) {
    if let end { return answer(.success(end)) }
    let number = nextWaiter
    nextWaiter += 1
    let timer = LoopTimer(on: loop) { [self] in
      waiters.removeValue(forKey: number)?(.failure(PosixError(.wait, program, .timedOut)))
    }
    waiters[number] = { result in
      timer.cancel()
      answer(result)
    }
    timer.set(deadline)
  }

  private static func startOnLoop(
    _ command: ChildCommand, _ streams: ChildStreams, on loop: EventLoop
  ) throws(PosixError) -> ChildProcess {
    switch streams {
    case .inherited: return try spawn(command, standard: [0, 1, 2], terminal: -1, channels: [], on: loop)
    case .none:
      let null = try OwnedDescriptor.open(path: "/dev/null", flags: O_RDWR)
      return try spawn(
        command, standard: [null.raw, null.raw, null.raw], terminal: -1, channels: [], on: loop)
    case .pipes:
      let input = try Pipe()
      let output = try Pipe()
      let errors = try Pipe()
      let standard = [input.readEnd.raw, output.writeEnd.raw, errors.writeEnd.raw]
      let channels = [
        ByteChannel(duplicating: input.writeEnd, endpoint: "input of \(command.program)", on: loop),
        ByteChannel(duplicating: output.readEnd, endpoint: "output of \(command.program)", on: loop),
        ByteChannel(duplicating: errors.readEnd, endpoint: "errors of \(command.program)", on: loop),
      ]
      return try spawn(command, standard: standard, terminal: -1, channels: channels, on: loop)
    }
  }

  private static func spawn(
    _ command: ChildCommand, standard: [Int32], terminal: Int32, channels: [ByteChannel], on loop: EventLoop
  ) throws(PosixError) -> ChildProcess {
    let path = try command.resolvedPath()
    let pid = withCStrings([path] + command.arguments) { arguments in
      withCStrings(command.fullEnvironment()) { environment in
        path.withCString { path in
          withOptionalCString(command.folder) { folder in
            var request = clinux_spawn(
              path: path, arguments: arguments, environment: environment, folder: folder,
              standard: (standard[0], standard[1], standard[2]), new_session: 1,
              controlling_terminal: terminal)
            return clinux_spawn_process(&request)
          }
        }
      }
    }
    guard pid > 0 else { throw .last(.spawn, command.program) }
    let handle = clinux_pidfd_open(pid)
    guard handle >= 0 else {
      let error = PosixError.last(.spawn, command.program)
      _ = Glibc.kill(pid, SIGKILL)
      throw error
    }
    return try ChildProcess(
      id: pid, program: command.program, handle: OwnedDescriptor(adopting: handle), channels: channels,
      on: loop)
  }
}

extension ByteChannel {
  /// A channel over a duplicate, so that a pipe's ends can be closed together after the start.
  fileprivate convenience init(
    duplicating descriptor: borrowing OwnedDescriptor, endpoint: String, on loop: EventLoop
  ) {
    let copy = OwnedDescriptor(adopting: fcntl(descriptor.raw, F_DUPFD_CLOEXEC, 3))
    self.init(adopting: copy, endpoint: endpoint, on: loop)
  }
}

extension ChildCommand {
  /// The path of the program, searched in `PATH` where it has no slash.
  fileprivate func resolvedPath() throws(PosixError) -> String {
    if program.contains("/") { return program }
    let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    for folder in folders.split(separator: ":") {
      let candidate = "\(folder)/\(program)"
      if access(candidate, X_OK) == 0 { return candidate }
    }
    throw PosixError(.spawn, program, .notFound, detail: "no such program in PATH")
  }

  fileprivate func fullEnvironment() -> [String] {
    var variables: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
      let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
      next += 1
    }
    for (name, value) in environment { variables[name] = value }
    return variables.map { "\($0.key)=\($0.value)" }
  }
}

/// Lends strings as a null-terminated array of C strings.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
  defer { for copy in copies { free(copy) } }
  return copies.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { preconditionFailure("an array that holds nil is never empty") }
    return body(base)
  }
}

private func withOptionalCString<Result>(
  _ string: String?, _ body: (UnsafePointer<CChar>?) -> Result
) -> Result {
  guard let string else { return body(nil) }
  return string.withCString { body($0) }
}
