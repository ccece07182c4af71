import Scenarios
import Steps
import WebSocketProtocol

/// What the application asks for in the opening handshake (RFC 6455 sections 3 and 4.1).
extension ScenarioGenerator {
  /// What is asked for.
  private enum Matter { case target, url, secureURL, headers, subprotocols, keys }

  private static let matters: [(weight: Int, element: Matter)] = [
    (16, .target), (14, .url), (1, .secureURL), (13, .headers), (4, .subprotocols), (2, .keys),
  ]

  static func request(_ dice: inout Dice) -> Draft {
    var connect = ConnectStep()
    var isOwnPort = false
    switch dice.inTurn(weighted: matters) {
    case .target:
      connect.target = target(&dice)
      isOwnPort = !connect.target.contains("{token}") || connect.target.hasPrefix("?")
    case .url: connect.url = url(&dice)
    case .secureURL:
      connect.url = "wss://{host}:{port}/{token}"
      // What a client says for TLS has no token.
      isOwnPort = true
    case .headers: connect.headers = headers(&dice)
    case .subprotocols: connect.subprotocols = subprotocols(&dice)
    case .keys: return freshKeys(&dice)
    }
    let play = ServerScript([.respond(.accept()), .text("hello")], ending: .endOfStream, ownPort: isOwnPort)
    return Draft(play, ClientScript([.connect(connect), .echo()]), delivery: .whole)
  }

  // MARK: URLs

  /// What may be odd about a target.
  private enum Oddity { case none, short, illegal }

  /// Path, query and fragment.
  private static func target(_ dice: inout Dice) -> String {
    switch dice.inTurn(weighted: [(84, Oddity.none), (8, .short), (8, .illegal)]) {
    case .none: break
    case .short: return dice.inTurn(["", "/", "?token={token}&x=1", "?", "?a"])
    case .illegal:
      return "/{token}"
        + dice.inTurn(["/a b", "/a\tb", "/a\r\nX-Evil: 1", "/a\nX-Evil: 1", "/a\u{0}b", "/a\u{7F}b"])
    }
    var path = dice.chance(10) ? "//{token}" : "/{token}"
    for _ in 0..<dice.number(0...2) { path += "/" + dice.pick(segments) }
    if dice.chance(12) { path = "/" + dice.pick(["a/b", "X", "%41"]) + path }
    if dice.chance(40) {
      path += "?" + (0..<dice.few(upTo: 3)).map { _ in dice.pick(parameters) }.joined(separator: "&")
    }
    if dice.chance(8) { path += dice.pick(["#top", "#", "#b?c"]) }
    return path
  }

  private static let segments = [
    "a", "Board", "STATE", "b.c;d=e", "%E2%82%AC%20%2F", "%c3%a4", "a%00b", "a%23b", "a@b", "a:99",
    "!$&'()*+,;=",
    "f~g", "", "x", "%0D%0AX-Evil:%201", "ä", String(repeating: "long", count: 70),
    String(repeating: "longer", count: 360),
  ]
  private static let parameters = [
    "a=1", "b=%20%C3%A4", "c=d/e?f", "a=b+c%2Bd", "u=ws://other.example:81/x@y", "", "x", "t=%7B%7D",
    "sig=" + String(repeating: "s", count: 595), "d=:81",
  ]

  /// What may be odd about a URL.
  private enum URLPart { case scheme, slashes, host, port, border }

