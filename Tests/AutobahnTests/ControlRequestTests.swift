import Autobahn
import Testing

@Suite("Autobahn's control protocol in URLs")
struct ControlRequestTests {
  @Test(
    "targets are read as drivers write them",
    arguments: [
      ("/getCaseCount", ControlRequest.caseCount),
      ("/getCaseInfo?case=7", .caseInfo(.number(7))),
      ("/runCase?case=1&agent=me", .runCase(.number(1), agent: "me")),
      ("/runCase?agent=a%20b%2F1&case=12", .runCase(.number(12), agent: "a b/1")),
      (
        "/runCase?casetuple=5.text-two%40bytewise&agent=a+b",
        .runCase(.id("5.text-two@bytewise"), agent: "a b")
      ),
      ("/getCaseStatus?case=-1&agent=%C3%A9", .caseStatus(.number(-1), agent: "é")),
      ("/updateReports?agent=me", .updateReports(agent: "me", shutsDown: false)),
      ("/updateReports?agent=me&shutdownOnComplete=true", .updateReports(agent: "me", shutsDown: true)),
      ("/stopServer", .stopServer),
      (
        "http://127.0.0.1:9001/runCase?case=1&agent=http%3A%2F%2Fme", .runCase(.number(1), agent: "http://me")
      ),
      ("http://[::1]:9001/getCaseCount", .caseCount), ("https://localhost/getCaseCount", .caseCount),
    ])
  func reads(target: String, request: ControlRequest) throws {
    #expect(try ControlRequest(target: target) == request)
    #expect(try ControlRequest(target: request.target) == request)
  }

  @Test(
    "what is missing or wrong is told in one sentence",
    arguments: [
      ("/runCase?case=1", "/runCase needs the parameter agent."),
      ("/runCase?case=1&agent=", "/runCase needs the parameter agent."),
      ("/runCase?agent=me", "/runCase needs the parameter case."),
      ("/getCaseInfo?case=one", "case=one is no number of a case."),
      ("/getCaseInfo?case=1&case=2", "/getCaseInfo takes the parameter case once, and it is there twice."),
      ("/runCase?agent=a&case=1&agent=a", "/runCase takes the parameter agent once, and it is there twice."),
      ("/updateReports", "/updateReports needs the parameter agent."),
      (
        "/chat?x",
        "There is no /chat here; there are /getCaseCount, /getCaseInfo, /runCase, /getCaseStatus, /updateReports, /stopServer."
      ),
    ])
  func refuses(target: String, sentence: String) {
    let refusal = #expect(throws: ControlRequest.Refusal.self) { try ControlRequest(target: target) }
    #expect(refusal?.description == sentence)
  }
}
