import FuzzSupport
import RawREPL

/// The error section of an execution: whatever stands in it, it is read without a trap and can be told again.
enum TracebackTarget: FuzzTarget {
  static func run(_ input: FuzzInput) {
    guard let traceback = Traceback(input.payload) else { return }
    precondition(traceback.text.hasSuffix(traceback.description), "what was raised is not told")
  }
}
