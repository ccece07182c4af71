import BoardLink
import Foundation
import Results
import TestSupport
import Testing

@testable import Bench

@Suite("How a client lies on the host")
struct ClientLayoutTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func layout(_ name: String) throws -> ClientLayout {
    try ClientLayout(of: folder.url.appending(path: name))
  }

  private func sentence(_ name: String) throws -> String {
    try #require(#expect(throws: ConfigurationError.self) { try layout(name) }).sentence
  }

  @Test("a module file")
  func module() throws {
    try folder.write("A = 1\n", to: "ws.py")
    let ws = try layout("ws.py")
    #expect(ws.module == "ws" && ws.files == ["ws.py": Array("A = 1\n".utf8)])
    try folder.write("M", to: "compiled.mpy")
    #expect(try layout("compiled.mpy").module == "compiled")
  }

  @Test("a package folder, with what lies below it, and nothing but modules")
  func package() throws {
    for name in ["__init__.py", "ws.py", "deep/er.py", "README.md", "__pycache__/ws.cpython-311.pyc"] {
      try folder.write("", to: "pack/\(name)")
    }
    let pack = try layout("pack")
    #expect(pack.module == "pack")
    #expect(pack.files.keys.sorted() == ["pack/__init__.py", "pack/deep/er.py", "pack/ws.py"])
  }

  @Test("a mip package: what its list says, under the names it says, without main.py")
  func mip() throws {
    let urls = #"[["ws.py", "code/ws.py"], ["main.py", "code/main.py"], ["data.txt", "code/data.txt"]]"#
    try folder.write(#"{"urls": \#(urls), "version": "1"}"#, to: "mip/package.json")
    try folder.write("W", to: "mip/code/ws.py")
    let mip = try layout("mip")
    #expect(mip.module == "ws" && mip.files == ["ws.py": [0x57]])
  }

  @Test("a folder of modules: all of them, and no module is chosen")
  func modules() throws {
    for name in ["a.py", "b.py", "main.py", "boot.py", "setup.py", "notes.txt"] {
      try folder.write("", to: "lib/\(name)")
    }
    let lib = try layout("lib")
    #expect(lib.module == nil && lib.files.keys.sorted() == ["a.py", "b.py"])
  }

  @Test("a folder that holds one package")
  func outer() throws {
    try folder.write("", to: "src/pack/__init__.py")
    try folder.write("", to: "src/setup.py")
    let src = try layout("src")
    #expect(src.module == "pack" && src.files.keys.sorted() == ["pack/__init__.py"])
  }

  @Test("what cannot be a client is refused with a sentence that names the path and what to check")
  func refusals() throws {
    #expect(try sentence("nowhere").hasSuffix("/nowhere' does not exist; check --client."))
    try folder.write("", to: "notes.txt")
    #expect(
      try sentence("notes.txt").hasSuffix(
        "is no MicroPython module: its name must end in .py or .mpy; check --client."))
    try folder.write("", to: "empty/notes.txt")
    #expect(try sentence("empty").contains("holds no .py or .mpy module and no package; check --client"))
    for text in ["{", "{}", #"{"urls": [["a.py"]]}"#, #"{"urls": "a.py"}"#] {
      try folder.write(text, to: "bad/package.json")
      #expect(try sentence("bad").contains("bad/package.json' is no mip package: \"urls\" must be"))
    }
    try folder.write(#"{"urls": [["a.py", "code/a.py"]]}"#, to: "gone/package.json")
    #expect(try sentence("gone").contains("/code/a.py': "))
  }
}

@Suite("The files that go onto the board")
struct ClientBundleTests {
  private let fixtures: Fixtures
  private let folder: TemporaryFolder

  init() throws {
    fixtures = try Fixtures(path: Repository.fixtures.path)
    folder = try TemporaryFolder()
  }

