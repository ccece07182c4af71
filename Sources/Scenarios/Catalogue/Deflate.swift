extension Catalogue {
  /// Messages compressed by permessage-deflate (RFC 7692 section 7.2).
  static var deflatePayloads: [Scenario] { [] }

  /// How permessage-deflate is offered, answered and refused (RFC 7692 section 7.1).
  static var deflateParameters: [Scenario] { [] }
}
