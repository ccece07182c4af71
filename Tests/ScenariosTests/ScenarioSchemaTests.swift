import Foundation
import Scenarios
import Testing

@Suite struct ScenarioSchemaTests {
  private static let python = Python.find()

  /// Both directions: what is exported fits the schema, and the schema is no rubber stamp.
  @Test(.enabled(if: python != nil, "no Python with the package jsonschema was found"))
  func theSchemaFitsTheCatalogueAndRefusesMistakes() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("wsrig-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let list = Catalogue.all.map(ScenarioFile.text).joined(separator: ",\n")
    let catalogue = folder.appendingPathComponent("catalogue.json")
    try "[\(list)]".write(to: catalogue, atomically: true, encoding: .utf8)
    let schema = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../fixtures/schema/scenario.schema.json").standardizedFileURL
    let result = try Self.python!.run(Self.script, [schema.path, catalogue.path])
    #expect(result == "ok\n")
  }

  private static let script = """
    import copy, json, sys
    import jsonschema
    schema, catalogue = (json.load(open(path)) for path in sys.argv[1:])
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for scenario in catalogue:
        for error in validator.iter_errors(scenario):
            print(scenario["id"], list(error.absolute_path), error.message[:200])
    def spoil(change):
        scenario = copy.deepcopy(catalogue[0])
        change(scenario)
        if validator.is_valid(scenario):
            print("not refused:", json.dumps(scenario))
    steps = lambda s: s["server"]["connections"][0]["steps"]
    spoil(lambda s: s.pop("rfc"))
    spoil(lambda s: s.update(requirement="must"))
    spoil(lambda s: s.update(extra=1))
    spoil(lambda s: steps(s).append({"sendFrame": {"opcode": "pnig"}}))
    spoil(lambda s: steps(s).append({"sendFrame": {"opcode": "ping", "paylod": {"text": "a"}}}))
    spoil(lambda s: steps(s).append({"sendBytes": {"hex": "4"}}))
    spoil(lambda s: steps(s).append("expectClosing"))
    spoil(lambda s: s.update(deliveries=["split"]))
    print("ok")
    """
}

/// A Python interpreter that has the package jsonschema.
struct Python {
  let path: String

  /// Looks at the interpreter that `WSRIG_PYTHON` names, the one that `scripts/setup` installs, and those of the search path.
  static func find() -> Python? {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
    let environment = ProcessInfo.processInfo.environment
    let folders = (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/python3" }
    let candidates =
      [environment["WSRIG_PYTHON"], root.appendingPathComponent(".venv/bin/python3").path].compactMap { $0 }
      + folders
    for path in candidates where FileManager.default.isExecutableFile(atPath: path) {
      let python = Python(path: path)
      if (try? python.run("import jsonschema; print(1)", [])) == "1\n" { return python }
    }
    return nil
  }

  /// Runs a script; returns what it printed.
  func run(_ script: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = ["-c", script] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
