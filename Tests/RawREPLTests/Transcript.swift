import Foundation
import RawREPL
import TestSupport
import Testing

/// A conversation with a board: calls of the host, bytes it must send, bytes it receives, what they mean.
struct Transcript: Decodable, CustomTestStringConvertible {
  struct Step: Decodable {
    var call: String?
    var source: String?
    var send: String?
    var receive: String?
  }

  struct ExpectedEvent: Decodable, Equatable {
    var event: String
    var bytes: String?
    var errorOutput: String?
    var didSoftReset: Bool?
  }

  private struct File: Decodable { var transcripts: [Transcript] }

  var name: String
  var allowsRawPaste: Bool
  var steps: [Step]
  var events: [ExpectedEvent]

  var testDescription: String { name }

  static let all: [Transcript] = ["raw-repl-recorded", "raw-repl-written"].flatMap { name in
    let url = Repository.fixtures.appending(path: "vectors/\(name).json")
    do {
      return try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).transcripts
    } catch {
      Issue.record("\(url.path) does not load: \(error)")
      return []
    }
  }
}

/// Replays transcripts; `cut` decides how received bytes are divided.
struct TranscriptReplay {
  var machine: RawREPLMachine
  var sent: [UInt8] = []
  var events: [RawREPLEvent] = []

  static func run(
    _ transcript: Transcript, cut: ([UInt8]) -> [ArraySlice<UInt8>]
  ) throws -> TranscriptReplay {
    var replay = TranscriptReplay(machine: RawREPLMachine(allowsRawPaste: transcript.allowsRawPaste))
    for step in transcript.steps {
      if let call = step.call { try replay.call(call, source: latin1(step.source ?? "")) }
      for piece in cut(latin1(step.receive ?? "")) {
        replay.machine.receive(piece)
        replay.collect()
      }
      if let send = step.send {
        #expect(replay.sent == latin1(send))
        replay.sent = []
      }
    }
    #expect(replay.sent == [], "bytes are sent that the transcript does not have")
    return replay
  }

  private mutating func call(_ name: String, source: [UInt8]) throws {
    switch name {
    case "resynchronise": machine.resynchronise()
    case "execute": try machine.execute(source)
    case "interrupt": machine.interrupt()
    case "softReset": try machine.softReset()
    case "leave": try machine.leave()
    case "deadlinePassed": machine.deadlinePassed()
    case "receiveEnd": machine.receiveEnd()
    default: Issue.record("the transcript calls \(name), which does not exist")
    }
    collect()
  }

  private mutating func collect() {
    repeat { sent += machine.takeOutput() } while machine.outputPause != nil
    events += machine.takeEvents()
  }

  /// The events in the form of the files, adjacent pieces of output joined.
  var described: [Transcript.ExpectedEvent] {
    var result: [Transcript.ExpectedEvent] = []
    for event in events.map(Self.describe) {
      if let bytes = event.bytes, let last = result.last, last.event == event.event {
        result[result.count - 1].bytes = (last.bytes ?? "") + bytes
      } else {
        result.append(event)
      }
    }
    return result
  }

  private static func describe(_ event: RawREPLEvent) -> Transcript.ExpectedEvent {
    switch event {
    case .ready: .init(event: "ready")
    case .foreignOutput(let bytes): .init(event: "foreignOutput", bytes: text(bytes))
    case .started: .init(event: "started")
    case .standardOutput(let bytes): .init(event: "standardOutput", bytes: text(bytes))
    case .finished(let errorOutput, let didSoftReset):
      .init(event: "finished", errorOutput: text(errorOutput), didSoftReset: didSoftReset)
    case .softResetFinished: .init(event: "softResetFinished")
    case .left: .init(event: "left")
    case .resynchronisationFailed: .init(event: "resynchronisationFailed")
    case .violated: .init(event: "violated")
    case .ended: .init(event: "ended")
    }
  }

  private static func latin1(_ text: String) -> [UInt8] {
    text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
  }

  private static func text(_ bytes: [UInt8]) -> String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: bytes.map { Unicode.Scalar($0) })
    return String(text)
  }
}
