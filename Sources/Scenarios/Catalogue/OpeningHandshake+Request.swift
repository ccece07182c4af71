import Steps

extension Catalogue {
  /// What a client's request must have (RFC 6455 section 4.1). Most of it is checked in every trace.
  @ListBuilder<Scenario> static var openingRequest: [Scenario] {
    request(
      "request",
      "Checks the request: GET, HTTP/1.1, Host with port, Upgrade, Connection, key and version 13.",
      "Sends each of them once, with a key of 16 bytes in Base64.", ConnectStep(),
      RequestExpectation(target: "/{token}", headers: [.init("Sec-WebSocket-Version", "13")]))
    request(
      "request-headers", "Checks headers that the application adds.", "Sends them as they were given.",
      ConnectStep(headers: addedHeaders), RequestExpectation(headers: addedHeaders))
    request(
      "request-header-long", "Checks a header of 600 bytes that the application adds.",
      "Sends it as it was given.", ConnectStep(headers: [longHeader]),
      RequestExpectation(headers: [longHeader]))
    freshKeys
  }

  private static let addedHeaders: [ConnectStep.HeaderField] = [
    .init("Authorization", "Basic Ym9hcmQ6c2VjcmV0"), .init("X-Quoted", "a \"b\", c: d; e=f"),
    .init("X-Device", "board-7"),
  ]
  private static let longHeader = ConnectStep.HeaderField("X-Token", String(repeating: "t", count: 600))

  private static func request(
    _ slug: String, _ description: String, _ expectation: String, _ connect: ConnectStep,
    _ request: RequestExpectation, _ rule: Rule = "4.1", ownPort: Bool = false
  ) -> Scenario {
    var scenario = lawful(
      slug, rule, description, expectation, client: ClientScript([.connect(connect), .echo()]),
      expected: Expected(request: request), deliveries: .wholeOnly
    ) { echo("hello") }
    scenario.server.ownPort = ownPort
    return scenario
  }

  /// Keys may not be reused, so three connections must have three.
  private static var freshKeys: Scenario {
    let names = ["first", "second", "third"]
    return Scenario(
      id: "request-key-fresh", description: "Takes three connections of the client, one after the other.",
      expectation: "Sends another key with each.", rfc: "4.1", requirement: .must,
      tags: ["several-connections"],
      server: ServerScript(connections: names.map { ConnectionScript(name: $0, steps: echo("hello")) }),
      client: ClientScript(
        names.flatMap { name -> [ClientStep] in
          [.connect(ConnectStep(connection: name)), .echo(connection: name)]
        }),
      deliveries: .wholeOnly)
  }

  /// The forms of a URL (section 3) and what becomes of them in the request.
  @ListBuilder<Scenario> static var openingTargets: [Scenario] {
    let kept = [
      ("query", "a path with a query", "/{token}?a=1&b=%20%C3%A4&c=d/e?f"),
      ("query-empty", "a path with an empty query", "/{token}?"),
      ("path-deep", "a path of several segments", "/a/b.c;d=e/{token}/f~g/"),
      ("path-encoded", "a path with percent-encoded bytes", "/{token}/%E2%82%AC%20%2F"),
      (
        "query-long", "a query of 600 bytes, as signed URLs have",
        "/{token}?sig=" + String(repeating: "s", count: 595)
      ),
    ]
    for (slug, form, target) in kept {
      request(
        "target-\(slug)", "Is opened by a URL with \(form).", "Asks for exactly that target.",
        ConnectStep(target: target), RequestExpectation(target: target), "3")
    }
    request(
      "target-query-without-path", "Is opened by a URL that has a query but no path.",
      "Asks for the path / with that query.", ConnectStep(target: "?token={token}&x=1"),
      // Who loses the query loses the token, and would come to nobody but for a port of its own.
      RequestExpectation(target: "/?token={token}&x=1"), "3", ownPort: true)
    request(
      "target-empty", "Is opened by a URL that has no path.", "Asks for the path /.", ConnectStep(target: ""),
      RequestExpectation(target: "/"), "3", ownPort: true)
    request(
      "target-root", "Is opened by a URL whose path is /.", "Asks for the path /.", ConnectStep(target: "/"),
      RequestExpectation(target: "/"), "3", ownPort: true)
    fragmentTarget
  }

  /// A fragment must not be used in a WebSocket URL: refusing it and leaving it out are both in order, sending it is not.
  private static var fragmentTarget: Scenario {
    var scenario = leftOpen(
      "target-fragment", .may("3"), "Is opened by a URL with a fragment.",
      "Refuses the URL, or leaves the fragment out of its request.",
      client: ClientScript([.connect(ConnectStep(target: "/{token}#top")), .echo()]), deliveries: .wholeOnly,
      response: .accept())
    scenario.expected.request = RequestExpectation(target: "/{token}")
    return scenario
  }
}
