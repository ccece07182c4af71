/// Why an opening handshake was refused: by us as a server with `status`, or by us as a client, which then closes TCP.
public struct HandshakeRejection: Error, Hashable, Sendable {
  /// What was wrong.
  public let reason: Reason
  /// The name of the header field it concerns, if one.
  public let header: String?
  /// The HTTP status: what a server answers; for a client what the server answered, or `nil` before a status line came.
  public let status: Int?

  /// Creates a rejection.
  public init(_ reason: Reason, header: String? = nil, status: Int? = nil) {
    self.reason = reason
    self.header = header
    self.status = status
  }

  /// The reasons, with the section of RFC 6455 behind each in ``HandshakeRejection/section``.
  public enum Reason: Hashable, Sendable {
    /// The head is no HTTP head; where, and why.
    case malformedHead(HeadFault, at: Int)
    /// The head exceeds ``Limits/head``.
    case headTooLong(limit: Int)
    /// More header fields than ``Limits/headerFields``.
    case tooManyFields(limit: Int)
    /// The start line is not what this role expects.
    case startLine
    /// The method is not GET.
    case method
    /// The request has a body.
    case body
    /// The HTTP version is below 1.1.
    case httpVersion
    /// A header field that must be there is missing.
    case missing
    /// A header field that may stand once is repeated.
    case repeated
    /// A header field's value is not what it must be.
    case value
    /// The server answered with another status than 101.
    case unexpectedStatus
    /// The server chose an extension that was not asked for.
    case extensionNotRequested
    /// The server chose a subprotocol that was not asked for.
    case subprotocolNotRequested
    /// The list of extensions does not follow its grammar.
    case malformedExtensions
    /// The server chose permessage-deflate more than once.
    case extensionRepeated
    /// The server's answer to an offer of permessage-deflate is none.
    case deflate(DeflateFault)
    /// The stream ended before the head did.
    case endOfStream
    /// The application refused.
    case application
  }

  /// What makes a head malformed (RFC 7230 section 3).
  public enum HeadFault: String, Hashable, Sendable, CaseIterable {
    /// An empty line where the start line should be.
    case emptyStartLine
    /// A line feed without carriage return.
    case bareLineFeed
    /// A carriage return without line feed.
    case bareCarriageReturn
    /// A line that begins with white space.
    case foldedLine
    /// A name that is no token, or white space before the colon.
    case badFieldName
    /// A control character.
    case controlCharacter
    /// More fields than allowed.
    case tooManyFields
  }

  /// The section that states the rule.
  public var section: String {
    switch reason {
    case .malformedHead: "RFC 7230 section 3"
    case .headTooLong, .tooManyFields: "RFC 6455 section 10.4"
    case .unexpectedStatus, .extensionNotRequested, .subprotocolNotRequested: "RFC 6455 section 4.1"
    case .startLine, .method, .body, .httpVersion: "RFC 6455 section 4.2.1"
    case .missing, .repeated, .value: "RFC 6455 section 4"
    case .endOfStream, .application: "RFC 6455 section 4"
    case .malformedExtensions: "RFC 6455 section 9.1"
    case .extensionRepeated: "RFC 7692 section 5"
    case .deflate(let fault): "RFC 7692 section \(fault.section)"
    }
  }

  static func malformed(_ fault: HeadFault, at index: Int) -> Self {
    Self(.malformedHead(fault, at: index), status: 400)
  }
  static func headTooLong(limit: Int) -> Self { Self(.headTooLong(limit: limit), status: 431) }
  static func tooManyFields(limit: Int) -> Self { Self(.tooManyFields(limit: limit), status: 431) }
}

extension HandshakeRejection: CustomStringConvertible {
  /// One sentence.
  public var description: String {
    let about = header.map { " (\($0))" } ?? ""
    let answered = status.map { ", status \($0)" } ?? ""
    return "opening handshake refused: \(what)\(about)\(answered), \(section)"
  }

  private var what: String {
    switch reason {
    case .malformedHead(let fault, let index): "malformed head, \(fault.rawValue) at byte \(index)"
    case .headTooLong(let limit): "head beyond \(limit) bytes"
    case .tooManyFields(let limit): "more than \(limit) header fields"
    case .startLine: "unexpected start line"
    case .method: "method is not GET"
    case .body: "request has a body"
    case .httpVersion: "HTTP version below 1.1"
    case .missing: "header field missing"
    case .repeated: "header field repeated"
    case .value: "header field with a wrong value"
    case .unexpectedStatus: "status is not 101"
    case .extensionNotRequested: "extension that was not asked for"
    case .subprotocolNotRequested: "subprotocol that was not asked for"
    case .malformedExtensions: "list of extensions is malformed"
    case .extensionRepeated: "permessage-deflate chosen more than once"
    case .deflate(let fault): "permessage-deflate answered with \(fault)"
    case .endOfStream: "stream ended within the head"
    case .application: "refused by the application"
    }
  }
}