  @Test("for CPython an installed module, by its name or by what the adapter imports; files as elsewhere")
  func installed() throws {
    let python = BoardSelector.python(path: nil)
    let usual = try ClientBundle(client: nil, adapter: nil, board: python, fixtures: fixtures)
    #expect(usual.files.keys.sorted() == ["wsrig_adapter.py", "wsrig_agent.py"] && usual.module == nil)
    #expect(usual.identity.adapter == "websockets.py" && usual.identity.files.isEmpty)
    let named = try ClientBundle(
      client: "tinyws.asyncio", adapter: "blocking_ws", board: python, fixtures: fixtures)
    #expect(named.module == "tinyws.asyncio" && named.identity.path == "tinyws.asyncio")
    let path = try folder.write("abc", to: "ws.py")
    let files = try ClientBundle(client: path, adapter: nil, board: python, fixtures: fixtures)
    #expect(files.files.keys.contains("ws.py") && files.module == "ws")
    for missing in ["none.py", "no/such/module", "1st"] {
      let error = #expect(throws: ConfigurationError.self) {
        try ClientBundle(client: missing, adapter: nil, board: python, fixtures: fixtures)
      }
      #expect(error?.sentence.contains("does not exist") == true)
    }
    #expect(throws: ConfigurationError.self, "a board has nothing installed") {
      try ClientBundle(client: "tinyws", adapter: nil, board: .simulated, fixtures: fixtures)
    }
  }

  @Test("by default our own client, with agent and adapter")
  func own() throws {
    let bundle = try ClientBundle(client: nil, adapter: nil, fixtures: fixtures)
    let modules = [
      "async_websocketclient.py", "async_websocketclient_answer.py", "async_websocketclient_connecting.py",
      "async_websocketclient_deflate.py", "async_websocketclient_ending.py",
      "async_websocketclient_frames.py", "async_websocketclient_incoming.py",
      "async_websocketclient_inplace.py", "async_websocketclient_opening.py",
      "async_websocketclient_plain.py", "async_websocketclient_reading.py",
      "async_websocketclient_reconnect.py", "async_websocketclient_tls.py",
      "async_websocketclient_viper.py", "async_websocketclient_writing.py",
    ]
    #expect(bundle.files.keys.sorted() == modules + ["wsrig_adapter.py", "wsrig_agent.py"])
    #expect(bundle.module == "async_websocketclient")
    #expect(bundle.identity.path == "fixtures/async_websocket_client")
    #expect(bundle.identity.adapter == "async_websocketclient.py")
    #expect(bundle.identity.files.keys.sorted() == modules)
  }

  @Test("files are named by their SHA-1")
  func sha1() throws {
    let path = try folder.write("abc", to: "ws.py")
    let bundle = try ClientBundle(client: path, adapter: "blocking_ws", fixtures: fixtures)
    #expect(bundle.identity.files == ["ws.py": "a9993e364706816aba3e25717850c26c9cd0d89d"])
    #expect(bundle.identity.path == path && bundle.identity.adapter == "blocking_ws.py")
  }

  @Test("an adapter is a built-in name or a path; otherwise the sentence lists the names")
  func adapters() throws {
    let path = try folder.write("KIND = 'asyncio'\n", to: "mine.py")
    let bundle = try ClientBundle(client: nil, adapter: path, fixtures: fixtures)
    #expect(bundle.files["wsrig_adapter.py"] == Array("KIND = 'asyncio'\n".utf8))
    let unknown = #expect(throws: ConfigurationError.self) {
      try ClientBundle(client: nil, adapter: "asynk", fixtures: fixtures)
    }
    #expect(
      unknown?.sentence.contains(
        "no built-in adapter 'asynk'; check --adapter, which takes aiohttp_ws, async_websocketclient")
        == true)
    let missing = #expect(throws: ConfigurationError.self) {
      try ClientBundle(client: nil, adapter: folder.path + "/none.py", fixtures: fixtures)
    }
    #expect(missing?.sentence == "The adapter '\(folder.path)/none.py' does not exist; check --adapter.")
  }

  @Test("the fixtures folder and the interpreter are looked for where they must be")
  func fixturesFolder() throws {
    let wrong = #expect(throws: ConfigurationError.self) { try Fixtures(path: folder.path) }
    #expect(wrong?.sentence.contains("has no board/agent.py; check --fixtures") == true)
    let missing = #expect(throws: ConfigurationError.self) {
      try fixtures.interpreter(path: "/no/micropython")
    }
    #expect(
      missing?.sentence.contains("'/no/micropython' is missing or not executable; check --micropython")
        == true)
    try folder.write("", to: "fixtures/board/agent.py")
    let elsewhere = try Fixtures(path: folder.path + "/fixtures")
    let setUp = #expect(throws: ConfigurationError.self) { try elsewhere.interpreter(path: nil) }
    #expect(setUp?.sentence.contains("run scripts/setup, or name one with --micropython PATH") == true)
  }
}
