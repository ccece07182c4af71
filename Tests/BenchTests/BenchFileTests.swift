import BoardLink
import Foundation
import TestSupport
import Testing
import Verdicts

@testable import Bench

@Suite("The bench file")
struct BenchFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func file(_ text: String) throws -> BenchFile {
    try BenchFile(path: folder.write(text, to: "wsrig.toml"))
  }

  @Test("the example is read, every key of it")
  func example() throws {
    let file = try BenchFile(path: Repository.fixtures.appending(path: "bench/wsrig.toml").path)
    #expect(file.usualBoards == ["desk"] && file.host == "192.168.1.10" && file.port == 0)
    #expect(file.client?.hasSuffix("fixtures/bench/client/my_client.py") == true)
    #expect(file.adapter?.hasSuffix("fixtures/bench/client/my_adapter.py") == true)
    #expect(file.boards.map(\.name) == ["desk", "shelf", "virtual"])
    #expect(file.board(named: "desk")?.selector == .usb("e6614c311b7e6f2c"))
    let shelf = try #require(file.board(named: "shelf"))
    #expect(shelf.selector == .tcp(host: "127.0.0.1", port: 4001) && !shelf.joinsWLAN)
    #expect(shelf.host == "192.168.7.1" && shelf.port == 8765)
    #expect(file.wlan?.ssid == "Bench" && file.wlan?.source == .environment("WSRIG_WLAN_PASSPHRASE"))
    #expect(file.wlan?.country == "DE" && file.wlan?.power == WLANPower.none)
    #expect(file.limits.limits == ResourceLimits(), "the example shows what holds without it")
  }

  @Test(
    "a key of more parts than the stack has room for is refused: dottedKeyWithoutEnd", .timeLimit(.minutes(1))
  )
  func dottedKeyWithoutEnd() throws {
    for text in [
      String(repeating: "a.", count: 100_000) + "b = 1", "[" + String(repeating: "a.", count: 100_000) + "b]",
    ] {
      let error = try #require(throws: ConfigurationError.self) { try file(text) }
      #expect(error.sentence.contains("line 1: this is no valid TOML") && error.sentence.contains("32 parts"))
    }
  }

  @Test(
    "a mistake is told with file, line, key and what is allowed",
    arguments: [
      ("boards = [", ["line 1", "no valid TOML"]),
      // Each of these ended the process: tableNameThatBeginsStrangely.
      ("[boards.a]\n[$desk]", ["line 2: this is no valid TOML", "'$'"]),
      ("a = 1\n[[ \u{FC}ro]]", ["line 2: this is no valid TOML", "'\u{FC}'"]),
      ("[", ["line 1: this is no valid TOML"]),
      ("\0", ["line 1: this is no valid TOML", "0x00"]),
      ("a = 1\n\"\\u0000\" = 1", ["line 2: this is no valid TOML", "NUL"]),
      ("[boards.\"\\U00000000\"]", ["line 1: this is no valid TOML", "NUL"]),
      ("[[[[a]]]]", ["line 1: this is no valid TOML", "'['"]),
      ("board = [}", ["line 1: this is no valid TOML", "'}'"]),
      ("[[ \n", ["line 1: this is no valid TOML", "the line ends"]),
      ("\n[wlan]\nsid = \"x\"", ["line 3: wlan.sid is not known", "ssid, ", "did you mean ssid?"]),
      ("client = 3", ["line 1: client is a whole number", "a path"]),
      ("client = \"\"", ["line 1: client is empty"]),
      ("[server]\n# why\nport = 70000", ["line 3: server.port is 70000", "0 to 65535"]),
      ("[limits]\nblock = \"60\"", ["line 2: limits.block is a string", "0 to 100"]),
      ("[boards.a]\nserial = \"1\"\nlink = \"sim\"", ["line 3: boards.a.link stands beside serial"]),
      ("[boards.a]\nwlan = true", ["line 1: boards.a lacks serial"]),
      ("[boards.a]\nlink = \"pico\"", ["line 2: boards.a.link is wrong", "\"pico\" names no board"]),
      ("[boards.sim]\nlink = \"sim\"", ["line 1: boards.sim is no name for a board"]),
      (
        "board = \"desc\"\n[boards.desk]\nserial = \"1\"",
        ["line 1: board is \"desc\"", "did you mean desk?"]
      ),
      ("[wlan]\nssid = \"x\"\npower = \"non\"", ["line 3: wlan.power is \"non\"", "did you mean none?"]),
      ("[wlan]\nssid = \"x\"\ncountry = \"Germany\"", ["line 3: wlan.country", "DE"]),
      ("[wlan]\npassphrase-env = \"X\"", ["line 1: wlan lacks ssid"]),
      (
        "[wlan]\nssid = \"\(String(repeating: "x", count: 33))\"",
        ["line 2: wlan.ssid", "33 bytes", "1 to 32"]
      ),
      (
        "[wlan]\nssid = \"x\"\npassphrase-env = \"A\"\npassphrase-file = \"b\"",
        ["line 4: wlan.passphrase-file stands beside passphrase-env"]
      ),
      ("a = '''\n[$]\n'''\nboards = 1", ["line 1: a is not known"]),
      ("boards = { a = { link = \"sim\",\n} }", ["no valid TOML"]),
      ("board = [\n  # none\n]", ["line 1: board is empty"]),
    ])
  func mistake(text: String, parts: [String]) throws {
    let error = try #require(throws: ConfigurationError.self) { try file(text) }
    for part in parts + ["wsrig.toml"] { #expect(error.sentence.contains(part), "\(error)") }
  }

  @Test("a passphrase in the file is refused, and not repeated")
  func secretInFile() throws {
    let error = try #require(throws: ConfigurationError.self) {
      try file("[wlan]\nssid = \"x\"\npassphrase = \"correct horse\"")
    }
    #expect(error.sentence.contains("line 3: wlan.passphrase is not allowed"), "\(error)")
    #expect(error.sentence.contains("passphrase-env") && !error.sentence.contains("horse"), "\(error)")
  }

  @Test("lines of keys are found behind strings, arrays and comments over several lines")
  func lines() throws {
    let text = """
      # [no.table]
      board = [ # "
        "a", ']',
      ]
      client = \"\"\"
      [server]
      host = 1\\\"\"\"\"
      server.port = 1
      [ boards . "d e" ]
      link = 'sim' # = 2
      """
    let lines = TOMLLines(text)
    #expect(lines[["board"]] == 2 && lines[["client"]] == 5 && lines[["server", "port"]] == 8)
    #expect(lines[["boards", "d e"]] == 9 && lines[["boards", "d e", "link"]] == 10)
    #expect(lines[["boards", "d e", "missing"]] == 9 && lines[["missing"]] == 1)
  }

  @Test("a passphrase comes from the environment or a file, is checked, and never has a text form")
  func passphrase() throws {
    let text = "[wlan]\nssid = \"x\"\npassphrase-env = \"PASS\""
    let wlan = try #require(try file(text).wlan)
    let access = try wlan.access(environment: ["PASS": "correct horse"])
    #expect(access.passphrase?.text == "correct horse")
    for printed in ["\(access)", String(reflecting: access), "\(access.passphrase as Any)"] {
      #expect(!printed.contains("horse"), "\(printed)")
    }
    var dumped = ""
    dump(access, to: &dumped)
    #expect(!dumped.contains("horse"), "\(dumped)")
    let missing = try #require(throws: ConfigurationError.self) { try wlan.access(environment: [:]) }
    #expect(missing.sentence.contains("line 3: wlan.passphrase-env") && missing.sentence.contains("PASS"))
    let short = try #require(throws: ConfigurationError.self) {
      try wlan.access(environment: ["PASS": "horse"])
    }
    #expect(short.sentence.contains("5 bytes") && !short.sentence.contains("horse"), "\(short)")
    let twoLines = try #require(throws: ConfigurationError.self) {
      try wlan.access(environment: ["PASS": "correct horse\nuser"])
    }
    #expect(twoLines.sentence.contains("control character") && !twoLines.sentence.contains("horse"))
    try folder.write("from a file\n", to: "secret")
    let fromFile = try file("[wlan]\nssid = \"x\"\npassphrase-file = \"secret\"")
    #expect(try fromFile.wlan?.access(environment: [:]).passphrase?.text == "from a file")
  }

  private static let two = """
    [server]
    host = "10.0.0.1"
    [wlan]
    ssid = "x"
    [boards.a]
    serial = "1"
    [boards.b]
    link = "tty:/dev/x"
    host = "10.1.0.1"
    port = 80
    wlan = false
    """

  @Test("boards are chosen by name, by what they are, or all; options win over the file")
  func choice() throws {
    let file = try file(Self.two)
    let all = try BenchBoard.chosen(by: ["all"], host: nil, port: nil, file: file)
    #expect(all.map(\.id) == ["a", "b"] && all.map(\.host) == ["10.0.0.1", "10.1.0.1"])
    #expect(all.map(\.port) == [0, 80] && all.map { $0.wlan != nil } == [true, false])
    let known = try BenchBoard.chosen(by: ["tty:/dev/x"], host: nil, port: nil, file: file)
    #expect(known.map(\.id) == ["b"], "the file knows that board by a name")
    let won = try BenchBoard.chosen(by: ["b"], host: "127.0.0.2", port: 1, file: file)
    #expect(won[0].host == "127.0.0.2" && won[0].port == 1)
    let stranger = try BenchBoard.chosen(by: ["usb:9"], host: nil, port: nil, file: file)
    #expect(stranger[0].host == "10.0.0.1" && stranger[0].wlan?.ssid == "x")
    let simulated = try BenchBoard.chosen(by: ["sim", "sim"], host: nil, port: nil, file: nil)
    #expect(simulated.map(\.id) == ["sim-1", "sim-2"] && simulated.map(\.word) == ["sim", "sim"])
    #expect(try BenchBoard.chosen(by: [], host: nil, port: nil, file: nil).map(\.id) == ["sim"])
  }

  @Test(
    "a choice that cannot be meant is told",
    arguments: [
      ([], ["names several boards (a, b)", "--board"]), (["all", "sim"], ["--board all"]),
      (["a", "usb:1"], ["twice"]), (["c"], ["\"c\" names no board", "a, b"]),
    ] as [([String], [String])])
  func wrongChoice(words: [String], parts: [String]) throws {
    let file = try file(Self.two)
    let error = try #require(throws: ConfigurationError.self) {
      try BenchBoard.chosen(by: words, host: nil, port: nil, file: file)
    }
    for part in parts { #expect(error.sentence.contains(part), "\(error)") }
  }

  @Test(
    "one board under two names waited for itself: a link to its terminal, another case, another name of the host"
  )
  func boardThatWaitsForItself() throws {
    let device = try folder.write("", to: "device")
    let link = folder.path + "/link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: device)
    let pairs = [
      ["tty:\(device)", "tty:\(link)"], ["usb:abc", "usb:ABC"], ["tcp:localhost:1", "tcp:127.0.0.1:1"],
      ["tcp:127.0.0.1:1", "rfc2217:127.0.0.1:1"],
    ]
    for words in pairs {
      let error = try #require(throws: ConfigurationError.self) {
        try BenchBoard.chosen(by: words, host: nil, port: nil, file: nil)
      }
      #expect(
        error.sentence.contains("names the board twice") && error.sentence.contains(words[1]), "\(error)")
    }
  }

  @Test("an address or a client of the file's was called --host or --client")
  func placesInTheFile() throws {
    let file = try file(Self.two)
    func places(_ word: String, host: String? = nil) throws -> AddressPlace {
      try BenchBoard.chosen(by: [word], host: host, port: nil, file: file)[0].place
    }
    #expect(try places("a").host == "server.host in \(file.path)")
    #expect(try places("a").port == "--port" && places("a", host: "127.0.0.1").host == "--host")
    #expect(try places("b").both == "boards.b.host in \(file.path) and boards.b.port in \(file.path)")
    #expect(try places("usb:9").host == "server.host in \(file.path)")
    let places = (client: "client in wsrig.toml", adapter: "adapter in wsrig.toml")
    let fixtures = try Fixtures(path: Repository.fixtures.path)
    for (client, adapter) in [("/nope.py", nil), (nil, "/nope.py"), (nil, "nope")] as [(String?, String?)] {
      let error = try #require(throws: ConfigurationError.self) {
        try ClientBundle(client: client, adapter: adapter, fixtures: fixtures, places: places)
      }
      #expect(error.sentence.contains(client == nil ? places.adapter : places.client), "\(error)")
    }
  }

  @Test(
    "a date ended the process, where it was cut behind its hour or its t (found by libFuzzer)",
    arguments: [
      "2026-01-01 1", "2026-01-0[ 1", "2026-01-01t=", "[2026-01-01 1]", "2026-01-01", "202a-01-01 1",
    ])
  func dates(_ value: String) throws {
    let error = try #require(throws: ConfigurationError.self) { try file("[server]\nport = \(value)\n") }
    #expect(error.description.contains("line 2") && error.description.contains("date"), "\(error)")
    #expect(throws: Never.self) { try file("[boards.a-b]\nserial = \"2026-01-01 1\" # 2026-01-01 1\n") }
  }

  @Test(
    "a folder or a device that is no file was called no folder, or not permitted",
    arguments: ["/tmp", "/dev/null"])
  func folderForFile(_ path: String) throws {
    let error = try #require(throws: ConfigurationError.self) { try BenchFile(path: path) }
    #expect(error.sentence.contains(path == "/tmp" ? "it is a folder" : "a device"), "\(error)")
    let wlan = try file("[wlan]\nssid = \"x\"\npassphrase-file = \"\(path)\"").wlan
    let secret = try #require(throws: ConfigurationError.self) { try wlan?.access(environment: [:]) }
    #expect(secret.sentence.contains(path == "/tmp" ? "it is a folder" : "a device"), "\(secret)")
  }

  @Test("what --board takes left out all, and the names of wsrig.toml")
  func namesNoBoard() throws {
    let error = try #require(throws: ConfigurationError.self) {
      try BenchBoard.chosen(by: ["pico"], host: nil, port: nil, file: nil)
    }
    #expect(error.sentence.contains("or all") && error.sentence.contains("wsrig.toml"), "\(error)")
  }

  @Test("the radio saved power in latency runs, unless somebody said otherwise")
  func powerSavedInLatencyRuns() throws {
    func power(_ text: String) throws -> WLANPower {
      let boards = try BenchBoard.chosen(by: ["usb:1"], host: nil, port: nil, file: file(text))
      return LatencyPlan.usualPower(on: boards[0])
    }
    #expect(try power("") == WLANPower.none && power("[wlan]\nssid = \"x\"") == WLANPower.none)
    #expect(try power("[wlan]\nssid = \"x\"\npower = \"powersave\"") == .powersave)
  }

  @Test("two boards get no server on the same port")
  func onePort() throws {
    let error = try #require(throws: ConfigurationError.self) {
      try BenchBoard.chosen(by: ["sim", "sim"], host: nil, port: 8765, file: nil)
    }
    #expect(error.sentence.contains("port 8765"), "\(error)")
  }

  @Test("limits of the file hold where no option says otherwise")
  func limits() throws {
    let file = try file("[limits]\ngap = 5\nleak = 7")
    var options = LimitChanges()
    options.gap = 9
    let limits = options.over(file.limits).limits
    #expect(limits.gapMilliseconds == 9 && limits.leakBytes == 7)
    #expect(limits.keptBytes == ResourceLimits().keptBytes)
  }
}
