import Scenarios
import Steps
import WebSocketProtocol

/// What the application asks for in the opening handshake (RFC 6455 sections 3 and 4.1).
extension ScenarioGenerator {
  static func request(_ dice: inout Dice) -> Draft {
    var connect = ConnectStep()
    var isOwnPort = false
    switch dice.number(0...99) {
    case 0..<38:
      connect.target = target(&dice)
      isOwnPort = !connect.target.contains("{token}") || connect.target.hasPrefix("?")
    case 38..<60: connect.url = url(&dice)
    case 60..<62:
      connect.url = "wss://{host}:{port}/{token}"
      // What a client says for TLS has no token.
      isOwnPort = true
    case 62..<88: connect.headers = headers(&dice)
    case 88..<96: connect.subprotocols = subprotocols(&dice)
    default: return freshKeys(&dice)
    }
    let play = ServerScript([.respond(.accept()), .text("hello")], ending: .endOfStream, ownPort: isOwnPort)
    return Draft(play, ClientScript([.connect(connect), .echo()]), delivery: .whole)
  }

  // MARK: URLs

  /// Path, query and fragment.
  private static func target(_ dice: inout Dice) -> String {
    if dice.chance(8) { return dice.pick(["", "/", "?token={token}&x=1", "?", "?a"]) }
    var path = dice.chance(10) ? "//{token}" : "/{token}"
    for _ in 0..<dice.number(0...2) { path += "/" + dice.pick(segments) }
    if dice.chance(12) { path = "/" + dice.pick(["a/b", "X", "%41"]) + path }
    if dice.chance(40) {
      path += "?" + (0..<dice.few(upTo: 3)).map { _ in dice.pick(parameters) }.joined(separator: "&")
    }
    if dice.chance(8) { path += dice.pick(["#top", "#", "#b?c"]) }
    if dice.chance(6) {
      path += dice.pick(["/a b", "/a\tb", "/a\r\nX-Evil: 1", "/a\nX-Evil: 1", "/a\u{0}b", "/a\u{7F}b"])
    }
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

  /// Scheme and authority, of which one is odd, mostly.
  private static func url(_ dice: inout Dice) -> String {
    var scheme = "ws"
    var slashes = "://"
    var host = "{host}"
    var port = ":{port}"
    switch dice.number(0...9) {
    case 0..<3: scheme = dice.pick(["WS", "Ws", "http", "https", "wsx", "xws", "", "ws ", "HTTP"])
    case 3: slashes = dice.pick([":/", ":", ":///", "//", "/", ":////"])
    case 4..<7:
      host = dice.pick([
        "", "{host} ", "[{host}]", "[{host}", "user:secret@{host}", "LOCALHOST", "localhost", "[::1]",
        "[::ffff:127.0.0.1]", "@{host}",
      ])
    case 7, 8:
      port = dice.pick([
        ":{overflowingPort}", ":{port}x", ":x{port}", ":+{port}", ":{port}:{port}", ":0{port}", ": {port}",
        ":-{port}",
        ":0", ":http", ":1", ":99:{port}",
      ])
    default:
      return dice.pick([
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
    return (0..<dice.few(upTo: 4)).map { _ in dice.pick(fields) }
  }

  private static let fields: [ConnectStep.HeaderField] = [
    .init("Authorization", "Basic Ym9hcmQ6c2VjcmV0"), .init("X-Quoted", "a \"b\", c: d; e=f"),
    .init("X-Multi", "one"), .init("X-Multi", "two"), .init("X-Empty", ""), .init("X-Blanks", "a  b\tc   d"),
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
    return ["chat"] + (dice.chance(75) ? [dice.pick(odd)] : ["superchat"])
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
