/// What MicroPython prints of its heap (`micropython.mem_info()`), as far as the rig needs it.
struct HeapReport: Sendable, Hashable {
  /// The longest run of free blocks.
  private(set) var largestFreeBlocks: Int

  private static let label = "max free sz:"

  /// Reads the text; nil where the figure is not in it.
  init?(_ text: String) {
    guard let label = text.firstRange(of: Self.label) else { return nil }
    let digits = text[label.upperBound...].drop { $0 == " " }.prefix { $0.isWholeNumber }
    guard let blocks = Int(digits) else { return nil }
    largestFreeBlocks = blocks
  }

  /// The longest free run in bytes; nil where the size of a block is not known, or the figures are those of no memory.
  func largestFreeBlock(blockBytes: Int?) -> Int? {
    guard let blockBytes else { return nil }
    let (bytes, overflows) = blockBytes.multipliedReportingOverflow(by: largestFreeBlocks)
    return overflows ? nil : bytes
  }
}
