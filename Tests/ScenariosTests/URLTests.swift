import Scenarios
import Steps
import Testing

@Suite("URLs of connect steps")
struct URLTests {
  private func problems(_ connect: ConnectStep, ownPort: Bool = false, port: UInt16? = nil) -> [String] {
    var scenario = Scenario(
      id: "x", description: "X.", expectation: "X.", rfc: "3", requirement: .must, server: ServerScript([]),
      client: ClientScript([.connect(connect)]))
    scenario.server.ownPort = ownPort
    scenario.server.port = port
    return scenario.validate().map(\.description)
  }

  @Test("placeholders take their values, wherever they stand")
  func placeholders() {
    let url = { (step: ConnectStep) in step.url(host: "[::1]", port: 81, token: "tok") }
    #expect(url(ConnectStep()) == "ws://[::1]:81/tok")
    #expect(url(ConnectStep(target: "?{token}#x")) == "ws://[::1]:81?tok#x")
    #expect(url(ConnectStep(url: "{token}{host}{port}{overflowingPort}")) == "tok[::1]8165617")
    #expect(url(ConnectStep(url: "ws://a b/{x}")) == "ws://a b/{x}")
  }

  @Test("a URL leads to its attempt, has known placeholders and no target beside it")
  func validation() {
    #expect(problems(ConnectStep(url: "ws:{host}:{port}/{token}")).isEmpty)
    #expect(problems(ConnectStep(url: "ws://{host}/"), ownPort: true, port: 80).isEmpty)
    #expect(
      problems(ConnectStep(url: "ws://{host}:{port}/"))
        == [
          #"client.tasks[0].steps[0].connect.url is "ws://{host}:{port}/", by which the server cannot tell the attempt; allowed here: a URL with {token} in it, or a server with ownPort."#
        ])
    #expect(
      problems(ConnectStep(url: "ws://{hots}/{token}"))
        == [
          "client.tasks[0].steps[0].connect.url has the placeholder {hots}; allowed here: {host}, {port}, {overflowingPort}, {token}."
        ])
    #expect(
      problems(ConnectStep(target: "/x{token}", url: "ws://{host}/{token}"))
        == ["client.tasks[0].steps[0].connect.target stands beside url; allowed here: one of target and url."]
    )
    #expect(
      problems(ConnectStep(), port: 80)
        == ["server.port is 80 without ownPort; allowed here: a port together with ownPort."])
  }
}
