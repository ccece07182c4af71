import Steps

/// The built-in scenarios.
public enum Catalogue {
  /// All of them, sorted by chapter and slug.
  public static let all: [Scenario] = Chapter.allCases.flatMap(scenarios(of:))

  /// Those of one chapter, sorted by slug.
  public static func scenarios(of chapter: Chapter) -> [Scenario] {
    let drafts =
      switch chapter {
      case .openingHandshake: openingHandshake
      case .framing: framing
      case .pingPong: pingPong
      case .reservedBits: reservedBits
      case .opcodes: opcodes
      case .fragmentation: fragmentation
      case .utf8: utf8
      case .closing: closing
      case .masking: masking
      case .limits: limits
      case .autoFragmentation: autoFragmentation
      case .concurrency: concurrency
      case .deflatePayloads: deflatePayloads
      case .deflateParameters: deflateParameters
      case .resources: resources
      case .tls: tls
      }
    return drafts.map { draft in
      var scenario = draft
      scenario.id = "\(chapter.rawValue).\(draft.id)"
      // What has to find a large block finds the heap in one piece, whatever others have left of it.
      if draft.tags.contains("large") { scenario.isolation = .softReset }
      return scenario
    }.sorted { $0.id < $1.id }
  }

  /// The scenario of that id.
  public static func scenario(_ id: String) -> Scenario? { all.first { $0.id == id } }
}
