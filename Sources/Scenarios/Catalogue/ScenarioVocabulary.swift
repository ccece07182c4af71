import Steps

// The kinds of scenarios that chapters consist of. The slug becomes the id once the chapter is known.

/// A section of RFC 6455, or `RFC 7692 …`, and how strongly it binds; the section alone, as a literal, is a MUST.
struct Rule: ExpressibleByStringLiteral {
  let section: String
  let requirement: Requirement

  init(_ section: String, _ requirement: Requirement) {
    self.section = section
    self.requirement = requirement
  }

  init(stringLiteral section: String) { self.init(section, .must) }

  static func may(_ section: String) -> Rule { Rule(section, .may) }
  static func quality(_ section: String) -> Rule { Rule(section, .quality) }
}

typealias StepList = ListBuilder<ServerStep>

/// A scenario in which the server keeps the protocol, and the client must too.
func lawful(
  _ slug: String, _ rule: Rule, _ description: String,
  _ expectation: String, tags: [String] = [], client: ClientScript = .echo,
  ending: ServerScript.Ending = .closingHandshake, expected: Expected = Expected(),
  deliveries: [Delivery] = .every, @StepList _ steps: () -> [ServerStep]
) -> Scenario {
  Scenario(
    id: slug, description: description, expectation: expectation, rfc: rule.section,
    requirement: rule.requirement,
    tags: tags, server: ServerScript(steps(), ending: ending), client: client, expected: expected,
    deliveries: deliveries)
}

/// A scenario in which the server breaks a rule and the client must fail the connection.
///
/// After the unlawful bytes comes a Ping: a client that overlooked the breach gives itself away by its Pong, and nothing is gained by
/// waiting longer, so the stream ends then. Not so behind bad text: a client may check it no sooner than it hands it out, and an
/// end that came before would keep it from sending its Close. `isProbed` leaves the Ping out, where it would be another breach.
func unlawful(
  _ slug: String, _ rule: Rule, _ description: String,
  _ expectation: String = "Fails the connection with 1002.", codes: [UInt16] = [1002], failFast: Bool = false,
  tags: [String] = [], isProbed: Bool = true, client: ClientScript = .echo, deliveries: [Delivery] = .every,
  @StepList _ steps: () -> [ServerStep]
) -> Scenario {
  let question: Payload = "still there?"
  let giveAway: [ServerStep] = codes == [1007] ? [] : [.expectPong(question), .halfClose]
  let probe: [ServerStep] = isProbed ? [.ping(question)] + giveAway : []
  return Scenario(
    id: slug, description: description, expectation: expectation, rfc: rule.section,
    requirement: rule.requirement,
    tags: ["failure"] + tags, server: ServerScript(steps() + probe, ending: .awaitFailure), client: client,
    expected: Expected(closeCodes: codes, failure: true, failFast: failFast), deliveries: deliveries)
}

/// A scenario whose answer to the opening handshake the client must take: one message goes back and forth afterwards.
func accepted(
  _ slug: String, _ rule: Rule, _ description: String,
  _ expectation: String = "Takes the connection as established.", client: ClientScript = .echo,
  expected: Expected = Expected(), deliveries: [Delivery] = .every, response: OpeningResponse
) -> Scenario {
  Scenario(
    id: slug, description: description, expectation: expectation, rfc: rule.section,
    requirement: rule.requirement,
    server: ServerScript([.respond(response)] + echo("hello")), client: client, expected: expected,
    deliveries: deliveries)
}

/// A scenario whose answer to the opening handshake the client must not take.
///
/// The end of the stream follows, so that a client that took it does not wait for what will not come.
func refused(
  _ slug: String, _ rule: Rule, _ description: String,
  _ expectation: String = "Fails the connection and never reports it as open.", client: ClientScript = .echo,
  deliveries: [Delivery] = .every, response: OpeningResponse
) -> Scenario {
  Scenario(
    id: slug, description: description, expectation: expectation, rfc: rule.section,
    requirement: rule.requirement,
    tags: ["refusal"], server: ServerScript([.respond(response), .halfClose], ending: .awaitFailure),
    client: client, expected: Expected(opening: .refused), deliveries: deliveries)
}

/// A scenario whose answer to the opening handshake a client may take or not, as long as it goes on in an orderly way.
///
/// A message and the end of the stream follow the answer: who took it has to deliver the message, and both ways come to an end.
/// `isProbed` leaves the message out, where it is not clear how it would have to be read.
func leftOpen(
  _ slug: String, _ rule: Rule, _ description: String,
  _ expectation: String = "Takes the connection or refuses it, without hanging.", because dispute: String,
  client: ClientScript = .echo, isProbed: Bool = true, deliveries: [Delivery] = .every,
  response: OpeningResponse = .accept()
) -> Scenario {
  Scenario(
    id: slug, description: description, expectation: expectation, rfc: rule.section,
    requirement: rule.requirement, dispute: dispute, tags: ["disputed"],
    server: ServerScript([.respond(response)] + (isProbed ? [.text("hello")] : []), ending: .endOfStream),
    client: client, expected: Expected(opening: .either), deliveries: deliveries)
}

/// A scenario in which the application asks for something that must not reach the wire as it is. The client refuses it, or makes
/// something lawful of it: the judge looks at the request, if there is one.
func guarded(
  _ slug: String, _ rule: Rule, _ description: String, _ expectation: String, connect: ConnectStep
) -> Scenario {
  Scenario(
    id: slug, description: description, expectation: expectation, rfc: rule.section,
    requirement: rule.requirement, tags: ["hostile-input"],
    server: ServerScript([.respond(.accept()), .text("hello")], ending: .endOfStream),
    client: ClientScript([.connect(connect), .echo()]), expected: Expected(opening: .either),
    deliveries: .wholeOnly)
}

extension OpeningResponse {
  /// The lawful 101, changed.
  static func edited(_ edits: HeadEdit...) -> OpeningResponse { .accept(edits: edits) }

  /// A head of these lines; `{accept}` stands for the right Sec-WebSocket-Accept.
  static func head(_ lines: String..., lineEnd: String = "\r\n", after: String = "") -> OpeningResponse {
    .raw(.text((lines + [""]).joined(separator: lineEnd) + lineEnd + after))
  }
}
