@testable import BoardLink
import Foundation
import PosixIO
import Testing

@Suite("Faults on a link")
struct FaultPlanTests {
  /// What comes out of bytes that go that way, cut in pieces of a size.
  private static func passed(
    _ faults: [LinkFault], _ text: String, by size: Int, _ direction: LinkFault.Direction = .toBoard
  ) -> String {
    var plan = FaultPlan(faults)
    var result: [UInt8] = []
    for action in plan.opened() { if case .inject(direction, let bytes) = action { result += bytes } }
    var rest = [UInt8](text.utf8)[...]
    while !rest.isEmpty {
      for action in plan.pass(direction, [UInt8](rest.prefix(size))) {
        switch action {
        case .forward(let bytes), .inject(direction, let bytes): result += bytes
        default: break
        }
      }
      rest = rest.dropFirst(size)
    }
    return String(decoding: result, as: UTF8.self)
  }

  @Test("bytes are changed where the plan says, however they are cut", arguments: [1, 2, 3, 100])
  func changes(_ size: Int) {
    func change(_ effect: LinkFault.Effect, skip: Int = 0, times: Int = 1) -> String {
      let fault = LinkFault(.pattern(.toBoard, [UInt8]("ab".utf8)), effect, skip: skip, times: times)
      return Self.passed([fault], "ab1234ab1234", by: size)
    }
    #expect(change(.drop(.toBoard, skip: 1, count: 2)) == "ab14ab1234")
    #expect(change(.drop(.toBoard, skip: 0, count: 1), skip: 1) == "ab1234ab234")
    #expect(change(.duplicate(.toBoard, skip: 0, count: 2), times: 2) == "ab112234ab112234")
    #expect(change(.corrupt(.toBoard, skip: 3, count: 1)) == "ab1235ab1234")
    #expect(change(.replace(.toBoard, skip: 0, count: 0, with: [0x78])) == "abx1234ab1234")
    #expect(change(.replace(.toBoard, skip: 1, count: 2, with: [0x78])) == "ab1x4ab1234")
    #expect(change(.swallow(.toBoard, 0x32)) == "ab134ab134")
    #expect(change(.silence(.toBoard)) == "ab")
    #expect(change(.hang) == "ab")
    #expect(change(.drop(.fromBoard, skip: 0, count: 9)) == "ab1234ab1234")
  }

  @Test("a place, and an opening, set a fault off too")
  func triggers() {
    let third = LinkFault(.byte(.toBoard, 3), .drop(.toBoard, skip: 0, count: 1))
    #expect(Self.passed([third], "abcdef", by: 2) == "abcef")
    let first = LinkFault(.byte(.toBoard, 0), .drop(.toBoard, skip: 0, count: 1))
    #expect(Self.passed([first], "abc", by: 3) == "bc")
    let noise = LinkFault(.opening, .replace(.toBoard, skip: 0, count: 0, with: [0x2A]))
    #expect(Self.passed([noise], "abc", by: 3) == "*abc")
  }

  @Test("what lasts until the board is restarted is over then")
  func restart() {
    var plan = FaultPlan([LinkFault(.byte(.toBoard, 1), .hang)])
    #expect(plan.opened().isEmpty)
    #expect(plan.pass(.toBoard, [1, 2]) == [.forward([1])])
    #expect(plan.pass(.fromBoard, [1]).isEmpty)
    #expect(plan.opened().isEmpty)
    #expect(plan.pass(.toBoard, [3]) == [.forward([3])])
    #expect(plan.happened.count == 1)
  }

  @Test("a read that is cancelled before it has begun ends all the same", .timeLimit(.minutes(1)))
  func cancelledRead() async throws {
    let loop = try EventLoop(name: "inbox").start()
    let inbox = LinkInbox(board: "sim", on: loop)
    for _ in 0..<2000 {
      let reading = Task { try await inbox.read(deadline: .never) }
      reading.cancel()
      await #expect(throws: CancellationError.self) { try await reading.value }
    }
    loop.stopAndWait()
  }
}
