import Foundation
import Scenarios
import TestSupport
import Testing

@Suite struct ScenarioSchemaTests {
  /// Both directions: what is exported fits the schema, and the schema is no rubber stamp.
  @Test(.enabled(if: Repository.hasPython, "\(Repository.pythonIsMissing)"))
  func theSchemaFitsTheCatalogueAndRefusesMistakes() async throws {
    let folder = try TemporaryFolder()
    let list = Catalogue.all.map(ScenarioFile.text).joined(separator: ",\n")
    let catalogue = try folder.write("[\(list)]", to: "catalogue.json")
    let schema = Repository.fixtures.appending(path: "schema/scenario.schema.json").path
    let child = try await RunningChild.run(
      try #require(Repository.python), ["-c", Self.script, schema, catalogue])
    #expect(child.status == 0 && child.output == "ok\n", "\(child.everything)")
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
    spoil(lambda s: s.update(isolation="soft-reset"))
    print("ok")
    """
}