  /// Scheme and authority, of which one is odd, mostly.
  private static func url(_ dice: inout Dice) -> String {
    var scheme = "ws"
    var slashes = "://"
    var host = "{host}"
    var port = ":{port}"
    switch dice.inTurn(weighted: [(3, URLPart.scheme), (2, .slashes), (3, .host), (3, .port), (1, .border)]) {
    case .scheme: scheme = dice.inTurn(["WS", "Ws", "http", "https", "wsx", "xws", "", "ws ", "HTTP"])
    case .slashes: slashes = dice.inTurn([":/", ":", ":///", "//", "/", ":////"])
    case .host:
      host = dice.inTurn([
        "", "{host} ", "[{host}]", "[{host}", "user:secret@{host}", "LOCALHOST", "localhost", "[::1]",
        "[::ffff:127.0.0.1]", "@{host}",
      ])
    case .port:
      port = dice.inTurn([
        ":{overflowingPort}", ":{port}x", ":x{port}", ":+{port}", ":{port}:{port}", ":0{port}", ": {port}",
        ":-{port}",
        ":0", ":http", ":1", ":99:{port}",
      ])
    case .border:
      return dice.inTurn([
        " ws://{host}:{port}/{token}", "ws://{host}:{port}/{token} ", "//{host}:{port}/{token}",
      ])
    }
    return scheme + slashes + host + port + "/{token}"
  }

  // MARK: headers

  private static func headers(_ dice: inout Dice) -> [ConnectStep.HeaderField] {
    if dice.chance(10) {
      return (1...dice.pick([5, 11, 20])).map { .init("X-Header-\($0)", "value \($0)") }
    }
    let first = dice.inTurn(fields)
    // One of them is there for coming twice.
    let again = first == repeated ? [ConnectStep.HeaderField(repeated.name, "two")] : []
    return [first] + (1..<dice.few(upTo: 4)).map { _ in dice.pick(fields) } + again
  }

  private static let repeated = ConnectStep.HeaderField("X-Multi", "one")
  private static let fields: [ConnectStep.HeaderField] = [
    .init("Authorization", "Basic Ym9hcmQ6c2VjcmV0"), .init("X-Quoted", "a \"b\", c: d; e=f"),
    repeated, .init("X-Empty", ""), .init("X-Blanks", "a  b\tc   d"),
    .init("Origin", "https://board.example:8443"), .init("X-!#$%&'*+.^_`|~9", "odd"),
    .init("Host-Name", "board-7"),
    .init("Upgrade-Insecure-Requests", "0"), .init("Connection-Id", "7"),
    .init("X-Token", String(repeating: "t", count: 600)),
    .init("X-Seventy", String(repeating: "s", count: 70)),
    .init("X-Given", "1\r\nX-Evil: 1"), .init("X-Given", "1\nX-Evil: 1"), .init("X-Given", "1\rX-Evil: 1"),
    .init("X-Given", "\r\nX-Evil: 1"), .init("X-Given", "1\r\n X-Evil: 1"), .init("X-Given", "a\u{0}b"),
    .init("X-Given", "1\r\n\r\nGET /evil HTTP/1.1"), .init("X-Evil: 1\r\nX-Given", "1"),
    .init("X Given", "1"),
    .init("", "given"), .init("X-Gïven", "given"), .init("X-Name", "café"),
    .init("Sec-WebSocket-Key", "AAAA"),
    .init("Sec-WebSocket-Version", "8"), .init("Upgrade", "h2c"), .init("Connection", "close"),
    .init("Host", "other.example"), .init("Content-Length", "5"), .init("Transfer-Encoding", "chunked"),
  ]

  private static func subprotocols(_ dice: inout Dice) -> [String] {
    if dice.chance(20) { return (1...12).map { "v\($0).board" } }
    let odd = ["chat\r\nX-Evil: 1", "chat room", "chat;v=1", "", "chät", "chat"]
    return ["chat"] + (dice.chance(75) ? [dice.inTurn(odd)] : ["superchat"])
  }

  /// Several connections in turn: each has a key of its own, in which no pattern shows.
  private static func freshKeys(_ dice: inout Dice) -> Draft {
    let names = (1...dice.pick([3, 12])).map { "connection\($0)" }
    let steps = names.flatMap { name -> [ClientStep] in
      [.connect(ConnectStep(connection: name)), .receive(connection: name)]
    }
    return Draft(
      ServerScript(connections: names.map { ConnectionScript(name: $0, steps: []) }), ClientScript(steps),
      delivery: .whole)
  }
}
