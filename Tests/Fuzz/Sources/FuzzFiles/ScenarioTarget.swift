import Foundation
import FuzzSupport
import Scenarios

/// A scenario file: whatever stands in it, it is read or refused in a sentence, and what was read is the same when it is written and read
/// again.
enum ScenarioTarget: FuzzTarget {
  static func run(_ input: FuzzInput) {
    let first: Case
    do {
      first = try ScenarioFile.read(Data(input.payload), file: "s.json")
    } catch {
      precondition(error.description.hasPrefix("s.json"), "the error names no file: \(error)")
      return
    }
    let text = ScenarioFile.text(of: first)
    do {
      let again = try ScenarioFile.read(Data(text.utf8), file: "again.json")
      precondition(again == first, "it reads back otherwise")
    } catch {
      preconditionFailure("what was written is refused: \(error)")
    }
  }
}
