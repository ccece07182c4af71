import Steps

/// What a scripted connection has still to write, cut into chunks.
struct SendQueue {
  /// The bytes of one step.
  private struct Item {
    let bytes: [UInt8]
    let chunks: [ChunkPlan.Chunk]
    var chunk = 0
    var written = 0
    var pauseServed = false
  }

  /// What the connection has to do next.
  enum Action {
    /// Nothing is left.
    case idle
    /// Wait that long before the next chunk.
    case pause(milliseconds: Int)
    /// Write these bytes of the front item, then call ``wrote(_:)``.
    case write(Range<Int>)
  }

  private var items: [Item] = []

  var isEmpty: Bool { items.isEmpty }

  mutating func append(_ bytes: [UInt8], _ content: ChunkPlan.Content, _ delivery: Delivery) {
    let chunks = ChunkPlan.chunks(for: bytes, content: content, delivery: delivery)
    guard !chunks.isEmpty else { return }
    items.append(Item(bytes: bytes, chunks: chunks))
  }

  var action: Action {
    guard let item = items.first else { return .idle }
    let chunk = item.chunks[item.chunk]
    if chunk.pauseBeforeMilliseconds > 0, !item.pauseServed {
      return .pause(milliseconds: chunk.pauseBeforeMilliseconds)
    }
    return .write(max(item.written, chunk.range.lowerBound)..<chunk.range.upperBound)
  }

  func withBytes<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    items[0].bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  /// The pause before the next chunk is over.
  mutating func pauseEnded() {
    if !items.isEmpty { items[0].pauseServed = true }
  }

  /// The kernel took that many bytes of what ``action`` named.
  mutating func wrote(_ count: Int) {
    items[0].written = max(items[0].written, items[0].chunks[items[0].chunk].range.lowerBound) + count
    guard items[0].written == items[0].chunks[items[0].chunk].range.upperBound else { return }
    items[0].chunk += 1
    items[0].pauseServed = false
    if items[0].chunk == items[0].chunks.count { items.removeFirst() }
  }

  mutating func removeAll() { items = [] }
}
