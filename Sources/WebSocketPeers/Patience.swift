import PosixIO

/// How long a scripted server waits for a client: as long as something moves, within a limit. Both grow with the bytes that have moved:
/// while a client works on a large message nothing moves, and how long that takes says more of its computer than of the client. The
/// limit grows with the script's steps too: who gets on in it is not stuck, however long it is.
public struct Patience: Sendable, Hashable {
  /// The server gives up when nothing has moved on any connection for that long, once the first was opened.
  public var quiet: Duration
  /// The server gives up at the latest that long after the attempt began, its own pauses excepted.
  public var atMost: Duration
  /// How much slower the client is than what the growth is made for.
  public var slowness: Double

  /// What a client may take for a byte in which nothing is seen of it: a second for each megabyte.
  static let perByte = Duration.microseconds(1)
  /// What it may take beyond that for each of the first bytes, which is all that a board holds: one that reads a few hundred bytes a
  /// turn, and sleeps 5 ms after each, takes half of that.
  static let perByteOfBoard = Duration.microseconds(10)
  /// So many bytes a board holds at the most.
  static let bytesOfBoard = 256 << 10
  /// What a TLS handshake may take in which nothing is seen of the client: it computes.
  static let perHandshake = Duration.seconds(1)
  /// What a step of the script may take.
  static let perStep = Duration.milliseconds(50)

  /// Creates a patience.
  public init(_ quiet: Duration, atMost: Duration, slowness: Double = 1) {
    self.quiet = quiet
    self.atMost = atMost
    self.slowness = slowness
  }

  /// What a client may take for so many bytes in which nothing is seen of it.
  func work(on bytes: Int) -> Duration {
    (Self.perByte * bytes + Self.perByteOfBoard * min(bytes, Self.bytesOfBoard)) * slowness
  }

  /// The later deadline that is due because something moved, or because the server itself is at work; nil where it is time to
  /// give up.
  /// - Parameter awaitsScript: whether the server's own pauses count; not where the client has gone.
  func extended(
    since begun: MonotonicInstant, connections: [ScriptedConnection], awaitsScript: Bool
  ) -> Deadline? {
    let now = MonotonicInstant.now()
    if awaitsScript, connections.contains(where: \.isAtWork) { return .after(quiet, from: now) }
    let instants = connections.flatMap { [$0.tap.lastInstant, $0.lastHandshakeInstant] }
    guard let last = instants.compactMap(\.self).max() else { return nil }
    let ownPauses = awaitsScript ? connections.map(\.ownPauses).max() ?? .zero : .zero
    let work = awaitsScript ? work(on: connections.reduce(0) { $0 + $1.tap.byteCount }) : .zero
    let steps = awaitsScript ? Self.perStep * connections.reduce(0) { $0 + $1.stepIndex } * slowness : .zero
    let handshakes =
      awaitsScript ? Self.perHandshake * connections.count(where: \.isSecure) * slowness : .zero
    let handshake =
      awaitsScript && connections.contains(where: \.isShakingHands) ? Self.perHandshake * slowness : .zero
    let later = min(
      last + quiet + work + handshake, begun + atMost + ownPauses + work + steps + handshakes)
    return later > now ? .at(later) : nil
  }
}

extension ScriptedConnection {
  /// Whether the script itself makes the client wait: a pause, or chunks still to be sent.
  var isAtWork: Bool { !isClosed && (stepTimer?.isSet == true || (!queue.isEmpty && isPacing)) }
}

/// Waits for a client side that does not end although its server has. Tells it once, unless called off before. Belongs to the
/// server's loop.
struct SilenceWatch {
  private let time: Duration
  private let timer: LoopTimer

  init(_ time: Duration, on loop: EventLoop, _ body: @escaping @Sendable () -> Void) {
    self.time = time
    timer = LoopTimer(on: loop, body)
  }

  /// The server's part is over: the client's time runs.
  func begin() { timer.set(.after(time)) }

  func callOff() { timer.cancel() }
}
