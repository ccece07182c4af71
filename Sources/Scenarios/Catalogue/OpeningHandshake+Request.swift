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
      ConnectStep(headers: addedHeaders), RequestExpectation(headers: addedHeaders), .quality("4.1"))
    request(
      "request-header-long", "Checks a header of 600 bytes that the application adds.",
      "Sends it as it was given.", ConnectStep(headers: [longHeader]),
      RequestExpectation(headers: [longHeader]), .quality("4.1"))
    freshKeys
    randomKeys
  }

  /// Headers of the application's own in other forms.
  @ListBuilder<Scenario> static var openingRequestHeaders: [Scenario] {
    let forms: [(slug: String, what: String, headers: [ConnectStep.HeaderField])] = [
      ("headers-many", "twenty headers", (1...20).map { .init("X-Header-\($0)", "value \($0)") }),
      (
        "header-repeated", "two headers of the same name", [.init("X-Multi", "one"), .init("X-Multi", "two")]
      ),
      ("header-empty", "a header without a value", [.init("X-Empty", "")]),
      (
        "header-blanks", "a header whose value has blanks and a tab inside",
        [.init("X-Blanks", "a  b\tc   d")]
      ),
      ("header-origin", "an Origin", [.init("Origin", "https://board.example:8443")]),
      (
        "header-token-name", "a header whose name has all kinds of characters of a token",
        [.init("X-!#$%&'*+.^_`|~9", "odd")]
      ),
      (
        "header-like-own", "headers whose names begin like the client's own",
        [
          .init("Host-Name", "board-7"), .init("Upgrade-Insecure-Requests", "0"),
          .init("Connection-Id", "7"),
        ]
      ),
    ]
    for (slug, what, headers) in forms {
      request(
        "request-\(slug)", "Is opened by an application that adds \(what).",
        "Sends all of them as they were given.",
        ConnectStep(headers: headers), RequestExpectation(headers: headers), .quality("4.1"))
    }
    request(
      "request-subprotocols-many", "Is opened by an application that asks for twelve subprotocols.",
      "Asks for all of them in order.", ConnectStep(subprotocols: (1...12).map { "v\($0).board" }),
      RequestExpectation(subprotocols: (1...12).map { "v\($0).board" }))
    leftOpen(
      "request-header-non-ascii", .may("4.1"),
      "Is opened by an application that adds a header with letters beyond ASCII.",
      "Sends the header in some encoding, or refuses it.",
      because:
        "RFC 7230 section 3.2.4 has new header values confined to ASCII and tolerates other bytes as opaque data: refusing the value and sending it as UTF-8 or Latin-1 are all allowed.",
      client: ClientScript([.connect(ConnectStep(headers: [.init("X-Name", "café")])), .echo()]),
      deliveries: .wholeOnly)
  }

  private static let addedHeaders: [ConnectStep.HeaderField] = [
    .init("Authorization", "Basic Ym9hcmQ6c2VjcmV0"), .init("X-Quoted", "a \"b\", c: d; e=f"),
    .init("X-Device", "board-7"),
  ]
  private static let longHeader = ConnectStep.HeaderField("X-Token", String(repeating: "t", count: 600))

  static func request(
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

  /// In twelve keys a letter that is always the same, a counter or a clock shows.
  private static var randomKeys: Scenario {
    let names = (1...12).map { "connection\($0)" }
    return Scenario(
      id: "request-keys-random", description: "Takes twelve connections of the client, one after the other.",
      expectation: "Sends keys that show no pattern: 16 bytes drawn at random for each.", rfc: "4.1",
      requirement: .must,
      tags: ["several-connections"],
      server: ServerScript(connections: names.map { ConnectionScript(name: $0, steps: []) }),
      client: ClientScript(
        names.flatMap { name -> [ClientStep] in
          [.connect(ConnectStep(connection: name)), .receive(connection: name)]
        }),
      deliveries: .wholeOnly)
  }
}
