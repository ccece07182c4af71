import BoardLink
import Foundation
import PosixIO
import RawREPL
import Results
import Scenarios
import Traces
import WebSocketProtocol

/// The client under test on its board: loads agent, adapter and client, again after each loss, and executes the agent's programs.
actor DeviceClient {
  let board: Board
  private let bundle: ClientBundle
  private let fileSystem: String
  /// Packed once, for all the times that they are loaded.
  private let agent: [BoardModule]
  private let modules: [BoardModule]
  private var states: BoardStates
  private var isLoaded = false
  /// Whether the client itself has begun to run since it was last being loaded.
  private var hasBegun = false
  /// What getting the board ready has shown; nil where it has to be done again.
  private var facts: BoardStates.Facts?
  /// What the agent told when the client was loaded.
  private var loaded: AgentRecord.Loaded?
  private var running: String?
  private var interruptedAt: MonotonicInstant?
  /// How many programs were executed, to tell one from the next.
  private var executions = 0
  /// What is under way, to be given up where its end does not come.
  private var execution: Task<ExecutionOutput, any Error>?
  private var isGivenUp = false
  /// Whether what was imported last had to be interrupted: it runs on for ever, and would again.
  private var isEndless = false
  private var watch: Task<Void, any Error>?

  /// Longer than any case: the cases end by themselves or by an interrupt.
  static let executionLimit = Duration.seconds(120)
  private static let importLimit = Duration.seconds(15)

  init(board: Board, bundle: ClientBundle, fixtures: Fixtures, states: BoardStates) throws {
    self.board = board
    self.states = states
    self.bundle = bundle
    let all = bundle.files.sorted { $0.key < $1.key }.map { BoardModule(packing: $0.value, as: $0.key) }
    agent = all.filter { $0.name == ClientBundle.agent }
    modules = all.filter { $0.name != ClientBundle.agent }
    fileSystem = String(decoding: try ClientBundle.read(fixtures.ramFileSystem), as: UTF8.self)
  }

  /// Gets the board ready for a client, unless it is.
  /// - Throws: `BoardStates.NotReady`, `BoardFailure`.
  func getReady() async throws {
    if facts == nil { facts = try await states.enter(board) }
  }

  /// Gets the board ready, and loads agent, adapter and client, as far as that is to be done. What does not load
  /// is tried once more on a new heap: only what fails twice is the client's doing, or what does not end.
  /// - Throws: `ConfigurationError` with the traceback where the client does not load; `BoardStates.NotReady`, `BoardFailure`.
  func load() async throws {
    try await getReady()
    guard !isLoaded else { return }
    try await board.step(.loadClient, isTold: states.isTold) { _ in
      do {
        try await loadAll()
      } catch let refusal as ConfigurationError {
        if await isEndless { throw refusal }
        try await board.softReset()
        try await loadAll()
      }
      return ("\(bundle.identity.path) with the adapter \(bundle.identity.adapter)", ())
    }
  }

  private func loadAll() async throws {
    hasBegun = false
    try await loadAgent()
    try await copy(modules)
    hasBegun = true
    let output = try await importing(by: AgentProgram.load(module: bundle.module))
    try await board.unmountFileSystem()
    loaded = Self.parsed(output).records.lazy.compactMap(\.loaded).first
    isLoaded = true
  }

  /// The agent first, alone: so its text does not lie there while a small heap has to hold the client's.
  private func loadAgent() async throws {
    try refuse(await board.mountFileSystem(fileSystem), "be copied into the board's memory")
    try await copy(agent)
    _ = try await importing(by: AgentProgram.importing)
  }

  private func copy(_ modules: [BoardModule]) async throws {
    try refuse(await board.put(modules), "be copied into the board's memory")
  }

  /// Executes what imports modules that were copied into the board's memory.
  private func importing(by program: String) async throws -> ExecutionOutput {
    let output = try await board.execute(program, deadline: .after(Self.importLimit))
    isEndless = output.wasInterrupted
    guard !isEndless else {
      throw refusal(
        "be imported",
        "it had not finished after \(Self.importLimit.components.seconds) s, when it was interrupted",
        detail: output.traceback?.text ?? "")
    }
    guard !output.didSoftReset else { throw refusal("be imported", "it reset the board") }
    try refuse(output.traceback, "be imported")
    return output
  }

  /// Whether the adapter that was loaded can tell the client how to speak TLS.
  var speaksTLS: Bool { loaded?.features?.contains(OptionalFeature.tls.rawValue) ?? false }

  /// Sets the next case apart from the ones before; after a reset the client is to be loaded again.
  func isolate(_ isolation: Isolation) async throws {
    if isolation != .sameInterpreter { states.isTold = false }
    switch isolation {
    case .sameInterpreter: return
    case .softReset:
      isLoaded = false
      try await board.softReset()
    case .hardReset:
      isLoaded = false
      facts = nil
      try await board.hardReset()
    }
  }

  /// Climbs the recovery ladder, or only its upper end; what was loaded is gone afterwards.
  func recover(from failure: BoardFailure, byRestart: Bool = false) async throws {
    (isLoaded, hasBegun) = (false, false)
    // It may have lost clock and WLAN, or have another address now.
    facts = nil
    states.isTold = true
    try await board.recover(from: failure, byRestart: byRestart)
  }

  /// What the board said of itself when it was attached.
  func record(selector: BoardSelector) async throws -> BoardRecord {
    guard let identity = await board.identity else {
      throw BoardFailure(board: "\(selector)", .unfit("it has not said who it is"))
    }
    var record = BoardRecord(
      selector: selector.description, kind: BoardKind(selector), machine: identity.machine,
      firmware: "\(identity.implementation) \(identity.version), \(identity.build)",
      uniqueID: identity.uniqueID.isEmpty ? nil : identity.uniqueID, heapFree: identity.freeHeapBytes,
      heapFreeLoaded: loaded?.freeHeap, clientFeatures: loaded?.features)
    record.address = facts?.address
    record.radio = facts?.radio
    (record.sockets, record.hasMoreSockets) = (facts?.sockets, facts?.hasMoreSockets)
    return record
  }

  /// Runs one of the agent's programs to its end; `interrupt` with the same name ends it sooner.
  /// - Parameters:
  ///   - limit: when the board is taken for lost.
  ///   - whenOver: called when the agent says that the client's steps are over; it leaves the client as it is until this returns.
  func execute(
    _ program: String, name: String = "", limit: Duration = DeviceClient.executionLimit,
    whenOver: (@Sendable () async -> Void)? = nil
  ) async throws -> AgentOutput {
    running = name
    interruptedAt = nil
    executions += 1
    isGivenUp = false
    let output: ExecutionOutput
    do {
      defer {
        watch?.cancel()
        (running, execution, watch) = (nil, nil, nil)
      }
      output = try await untilGivenUp(program, limit: limit, follow: whenOver.map(follower))
    } catch is CancellationError where isGivenUp {
      throw BoardFailure(
        board: board.link.selector.description, .timedOut("the end of a program that had nothing left to do"))
    }
    var parsed = Self.parsed(output)
    parsed.interruptAnswer = interruptedAt.map { .now() - $0 }
    parsed.exception = output.traceback.map { "\($0)" }
    if output.didSoftReset { isLoaded = false }
    return parsed
  }

  private func untilGivenUp(
    _ program: String, limit: Duration, follow: (@Sendable ([UInt8]) -> Void)?
  ) async throws -> ExecutionOutput {
    let execution = Task { [board] in
      try await board.execute(program, deadline: .after(limit), follow: follow)
    }
    self.execution = execution
    return try await withTaskCancellationHandler {
      try await execution.value
    } onCancel: {
      execution.cancel()
    }
  }

  /// The program that runs has nothing left to do but to tell what it has: where its end does not come, the board is lost, and not
  /// only when the longest case would be over.
  private func expectEnd() {
    let number = executions
    let limit = Deadline.after(board.timeouts.answer)
    watch?.cancel()
    watch = Task { [board] in
      try await board.loop.pause(until: limit)
      giveUp(number)
    }
  }

  private func giveUp(_ number: Int) {
    guard executions == number, let execution, !Task.isCancelled else { return }
    isGivenUp = true
    execution.cancel()
  }

  /// What follows a program's output, waits for its word that the steps are over, and has it go on once `body` has returned.
  private func follower(_ body: @escaping @Sendable () async -> Void) -> @Sendable ([UInt8]) -> Void {
    let watch = OverWatch { [board] in
      Task { [self] in
        await body()
        // What goes wrong here goes wrong for `execute` too, which reports it.
        try? await board.type(AgentProgram.goOn)
        await expectEnd()
      }
    }
    return { watch.receive($0) }
  }

  private static func parsed(_ output: ExecutionOutput) -> AgentOutput {
    var parsed = AgentOutput()
    parsed.receive(output.foreignOutput)
    parsed.receive(output.standardOutput)
    parsed.receiveEnd()
    return parsed
  }

  /// Sends Ctrl-C, if the program of that name still runs: a late interrupt must not hit the next one.
  func interrupt(_ name: String) async {
    guard running == name else { return }
    interruptedAt = .now()
    // What goes wrong here goes wrong for `execute` too, which reports it.
    try? await board.interrupt()
    expectEnd()
  }

  /// Whether the rig itself has the board get lost: then the client is not to be blamed for it.
  nonisolated var hasInjectedFaults: Bool { board.link is FaultyLink }

  /// The board was lost while it loaded the client: once may be chance. Twice is the client's doing, if it had begun to run both
  /// times, no fault was injected, and the board works without it.
  /// - Throws: `ConfigurationError` where it is the client's doing; `BoardFailure` and `BoardStates.NotReady` where it is the bench's.
  func loadAgain(after failure: BoardFailure) async throws {
    let hadBegun = hasBegun
    try await recover(from: failure)
    do {
      try await load()
    } catch let second as BoardFailure {
      guard hadBegun, hasBegun, !hasInjectedFaults else { throw second }
      try await recover(from: second)
      try await getReady()
      guard await loadsAgentAlone() else { throw second }
      throw refusal(
        "be imported", "the board was lost both times (\(second.reason)), and works without the client")
    }
  }

  /// Whether the board takes and runs what is the rig's own.
  private func loadsAgentAlone() async -> Bool {
    do {
      try await loadAgent()
      return true
    } catch {
      return false
    }
  }

  private func refuse(_ traceback: Traceback?, _ what: String) throws {
    guard let traceback else { return }
    throw refusal(what, "\(traceback)", detail: traceback.text)
  }

  private func refusal(_ what: String, _ reason: String, detail: String = "") -> ConfigurationError {
    ConfigurationError(
      "The client \(bundle.identity.path) with the adapter \(bundle.identity.adapter) could not \(what): \(reason); "
        + "check its files, the adapter and the heap.", detail: detail)
  }
}

extension BoardKind {
  /// What a selector leads to.
  init(_ selector: BoardSelector) {
    switch selector {
    case .simulated: self = .simulated
    case .python: self = .python
    case .reference: self = .reference
    case .terminal, .usb, .tcp, .rfc2217: self = .board
    }
  }
}

extension BoardModule {
  /// Names content, and packs it.
  fileprivate init(packing bytes: [UInt8], as name: String) {
    var deflater = RawDeflater(windowBits: Self.packingWindowBits, level: 9)
    self.init(name: name, bytes: bytes, packed: deflater.deflateWhole(bytes))
  }
}
