import Foundation
import PosixIO

/// How a child ended and what it had printed.
public struct FinishedChild: Sendable {
  /// How it ended.
  public var end: ChildEnd
  /// All of its standard output.
  public var output: String
  /// All of its standard error.
  public var errors: String

  /// Its exit status; nil where a signal ended it.
  public var status: Int32? { if case .exited(let status) = end { status } else { nil } }
  /// Everything about it, for the message of a failed test.
  public var everything: String { "\(end)\n--- output\n\(output)\n--- errors\n\(errors)" }
}

/// What a child did not do in time.
public struct ChildIsLate: Error, CustomStringConvertible {
  /// What was waited for, and what the child had printed by then.
  public var description: String
}

/// A program that a test has started. What it prints is collected; every wait has a deadline, at which the program is killed.
public actor RunningChild {
  /// The process id.
  public nonisolated let id: Int32
  private let child: ChildProcess
  private var output: [UInt8] = []
  /// How far `line(containing:)` has looked.
  private var seen = 0

  private init(_ child: ChildProcess) {
    self.child = child
    id = child.id
  }

  /// Starts a program with pipes for its standard streams; its input has ended.
  public static func start(
    _ program: String, _ arguments: [String] = [], environment: [String: String?] = [:], in folder: URL? = nil
  ) async throws -> RunningChild {
    let command = ChildCommand(program, arguments, environment: environment, folder: folder?.path)
    let child = try await ChildProcess.start(command, streams: .pipes, on: .shared)
    child.input?.close()
    return RunningChild(child)
  }

  /// Runs a program to its end.
  public static func run(
    _ program: String, _ arguments: [String] = [], environment: [String: String?] = [:],
    in folder: URL? = nil, within limit: Duration = .seconds(300)
  ) async throws -> FinishedChild {
    try await start(program, arguments, environment: environment, in: folder).finish(within: limit)
  }

  /// Waits for the next whole line of standard output that contains `part`; any line where it is empty.
  public func line(containing part: String, within limit: Duration = .seconds(120)) async throws -> String {
    let deadline = Deadline.after(limit)
    while true {
      while let end = output[seen...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: output[seen..<end], as: UTF8.self)
        seen = end + 1
        if part.isEmpty || line.contains(part) { return line }
      }
      guard try await readMore(deadline) else {
        throw late("the line \"\(part)\"")
      }
    }
  }

  /// Waits for the program's end.
  public func finish(within limit: Duration = .seconds(300)) async throws -> FinishedChild {
    let deadline = Deadline.after(limit)
    async let errors = Self.readAll(child.errors, deadline)
    while try await readMore(deadline) {}
    let text = try await errors
    do {
      let end = try await child.waitForEnd(deadline: deadline)
      return FinishedChild(
        end: end, output: String(decoding: output, as: UTF8.self),
        errors: String(decoding: text, as: UTF8.self)
      )
    } catch {
      throw late("its end")
    }
  }

  /// Sends a signal to the program alone.
  public nonisolated func signal(_ number: Int32) { child.signal(number) }

  /// Ends the program and its process group at once.
  public nonisolated func kill() { child.kill() }

  /// Takes the next bytes of standard output; false at its end.
  private func readMore(_ deadline: Deadline) async throws -> Bool {
    guard let channel = child.output else { return false }
    do {
      let bytes = try await channel.read(upTo: 1 << 16, deadline: deadline)
      output += bytes
      return !bytes.isEmpty
    } catch {
      throw late("more output")
    }
  }

  private func late(_ what: String) -> ChildIsLate {
    child.kill()
    return ChildIsLate(
      description:
        "\(child.program): no sign of \(what); it had printed:\n\(String(decoding: output, as: UTF8.self))"
    )
  }

  private static func readAll(_ channel: ByteChannel?, _ deadline: Deadline) async throws -> [UInt8] {
    var all: [UInt8] = []
    while let channel {
      let bytes = try await channel.read(upTo: 1 << 16, deadline: deadline)
      if bytes.isEmpty { break }
      all += bytes
    }
    return all
  }
}

/// The children of a process, as the kernel lists them.
public enum ChildProcesses {
  /// The ids of the processes whose parent is `parent`.
  public static func of(_ parent: Int32) -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap(Int32.init).filter { id in
      guard let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
        let name = status.lastIndex(of: ")")
      else { return false }
      let fields = status[name...].split(separator: " ")
      return fields.count > 2 && Int32(fields[2]) == parent && fields[1] != "Z"
    }
  }

  /// Whether a process is there and is not a zombie.
  public static func isAlive(_ id: Int32) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
      let name = status.lastIndex(of: ")")
    else { return false }
    return status[name...].split(separator: " ").dropFirst().first != "Z"
  }
}
