/// One record that the agent printed: a line `~W:` + CRC-32 of the JSON text in eight hexadecimal digits + `:` + the JSON text
/// (`fixtures/board/README.md`). The key `k` says which.
enum AgentRecord: Decodable, Sendable {
  /// The adapter and its client were loaded.
  case loaded(Loaded)
  /// A case began.
  case begin(Begin)
  /// The client did or met something.
  case event(Event)
  /// The client's steps are over; the agent waits for the host before it ends the case (``OverWatch``).
  case over
  /// The lines of the client that have run for the first time, where it was made to tell.
  case lines(Lines)
  /// The case is over.
  case end(End)

  /// What the record is about, the value of `k`.
  enum Subject: String, Decodable { case loaded, begin, event, over, lines, end }

  /// The record's subject.
  var subject: Subject {
    switch self {
    case .loaded: .loaded
    case .begin: .begin
    case .event: .event
    case .over: .over
    case .lines: .lines
    case .end: .end
    }
  }

  private enum CodingKeys: String, CodingKey { case subject = "k" }

  /// Reads the subject, then what that subject has.
  init(from decoder: any Decoder) throws {
    switch try decoder.container(keyedBy: CodingKeys.self).decode(Subject.self, forKey: .subject) {
    case .loaded: self = .loaded(try Loaded(from: decoder))
    case .begin: self = .begin(try Begin(from: decoder))
    case .event: self = .event(try Event(from: decoder))
    case .over: self = .over
    case .lines: self = .lines(try Lines(from: decoder))
    case .end: self = .end(try End(from: decoder))
    }
  }
}

extension AgentRecord {
  /// The end of loading.
  struct Loaded: Decodable, Sendable {
    /// Free heap in bytes after a collection, with the client there.
    var freeHeap: Int?
    /// What the adapter can beyond what every client must.
    var features: [String]?

    private enum CodingKeys: String, CodingKey { case freeHeap = "heap", features }
  }

  /// The beginning of a case.
  struct Begin: Decodable, Sendable {
    /// The case's id.
    var id: String
    /// Free heap in bytes after a collection.
    var freeHeap: Int?
    /// The bytes of a block of the heap; nil where it has none.
    var block: Int?

    private enum CodingKeys: String, CodingKey { case id = "case", freeHeap = "heap", block }
  }

  /// Which lines have run.
  struct Lines: Decodable, Sendable {
    /// Their numbers, as `fixtures/fuzz/instrument.py` gave them.
    var reached: [Int]
  }

  /// The end of a case.
  struct End: Decodable, Sendable {
    /// How many events were recorded.
    var events: Int
    /// How many found no room.
    var dropped: Int?
    /// Free heap in bytes after a collection.
    var freeHeap: Int?
    /// How many writes a full send buffer cut, where the board counts them.
    var cutWrites: Int?
    /// The agent's own task beside the client; nil for a blocking client.
    var heartbeat: Heartbeat?
    /// How many turns of a millisecond the loop made between ``AgentRecord/over`` and the host's word.
    var lingeringTurns: Int?
    /// Whether the host's Ctrl-C ended the case.
    var wasInterrupted: Bool?
    /// The tasks that had not ended.
    var unfinished: [Position]?
    /// Type and message of an exception that ended the event loop itself.
    var error: [String]?

    private enum CodingKeys: String, CodingKey {
      case events, dropped, error
      case lingeringTurns = "lingered"
      case freeHeap = "heap", cutWrites = "cut", heartbeat = "hb", wasInterrupted = "interrupted",
        unfinished = "where"
    }
  }

  /// The heartbeat's figures.
  struct Heartbeat: Decodable, Sendable {
    /// The period that was asked for, in microseconds.
    var period: Int
    /// How often it ran.
    var count: Int
    /// The longest time between two turns, in microseconds.
    var longestGap: Int
    /// How often it ran after the last event.
    var countSinceLastEvent: Int

    private enum CodingKeys: String, CodingKey {
      case period, count
      case longestGap = "gap", countSinceLastEvent = "since"
    }
  }

  /// A task that had not ended, and the index of the step it was in: an array of the two.
  struct Position: Decodable, Sendable {
    /// The task's name.
    var task: String
    /// The step's index.
    var step: Int

    /// Reads the array.
    init(from decoder: any Decoder) throws {
      var values = try decoder.unkeyedContainer()
      task = try values.decode(String.self)
      step = try values.decode(Int.self)
    }
  }
}
