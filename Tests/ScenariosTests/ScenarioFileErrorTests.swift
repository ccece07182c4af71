import Foundation
import Scenarios
import Steps
import TestSupport
import Testing

/// Error messages, word for word: they are what a user who made a mistake has to go by.
@Suite struct ScenarioFileErrorTests {
  /// A file with these server steps, written in JSON.
  private func file(steps: String, extra: String = "", client: String = "") -> String {
    """
    {"schemaVersion": 1, "id": "2.x", "description": "Does.", "rfc": "5.5.2", "requirement": "MUST",
     "server": {"connections": [{"name": "main", "steps": [\(steps)]}]}\(client.isEmpty ? "" : ", \"client\": \(client)")\(extra)}
    """
  }

  private func message(_ text: String) -> String {
    do {
      _ = try ScenarioFile.read(Data(text.utf8), file: "x.json")
      return "no error"
    } catch {
      return error.description
    }
  }

  @Test func aWrongOpcode() {
    #expect(
      message(file(steps: #""expectClose", {"sendFrame": {"opcode": "pnig"}}"#))
        == #"x.json: server.connections[0].steps[1].sendFrame.opcode is "pnig"; "#
        + #"allowed here: "continuation", "text", "binary", "close", "ping", "pong", or a number from 0 to 15 "#
        + #"(did you mean "ping"?)."#)
  }

  @Test func anUnknownKey() {
    #expect(
      message(file(steps: #"{"sendFrame": {"opcode": "ping", "paylod": {"text": "a"}}}"#))
        == "x.json: server.connections[0].steps[0].sendFrame.paylod is no known key; allowed here: opcode, "
        + "payload, isFinal, reservedBits, maskingKey, lengthEncoding, declaredLength (did you mean payload?)."
    )
  }

  @Test func anUnknownStep() {
    #expect(
      message(file(steps: #""expectClosing""#))
        == #"x.json: server.connections[0].steps[0] is "expectClosing", which is unknown; allowed here: respond, "#
        + "sendFrame, sendMessage, sendBytes, expectFrame, expectMessage, expectClose, expectEnd, pause, waitUntil, stopReading, "
        + "resumeReading, halfClose, closeTCP, resetTCP, truncateTLS, cutTLS, renegotiateTLS, barrier (did you mean expectClose?)."
    )
  }

  @Test func twoStepsInOne() {
    #expect(
      message(file(steps: #"{"sendBytes": {"text": "a"}, "barrier": "b"}"#)).hasPrefix(
        "x.json: server.connections[0].steps[0] is an object with sendBytes, barrier; allowed here: an object with exactly one of the keys respond, "
      ))
  }

  @Test func valuesOfAnotherKind() {
    let cases = [
      (
        #"{"pause": {"milliseconds": "5"}}"#,
        #"pause.milliseconds is "5"; allowed here: a whole number from 0 to 10000."#
      ),
      (
        #"{"pause": {"milliseconds": 1.5}}"#,
        "pause.milliseconds is 1.5; allowed here: a whole number from 0 to 10000."
      ),
      (
        #"{"sendBytes": {"hex": "4"}}"#,
        #"sendBytes.hex is "4"; allowed here: an even number of hexadecimal digits, such as "48 65"."#
      ),
      (
        #"{"sendBytes": "hello"}"#,
        #"sendBytes is "hello", which is unknown; allowed here: text, hex, repeat, random."#
      ),
      (
        #"{"sendFrame": {"payload": {"text": "a"}}}"#,
        "sendFrame.opcode is missing; allowed here: the name or the number of an opcode."
      ),
      (
        #"{"sendFrame": {"opcode": 16}}"#,
        #"sendFrame.opcode is 16; allowed here: "continuation", "text", "binary", "close", "ping", "pong", or a number from 0 to 15."#
      ),
      (
        #"{"sendFrame": {"opcode": 1, "isFinal": 1}}"#, "sendFrame.isFinal is 1; allowed here: true or false."
      ),
      (
        #"{"expectMessage": {"kind": "txt"}}"#,
        #"expectMessage.kind is "txt"; allowed here: "text", "binary" (did you mean "text"?)."#
      ),
      (
        #"{"halfClose": {"now": true}}"#,
        #"halfClose is an object with now; allowed here: nothing: write "halfClose" alone."#
      ),
      (
        #"{"sendMessage": {"payload": {"text": "a"}}}"#,
        #"sendMessage.kind is missing; allowed here: "text" or "binary"."#
      ),
      (
        #"{"sendMessage": {"kind": "text", "blocks": "sotred"}}"#,
        #"sendMessage.blocks is "sotred"; allowed here: "normal", "stored", "fixed", "several", "emptyFirst", "last" (did you mean "stored"?)."#
      ),
      (
        #"{"sendMessage": {"kind": "text", "fragments": {"count": 0}}}"#,
        "sendMessage.fragments.count is 0; allowed here: a whole number from 1 to 65536."
      ),
      (
        #"{"sendMessage": {"kind": "text", "blocks": "stored", "deflated": {"hex": "00"}}}"#,
        "sendMessage.blocks stands beside deflated, which spells the stream out; allowed here: one of them."
      ),
      (
        #"{"sendMessage": {"kind": "text", "isCompressed": false, "blocks": "last"}}"#,
        "sendMessage.isCompressed is false; allowed here: true, where deflated or blocks is given."
      ),
      (
        #"{"sendMessage": {"kind": "text", "pingBetween": {"repeat": {"text": "a", "count": 126}}}}"#,
        "sendMessage.pingBetween has 126 bytes; allowed here: at most 125, as in every control frame."
      ),
      (
        #"{"respond": {"accept": [{"deflate": {"serverMaxWindowBits": 16}}]}}"#,
        "respond.accept[0].deflate.serverMaxWindowBits is 16; allowed here: a whole number from 8 to 15."
      ),
      (
        #"{"respond": {"accept": [{"deflate": {"windowBits": 9}}]}}"#,
        "respond.accept[0].deflate.windowBits is no known key; allowed here: serverNoContextTakeover, "
          + "clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits (did you mean clientMaxWindowBits?)."
      ),
      (
        #"{"barrier": "alone"}"#,
        #"barrier is "alone", which nothing else has; allowed here: a barrier that at least two connections or two tasks have."#
      ),
    ]
    for (step, expected) in cases {
      #expect(message(file(steps: step)) == "x.json: server.connections[0].steps[0].\(expected)")
    }
  }

  @Test func namesThatDoNotExist() {
    let cases = [
      (
        #"{"tasks": [{"steps": [{"connect": {"connection": "mian"}}]}]}"#,
        #"client.tasks[0].steps[0].connect.connection is "mian", which the server script lacks; allowed here: "main" (did you mean main?)."#
      ),
      (
        #"{"tasks": [{"steps": [{"connect": {"target": "/x"}}]}]}"#,
        #"client.tasks[0].steps[0].connect.target is "/x", by which the server cannot tell the attempt; allowed here: a target with {token} in it, or a server with ownPort."#
      ),
      (
        #"{"tasks": [{"steps": [{"connect": {}}, {"echo": {"connection": "other"}}]}]}"#,
        #"client.tasks[0].steps[1].connection is "other", which the server script lacks; allowed here: "main"."#
      ),
      (
        #"{"tasks": [{"steps": [{"connect": {}}, {"join": "other"}]}]}"#,
        #"client.tasks[0].steps[1] names the task "other"; allowed here: no task."#
      ),
      (
        #"{"tasks": [{"steps": [{"echo": {}}]}]}"#,
        #"server.connections[0].name is "main", which no connect step of the client opens; allowed here: a connection that the client opens."#
      ),
      (
        #"{"tasks": [{"steps": [{"connect": {}}]}, {"name": "b", "steps": []}]}"#,
        #"client.tasks[1].name is "b", which no start step names; allowed here: a task that is started."#
      ),
    ]
    for (client, expected) in cases {
      #expect(message(file(steps: "", client: client)) == "x.json: \(expected)")
    }
  }

  @Test func headings() {
    let good = file(steps: "")
    #expect(message(good) == "no error")
    #expect(
      message(good.replacingOccurrences(of: "5.5.2", with: "5.5.9"))
        == #"x.json: rfc is "5.5.9"; allowed here: a section of RFC 6455, such as "5.5.2", or of RFC 7692, such as "RFC 7692 7.2.1"."#
    )
    #expect(
      message(good.replacingOccurrences(of: "MUST", with: "must"))
        == #"x.json: requirement is "must"; allowed here: "MUST", "SHOULD", "MAY", "QUALITY" (did you mean "MUST"?)."#
    )
    #expect(
      message(good.replacingOccurrences(of: "2.x", with: "2.X y"))
        == #"x.json: id is "2.X y"; allowed here: lower-case letters, digits and hyphens, in parts joined by dots, such as 2.ping-empty."#
    )
    #expect(
      message(file(steps: "", extra: #", "deliveries": ["split"]"#))
        == #"x.json: deliveries lacks "whole"; allowed here: a list that contains "whole"."#)
    #expect(
      message(file(steps: "", extra: #", "deliveries": ["whole"], "delivery": "split""#))
        == #"x.json: delivery is "split", which the scenario does not have; allowed here: "whole"."#)
    #expect(
      message("[]")
        == "x.json: the file is a list of 0; allowed here: an object with the keys schemaVersion, id, description, expectation, rfc, requirement, dispute, tags, server, client, expected, deliveries, isolation, delivery, overTLS."
    )
    #expect(
      message(file(steps: "", extra: #", "isolation": "soft-reset""#))
        == #"x.json: isolation is "soft-reset"; allowed here: "same interpreter", "soft reset", "hard reset" (did you mean "soft reset"?)."#
    )
    #expect(
      message(file(steps: "", extra: #", "isolaton": "soft reset""#))
        == "x.json: isolaton is no known key; allowed here: schemaVersion, id, description, expectation, rfc, requirement, dispute, tags, server, client, expected, deliveries, isolation, delivery, overTLS (did you mean isolation?)."
    )
    #expect(message("{}") == "x.json: schemaVersion is missing; allowed here: 1.")
  }

  @Test func anEmptyListOfCloseCodesAllowsNothing() {
    #expect(
      message(file(steps: "", extra: #", "expected": {"closeCodes": []}"#))
        == "x.json: expected.closeCodes is empty; allowed here: a list of at least one code, or no such key.")
  }

  @Test(arguments: ["A B", "", "Fail-fast", "a--b"]) func aTagIsAWord(tag: String) {
    #expect(
      message(file(steps: "", extra: #", "tags": ["fail-fast", "\#(tag)"]"#))
        == #"x.json: tags[1] is "\#(tag)"; allowed here: lower-case letters, digits and hyphens, such as fail-fast."#
    )
  }

  @Test func textsForPeopleStandOnOneLine() {
    #expect(
      message(file(steps: "").replacingOccurrences(of: "Does.", with: #"Does.\nMore."#))
        == "x.json: description holds a line end; allowed here: text on one line.")
    #expect(
      message(file(steps: "", extra: #", "expectation": "Is.\r\nIs.""#))
        == "x.json: expectation holds a line end; allowed here: text on one line.")
    #expect(
      message(file(steps: "", extra: #", "dispute": "Is.\u2028Is.""#))
        == "x.json: dispute holds a line end; allowed here: text on one line.")
  }

  @Test func aVersionThatIsNotThere() {
    #expect(
      message(file(steps: "").replacingOccurrences(of: #""schemaVersion": 1"#, with: #""schemaVersion": 2"#))
        == "x.json: schemaVersion is 2; allowed here: 1.")
  }

  @Test func syntax() throws {
    let cases = [
      ("{\n  \"id\": }", "no value begins like this at line 2, column 9"),
      ("{\"id\": 1,}", "a key in quotes is missing at line 1, column 10"),
      ("{\"id\" 1}", "a colon is missing at line 1, column 7"),
      ("{\"id\": 1", "a comma or } is missing at line 1, column 9"),
      ("[1 2]", "a comma or ] is missing at line 1, column 4"),
      ("[1]x", "something follows the value at line 1, column 4"),
      ("{\"a\": 1,\n \"a\": 2}", "the key a comes a second time at line 2, column 2"),
      ("\"a\nb\"", "a string holds a control character or a line break at line 1, column 3"),
      ("\"abc", "a string does not end at line 1, column 1"),
      ("\"\\x\"", "an unknown escape at line 1, column 2"),
      ("\"\\uD800\"", "half of a surrogate pair at line 1, column 2"),
      ("[007]", "007 is no value at line 1, column 2"), ("[+1]", "+1 is no value at line 1, column 2"),
      ("[NaN]", "NaN is no value at line 1, column 2"),
      ("", "the end comes where a value should at line 1, column 1"),
      (String(repeating: "[", count: 100), "the nesting is too deep at line 1, column 65"),
    ]
    for (text, problem) in cases {
      #expect(
        message(text) == "x.json: the file is no valid JSON: \(problem); allowed here: one JSON object.")
    }
    let pair = file(steps: #"{"sendBytes": {"text": "\uD83D\uDE00\u00e9\/\n"}}"#)
    let read = try ScenarioFile.read(Data(pair.utf8), file: "x.json")
    #expect(read.scenario.server.connections[0].steps == [.sendBytes(.text("😀é/\n"))])
    #expect(throws: ScenarioFileError.self) { try ScenarioFile.read(path: "/nonexistent/x.json") }
  }

  @Test func theExampleOfTheGuideIsRead() throws {
    let guide = Repository.fixtures.appending(path: "scenarios/README.md")
    let text = try String(contentsOf: guide, encoding: .utf8)
    let example = try #require(
      text.components(separatedBy: "```json\n").last?.components(separatedBy: "```").first)
    let testCase = try ScenarioFile.read(Data(example.utf8), file: "README.md")
    #expect(testCase.id == "5.ping-in-the-middle@split")
    #expect(testCase.scenario.client == .echo)
  }
}
