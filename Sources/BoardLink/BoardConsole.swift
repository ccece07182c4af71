import PosixIO

/// Carries bytes between a person and a board's friendly prompt, over the same link that runs use.
public struct BoardConsole: Sendable {
  /// Ctrl-], which leaves.
  public static let leavingByte: UInt8 = 0x1D

  /// So long what was typed may take to its end once nobody has more to type.
  static let restLimit = Duration.seconds(10)

  /// Why a console ended.
  public enum Ending: Sendable, Equatable {
    /// The person left, or has nothing more to type and has seen what came of it.
    case left
    /// The board or its link ended.
    case lost(BoardFailure)
  }

  private let link: any Link
  private let timeouts: BoardTimeouts

  /// A console over a link that is not open yet.
  public init(_ link: any Link) {
    self.link = link
    timeouts = link.selector.isOnThisComputer ? .simulated : .attached
  }

  /// Opens the link.
  /// - Throws: `BoardFailure` where it cannot be opened; `CancellationError`.
  public func open() async throws {
    do {
      try await link.open(deadline: .after(timeouts.hardReset))
    } catch {
      await link.close()
      throw error
    }
  }

  /// Carries bytes until one side ends, and closes the link, whatever happens. What runs on the board goes on; a raw prompt becomes
  /// the friendly one. Where what is typed ends without leaving, as that of a pipe does, what comes of it is still shown, up to the
  /// prompt behind it.
  /// - Parameters:
  ///   - type: waits for what the person types; empty at the end.
  ///   - show: is given what the board sends.
  /// - Throws: `BoardFailure` where the board does not take the first byte; `CancellationError`.
  public func run(
    type: @escaping @Sendable () async throws -> [UInt8], show: @escaping @Sendable ([UInt8]) -> Void
  ) async throws -> Ending {
    do {
      // Ctrl-B shows banner and prompt, whichever prompt the board was at. One that was started just now shows them by itself.
      if !link.selector.isOnThisComputer {
        try await link.write([0x02], deadline: .after(timeouts.exchange))
      }
      let ending = try await carry(type, show)
      await link.close()
      return ending
    } catch {
      await link.close()
      throw error
    }
  }

  private func carry(
    _ type: @escaping @Sendable () async throws -> [UInt8], _ show: @escaping @Sendable ([UInt8]) -> Void
  ) async throws -> Ending {
    let prompts = AwaitedPrompts(behindBanner: !link.selector.isOnThisComputer)
    let ending = try await withThrowingTaskGroup(of: Ending?.self) { group in
      group.addTask { try await read(prompts, show) }
      group.addTask { try await write(type, prompts) }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
    if let ending { return ending }
    return try await readRest(prompts, show)
  }

  private func read(_ prompts: AwaitedPrompts, _ show: @Sendable ([UInt8]) -> Void) async throws -> Ending {
    do {
      while true {
        let bytes = try await link.read(deadline: .never)
        prompts.receive(bytes)
        show(bytes)
      }
    } catch let failure as BoardFailure {
      return .lost(failure)
    }
  }

  /// What still comes of what was typed.
  private func readRest(_ prompts: AwaitedPrompts, _ show: @Sendable ([UInt8]) -> Void) async throws -> Ending
  {
    let limit = Deadline.after(Self.restLimit)
    do {
      while !prompts.haveCome {
        let bytes = try await link.read(deadline: limit)
        prompts.receive(bytes)
        show(bytes)
      }
      return .left
    } catch let failure as BoardFailure {
      if case .timedOut = failure.cause { return .left }
      return .lost(failure)
    }
  }

  /// - Returns: nil where there is nothing more to type.
  private func write(
    _ type: @Sendable () async throws -> [UInt8], _ prompts: AwaitedPrompts
  ) async throws -> Ending? {
    do {
      while true {
        let keys = try await type()
        let end = keys.firstIndex(of: Self.leavingByte)
        let bytes = Array(keys[..<(end ?? keys.endIndex)])
        prompts.type(bytes)
        if !bytes.isEmpty { try await link.write(bytes, deadline: .after(timeouts.exchange)) }
        if end != nil { return .left }
        if keys.isEmpty { return nil }
      }
    } catch let failure as BoardFailure {
      return .lost(failure)
    }
  }
}
