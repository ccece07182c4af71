import Scenarios

/// The content of a Close frame as the judge reads it (RFC 6455 sections 5.5.1 and 7.4).
struct CloseContent: Sendable, Hashable {
  /// What is wrong with it.
  enum Defect: Sendable, Hashable {
    /// One byte, which is no code.
    case halfCode
    /// A code that must not stand in a Close frame.
    case code(UInt16)
    /// A reason that is not UTF-8; the index is that of the first impossible byte, or the length.
    case reason(index: Int)
    /// More than 125 bytes.
    case tooLong
  }

  /// The code; nil where there is none.
  var code: UInt16?
  /// The bytes of the reason.
  var reason: [UInt8]
  /// What is wrong with it, nil where nothing is.
  var defect: Defect?

  /// Reads a payload.
  init(_ payload: [UInt8]) {
    code = payload.count >= 2 ? UInt16(payload[0]) << 8 | UInt16(payload[1]) : nil
    reason = Array(payload.dropFirst(2))
    if payload.count == 1 {
      defect = .halfCode
    } else if payload.count > 125 {
      defect = .tooLong
    } else if let code, !Self.mayBeSent(code) {
      defect = .code(code)
    } else {
      var check = UTF8Check()
      if let index = check.firstImpossible(in: reason) {
        defect = .reason(index: 2 + index)
      } else if !check.isComplete {
        defect = .reason(index: payload.count)
      }
    }
  }

  /// The code as an application sees it: 1005 stands for an empty Close (section 7.1.5).
  var reportedCode: UInt16 { code ?? 1005 }

  /// Whether a code may stand in a Close frame: those of section 7.4.1 that are not reserved for reports, the registrations in
  /// IANA's "WebSocket Close Code Number" (1012 to 1014), and the ranges of section 7.4.2 for libraries and private use.
  static func mayBeSent(_ code: UInt16) -> Bool {
    switch code {
    case 1000...1003, 1007...1011: true
    case 1012...1014: true
    case 3000...4999: true
    default: false
    }
  }

  /// How strongly the RFC speaks against sending a code that may not be sent: it forbids 0 to 999 and those for reports (1005,
  /// 1006, 1015), reserves 1004 and 1016 to 2999 for later, and says nothing of 5000 and above.
  static func requirement(againstSending code: UInt16) -> Requirement {
    switch code {
    case 1004, 1016...2999: .quality
    case 5000...: .may
    default: .must
    }
  }

  /// What the RFC has against sending such a code, as a relative clause.
  static func objection(toSending code: UInt16) -> String {
    switch requirement(againstSending: code) {
    case .must: "which must not be sent"
    case .quality: "which is reserved"
    default: "which the RFC does not define"
    }
  }

  /// How strongly the RFC binds who receives such a code: to fail the connection is demanded nowhere.
  static func requirement(againstTaking code: UInt16) -> Requirement { code >= 5000 ? .may : .quality }

  /// For sentences: `Close 1002 or 1009`, `Close 1000 or an empty Close`; 1005 stands for the empty one.
  static func words(_ codes: [UInt16]) -> String {
    let numbers = codes.filter { $0 != 1005 }.map(String.init).joined(separator: " or ")
    let words =
      (numbers.isEmpty ? [] : ["Close \(numbers)"]) + (codes.contains(1005) ? ["an empty Close"] : [])
    return words.joined(separator: " or ")
  }

  /// For sentences: `Close 1000 "bye"`, `Close without a code`.
  var text: String {
    guard let code else { return "Close without a code" }
    return reason.isEmpty ? "Close \(code)" : "Close \(code) \(Words.quoted(reason))"
  }
}
