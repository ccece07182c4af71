import Foundation
import PosixIO
import Results

/// What was measured on a board for the first time (hil.md d-9): `wsrig doctor --first-board` writes it, `--sim-profile` imitates it.
public struct BoardProfile: Sendable, Hashable, Codable {
  /// One series of echoes.
  public struct Echo: Sendable, Hashable, Codable {
    /// Whether they went over TLS.
    public var tls: Bool
    /// The radio's power mode; nil where it was left alone.
    public var power: String?
    /// The pause between two messages, in milliseconds.
    public var spacingMilliseconds: Int
    /// How many there were.
    public var count: Int
    /// The median of the round trips, in microseconds.
    public var p50Microseconds: Double
    /// The longest of them.
    public var maxMicroseconds: Double
  }

  /// One TLS handshake.
  public struct Handshake: Sendable, Hashable, Codable {
    /// The kind of the server's key.
    public var key: String
    /// How long it took, in milliseconds; nil where it did not come about.
    public var milliseconds: Double?
    /// The longest time in the case that the event loop stood still, in milliseconds.
    public var longestGapMilliseconds: Double?
    /// Why there is no figure.
    public var reason: String?
  }

  /// Something that is assumed of boards, and whether this measurement has tested it.
  public struct Claim: Sendable, Hashable, Codable {
    /// What is assumed.
    public var claim: String
    /// Whether hardware has now confirmed or refuted it.
    public var tested: Bool
    /// Whether what was measured keeps to the claim's limit; nil where it is untested.
    public var confirmed: Bool?
    /// What was measured; nil where nothing was.
    public var figure: String?
    /// Why it is untested, where that does not follow from what was measured.
    public var reason: String?

    /// What came of it, in one word.
    public var outcome: String { confirmed.map { $0 ? "confirmed" : "refuted" } ?? "untested" }
  }

  /// The version of the format.
  public var schemaVersion = Self.version
  private static let version = 1
  /// The board; `kind` says whether it was hardware.
  public var board: BoardRecord
  /// When it was measured, ISO 8601 in UTC.
  public var measuredAt: String
  /// Free heap in bytes after a soft reset.
  public var heapBytes: Int
  /// The largest free block then, in bytes.
  public var largestBlockBytes: Int?
  /// The heap that a TLS connection takes before its handshake, in bytes.
  public var tlsConnectionBytes: Int?
  /// The TCP sockets that it can have at a time.
  public var sockets: Int?
  /// From the soft reset to the prompt, in seconds.
  public var softResetSeconds: Double
  /// From the hard reset to the prompt, in seconds; nil where it failed.
  public var hardResetSeconds: Double?
  /// Why it did not come back from one; nil where it did.
  public var hardResetFailure: String?
  /// The shortest exchange at the prompt, in seconds.
  public var exchangeSeconds: Double
  /// How many bytes of source text the board takes a second.
  public var sourceBytesPerSecond: Double
  /// How many bytes of output it sends a second.
  public var outputBytesPerSecond: Double
  /// The handshakes.
  public var handshakes: [Handshake] = []
  /// The echoes.
  public var echoes: [Echo] = []
  /// Every claim about hardware.
  public var claims: [Claim] = []

  /// Reads a profile.
  /// - Throws: `ConfigurationError` where it cannot be read, or holds what no board has.
  public init(path: String) throws {
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    } catch let error as DecodingError {
      throw ConfigurationError(
        "'\(path)' is no profile of a board: \(error.place); wsrig doctor --first-board makes one.")
    } catch {
      throw ConfigurationError(
        "The profile '\(path)' cannot be read: \(error.reasonForReading(path)); check --sim-profile.")
    }
    guard schemaVersion == Self.version else {
      throw ConfigurationError(
        "'\(path)' has the schemaVersion \(schemaVersion), and this wsrig reads \(Self.version); make the profile anew with wsrig doctor --first-board."
      )
    }
    try check(path)
  }

  /// What a board may be like: what lies outside was mistyped, or would keep a run from its end.
  private func check(_ path: String) throws {
    func check(_ key: String, _ value: Double?, _ range: ClosedRange<Double>) throws {
      guard let value, !range.contains(value) else { return }
      let (low, high) = (Self.plain(range.lowerBound), Self.plain(range.upperBound))
      throw ConfigurationError(
        "'\(path)' holds what no board has: \(key) is \(Self.plain(value)); allowed here: a number from \(low) to \(high)."
      )
    }
    try check("heapBytes", Double(heapBytes), Double(64 << 10)...Double(64 << 20))
    try check("sockets", sockets.map(Double.init), 1...1024)
    try check("softResetSeconds", softResetSeconds, 0...600)
    try check("hardResetSeconds", hardResetSeconds, 0...600)
    try check("exchangeSeconds", exchangeSeconds, 0...600)
    // From a serial line of 9,600 baud up to what a computer does with its own memory.
    try check("sourceBytesPerSecond", sourceBytesPerSecond, 900...1e12)
    try check("outputBytesPerSecond", outputBytesPerSecond, 900...1e12)
  }

  /// The number without a fraction that says nothing.
  private static func plain(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
  }

  init(
    board: BoardRecord, heapBytes: Int, softResetSeconds: Double, exchangeSeconds: Double,
    sourceBytesPerSecond: Double, outputBytesPerSecond: Double
  ) {
    self.board = board
    measuredAt = Date().ISO8601Format()
    self.heapBytes = heapBytes
    self.softResetSeconds = softResetSeconds
    self.exchangeSeconds = exchangeSeconds
    self.sourceBytesPerSecond = sourceBytesPerSecond
    self.outputBytesPerSecond = outputBytesPerSecond
  }

  /// The simulated board that imitates it.
  public func imitation(of simulation: RunConfiguration.Simulation) -> RunConfiguration.Simulation {
    var imitation = simulation
    imitation.heapBytes = heapBytes
    imitation.sockets = sockets
    // One pace for both ways: the slower one.
    imitation.bytesPerSecond = min(sourceBytesPerSecond, outputBytesPerSecond)
    imitation.hardResetSeconds = hardResetSeconds
    return imitation
  }
}
