import Foundation
import Verdicts

/// What a connection to an Autobahn fuzzing server is for: its URL's path and query say so.
public enum ControlRequest: Sendable, Hashable {
  /// One text message with the number of cases, then a Close without a code.
  case caseCount
  /// One text message with id and description of a case, then a Close.
  case caseInfo(CaseReference)
  /// The case itself: the client only echoes.
  case runCase(CaseReference, agent: String)
  /// One text message with the case's behavior, once it is over, then a Close.
  case caseStatus(CaseReference, agent: String)
  /// Writes the reports of all agents, then a Close; where it says so, the server ends as well.
  case updateReports(agent: String, shutsDown: Bool)
  /// The server ends at once.
  case stopServer

  /// By what a case is named.
  public enum CaseReference: Sendable, Hashable {
    /// Its place among those that the server has selected, from 1.
    case number(Int)
    /// Its id.
    case id(String)
  }

  /// Why a request target is refused.
  public enum Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// It names nothing of the protocol.
    case unknownPath(String)
    /// A parameter is missing or empty.
    case missing(parameter: String, path: String)
    /// A parameter is there more than once.
    case repeated(parameter: String, path: String)
    /// The case's number is none.
    case badNumber(String)

    /// One sentence.
    public var description: String {
      switch self {
      case .unknownPath(let path):
        "There is no \(path) here; there are \(ControlRequest.paths.joined(separator: ", "))."
      case .missing(let parameter, let path): "\(path) needs the parameter \(parameter)."
      case .repeated(let parameter, let path):
        "\(path) takes the parameter \(parameter) once, and it is there twice."
      case .badNumber(let text): "case=\(text) is no number of a case."
      }
    }
  }

  fileprivate static let paths = [
    "/getCaseCount", "/getCaseInfo", "/runCase", "/getCaseStatus", "/updateReports", "/stopServer",
  ]
}

extension ControlRequest {
  /// Reads a request target, such as `/runCase?case=3&agent=me`, or the absolute URI that may stand in its place (section 4.1).
  public init(target: String) throws(Refusal) {
    let parts = Self.resource(of: target).split(
      separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let query = try Query(path: String(parts.first ?? ""), text: parts.count > 1 ? parts[1] : "")
    switch query.path {
    case "/getCaseCount": self = .caseCount
    case "/getCaseInfo": self = .caseInfo(try query.reference())
    case "/runCase": self = .runCase(try query.reference(), agent: try query.value(of: "agent"))
    case "/getCaseStatus": self = .caseStatus(try query.reference(), agent: try query.value(of: "agent"))
    case "/updateReports":
      let shutsDown = query.values["shutdownOnComplete"].map { $0.lowercased() == "true" } ?? false
      self = .updateReports(agent: try query.value(of: "agent"), shutsDown: shutsDown)
    case "/stopServer": self = .stopServer
    default: throw .unknownPath(query.path)
    }
  }

  /// Path and query. Which server an absolute URI names is not looked at: it came to this one.
  private static func resource(of target: String) -> Substring {
    AbsoluteTarget(target[...])?.resource ?? target[...]
  }

  /// The request target, percent-encoded.
  public var target: String {
    switch self {
    case .caseCount: "/getCaseCount"
    case .caseInfo(let reference): "/getCaseInfo?\(reference.query)"
    case .runCase(let reference, let agent): "/runCase?\(reference.query)&agent=\(agent.queryEncoded)"
    case .caseStatus(let reference, let agent):
      "/getCaseStatus?\(reference.query)&agent=\(agent.queryEncoded)"
    case .updateReports(let agent, let shutsDown):
      "/updateReports?agent=\(agent.queryEncoded)" + (shutsDown ? "&shutdownOnComplete=true" : "")
    case .stopServer: "/stopServer"
    }
  }
}

/// The parameters of a request target.
private struct Query {
  let path: String
  let values: [String: String]

  init(path: String, text: Substring) throws(ControlRequest.Refusal) {
    self.path = path
    let pairs = text.split(separator: "&").map { pair -> (String, String) in
      let words = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (words[0].queryDecoded, words.count > 1 ? words[1].queryDecoded : "")
    }
    var values: [String: String] = [:]
    for (name, value) in pairs {
      guard values.updateValue(value, forKey: name) == nil else {
        throw .repeated(parameter: name, path: path)
      }
    }
    self.values = values
  }

  func value(of name: String) throws(ControlRequest.Refusal) -> String {
    guard let value = values[name], !value.isEmpty else { throw .missing(parameter: name, path: path) }
    return value
  }

  func reference() throws(ControlRequest.Refusal) -> ControlRequest.CaseReference {
    if let id = values["casetuple"], !id.isEmpty { return .id(id) }
    let text = try value(of: "case")
    guard let number = Int(text) else { throw .badNumber(text) }
    return .number(number)
  }
}

extension ControlRequest.CaseReference {
  fileprivate var query: String {
    switch self {
    case .number(let number): "case=\(number)"
    case .id(let id): "casetuple=\(id.queryEncoded)"
    }
  }
}

extension StringProtocol {
  /// The text as a parameter's value: everything but letters, digits and `-._~` percent-encoded.
  fileprivate var queryEncoded: String {
    let unreserved = CharacterSet(
      charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    return addingPercentEncoding(withAllowedCharacters: unreserved) ?? String(self)
  }

  fileprivate var queryDecoded: String {
    let spaced = String(self).replacing("+", with: " ")
    return spaced.removingPercentEncoding ?? spaced
  }
}
