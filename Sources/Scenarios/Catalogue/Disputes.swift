extension Scenario {
  /// The scenario, marked as one in which the RFC can be read in several ways.
  /// - Parameter why: which behaviours are allowed, why, and where the RFC says so: one to three sentences.
  func disputed(_ why: String) -> Scenario {
    var marked = self
    marked.dispute = why
    if !marked.tags.contains("disputed") { marked.tags.append("disputed") }
    return marked
  }

  /// The same, where a condition holds.
  func disputed(_ why: String, if condition: Bool) -> Scenario { condition ? disputed(why) : self }
}

/// Where RFC 6455 can be read in several ways, in words that several scenarios share.
enum Dispute {
  static let smallestWindow =
    "RFC 7692 section 7.1.2.2 lets a server ask for a window of 8 bits, and section 7.1 has a client fail the connection whose agreed configuration it cannot support; zlib has no compressor with such a window. Taking and refusing are both allowed."
  static let ownHeader =
    "Section 4.1 binds the request as it is sent, whoever wrote its lines; but an application that adds a header which is the "
    + "client's business misuses the client, and the RFC says nothing of interfaces. That a library keeps such a request valid, or "
    + "refuses to make it, is a quality; one that sends what it was told is not held to have broken a rule by itself."
  static let minimalLength =
    "Section 5.2 binds who sends: the shortest form must be used. That a receiver must refuse a longer one is said nowhere, so "
    + "failing with 1002 and taking the frame are both allowed, and the first is what a good client does."
  static let reservedCode =
    "Section 7.4.2 reserves the codes up to 2999 for later versions and extensions of the protocol, but forbids to send only those "
    + "that section 7.4.1 names. Failing with 1002 is what a good client does, as nobody can have agreed on the code; an answer is allowed."
  static let code1004 =
    "Section 7.4.1 reserves 1004 and leaves its meaning open, without forbidding it as it does 1005, 1006 and 1015. Failing with "
    + "1002 is what a good client does, an answer is allowed."
  static let code1010 =
    "Section 7.4.1 has 1010 sent by clients only, as a server can fail the opening handshake instead, but does not say what a "
    + "client does that gets it: to answer is what a good client does, to fail with 1002 is allowed."
  static let unlawfulCode =
    "Section 7.4.1 says that 1005, 1006 and 1015 must not stand in a Close frame, and section 7.4.2 that 0 to 999 are not used, which "
    + "binds who sends; of who receives such a code nothing is said. Failing with 1002 is expected of a good client, an answer "
    + "that does not carry the code is allowed."
  static let registeredCode =
    "The code is registered with IANA since (section 11.7 opens the registry), so a client that knows RFC 6455 alone may take it "
    + "for reserved (section 7.4.2) and fail with 1002; to answer is what a good client does."
  static let codeAboveRanges =
    "Section 7.4.2 defines ranges up to 4999 and says nothing of what lies above. To answer and to fail with 1002 are both allowed."
  static let dataAfterClose =
    "Section 5.5.1 forbids the sender any data frame behind its Close, and section 1.4 has the receiver discard what still comes. "
    + "To discard it, or to have stopped reading, is expected; whether it counts as a violation is open."
  static let closeInsideMessage =
    "Section 5.4 lets control frames come between the fragments of a message, so the Close is lawful and is to be answered; a "
    + "client that takes the message as cut short may fail with 1002 instead (sections 5.5.1 and 7.1.7)."
  static let clientPing =
    "Section 5.5.2 lets either endpoint send a Ping at any time, and demands it of none: a client without such a call is "
    + "unsupported, not wrong."
  static let clientCode =
    "Section 7.1.5 and 7.4 let a Close carry a code and a reason, and section 5.5.1 says that it may have none: a client whose "
    + "application cannot choose them is unsupported, not wrong."
  static let emptyExtensions =
    "Section 9.1 wants one extension at least in the header, and has a client fail the connection for one that does not conform; RFC "
    + "7230 section 7 has recipients of lists pass over empty elements, so that the header names nothing that section 4.1 would "
    + "fail it for. To refuse it and to take it for none are both allowed."
  static let boardsTLS =
    "RFC 6455 demands no version, group or cipher of TLS in particular, and small clients have few: that of a Pico 2 W speaks TLS 1.2 "
    + "alone, without X25519 and ChaCha20. A client that has it connects; by section 4.1 one that has not fails the connection."
  static let warnedName =
    "RFC 6066 section 3 advises servers against warning of a name that they do not know, because clients may go on or break off after "
    + "it, and RFC 6455 section 4.1 says only what follows a handshake that fails. To connect and to refuse are both allowed."
  static let optionalVerification =
    "Section 4.1 has a client fail a connection whose TLS handshake fails, and says nothing of what makes it fail. With cert_reqs=1 "
    + "MicroPython looks at the certificate and goes on, Python refuses it. To connect and to refuse are both allowed."
  static let badReason =
    "Section 5.5.1 wants a reason in UTF-8, and section 8.1 has bad UTF-8 fail the connection without naming the code for a "
    + "control frame: 1007 fits the data, 1002 the protocol error, and both are allowed."
}
