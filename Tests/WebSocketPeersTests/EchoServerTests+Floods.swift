import Dispatch
import PosixIO
import Synchronization
import TestSupport
import Testing
import Traces
import WebSocketPeers
import WebSocketProtocol

extension EchoServerTests {
  @Test("Those who send much keep no other waiting: each reads a little at first, then one of them a turn")
  func floods() async throws {
    let serverLoop = try EventLoop(name: "server").start()
    let traces = try await withLoop { loop in
      let traces = Mutex<[ConnectionTrace]>([])
      var configuration = EchoConfiguration()
      configuration.captureLimit = 1
      configuration.onTrace = { trace in traces.withLock { $0.append(trace) } }
      let server = try await EchoServer.start(
        listeningOn: [.loopbackV4(port: 0)], on: serverLoop, configuration: configuration)
      var clients: [RawClient] = []
      for _ in 0..<3 { clients.append(try await RawClient.open(server.addresses[0], on: loop)) }
      let gate = DispatchSemaphore(value: 0)
      serverLoop.submit { gate.wait() }
      let flood = Array(repeatElement(clientFrame(.text, [0x61]).encoded(), count: 5000).joined())
      for client in clients[1...] { try await client.send(flood) }
      try await clients[0].send(clientFrame(.text, [0x61]))
      gate.signal()
      for (client, count) in zip(clients, [1, 5000, 5000]) {
        try await client.waitFor { $0.count >= 129 + 3 * count }
        try await client.endSending()
        #expect(try await client.readToEnd() == .end)
      }
      try await server.stop()
      return traces.withLock { $0 }
    }
    serverLoop.stopAndWait()
    // Behind the request.
    let reads = traces.sorted { $0.clientStream.totalCount < $1.clientStream.totalCount }.map { trace in
      trace.events.compactMap { event -> (instant: UInt64, count: Int)? in
        guard case .received(let count) = event.kind else { return nil }
        return (event.instantNanoseconds, count)
      }.dropFirst()
    }
    let quiet = try #require(reads.first?.first)
    for flood in reads[1...] {
      #expect(flood.filter { $0.instant <= quiet.instant }.map(\.count).reduce(0, +) <= 4096)
    }
    let turns = reads[1...].map { Set($0.dropFirst().map(\.instant)) }
    #expect(turns[0].count > 5 && turns[0].isDisjoint(with: turns[1]))
  }
}
