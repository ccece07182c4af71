import Scenarios
import Steps
import Traces
import WebSocketProtocol

/// permessage-deflate as the client offers and uses it (RFC 7692).
extension Rule {
  static let deflate: [Rule] = [
    Rule(
      "deflate-offer-valid", .opening, rfc: "RFC 7692 7.1", .must,
      "An offer of permessage-deflate has known parameters, each once, with valid values."
    ) {
      $0.offerFindings
    },
    Rule(
      "deflate-offered", .opening, rfc: "", .quality, "A client that is asked for compression offers it."
    ) {
      $0.missingOfferFindings
    },
    Rule(
      "client-deflate-stream", .frames, rfc: "RFC 7692 7.2.1", .must,
      "A compressed message inflates within what was agreed on."
    ) {
      $0.corruptMessageFindings
    },
  ]
}

extension RuleContext {
  /// RSV1 says that a message is compressed, on its first frame and where permessage-deflate is in use (RFC 7692 section 6).
  var reservedBitFindings: [Finding] {
    let wrong = readableClientFrames.filter { frame in
      let mayBeCompressed = deflate != nil && (frame.opcode == .text || frame.opcode == .binary)
      return frame.header.reservedBits & (mayBeCompressed ? 3 : 7) != 0
    }
    guard let first = wrong.first else { return [] }
    let more = wrong.count > 1 ? " and \(wrong.count - 1) more" : ""
    let isMisplaced = deflate != nil && first.header.reservedBits == 4
    let why =
      isMisplaced
      ? "Only the first frame of a message may say that it is compressed."
      : "Nothing that was negotiated gives them a meaning."
    return [
      Finding(
        at: first.streamOffset,
        "The client's \(Words.frame(first))\(more) has reserved bits \(first.header.reservedBits). \(why)",
        rfc: isMisplaced ? "RFC 7692 6" : nil)
    ]
  }

  fileprivate var offerFindings: [Finding] {
    guard let request = decoded.request else { return [] }
    for offer in request.extensions where offer.name == DeflateTerms.extensionName {
      do throws(DeflateTerms.Problem) {
        _ = try DeflateTerms(offer, as: .offer)
      } catch {
        let offset = request.fields.first { $0.name.lowercased() == "sec-websocket-extensions" }?.streamOffset
        return [
          Finding(
            at: offset, "The client's offer of permessage-deflate \(Words.line(error.words)).",
            rfc: "RFC 7692 \(error.section)")
        ]
      }
    }
    return []
  }

  fileprivate var missingOfferFindings: [Finding] {
    guard application.connectStep?.compression == true, application.unsupported.isEmpty,
      let request = decoded.request,
      !request.extensions.contains(where: { $0.name == DeflateTerms.extensionName })
    else { return [] }
    return [
      Finding("The application asked for compression, but the request does not offer permessage-deflate.")
    ]
  }

  fileprivate var corruptMessageFindings: [Finding] {
    guard isEstablished, let deflate, let message = client.corruptMessage, damagedSend == nil else {
      return []
    }
    var terms: [String] = []
    if deflate.client.windowBits < 15 { terms.append("with a window of \(deflate.client.windowBits) bits") }
    if !deflate.client.keepsContext { terms.append("without the messages before it") }
    let how = terms.isEmpty ? "" : " " + terms.joined(separator: " and ")
    let kind = message.isText ? "text" : "binary"
    return [
      Finding(
        at: message.streamOffset,
        "The client's compressed \(kind) message of \(Words.bytes(message.length)) (\(Words.hex(message.payload)))"
          + " cannot be inflated\(how).")
    ]
  }
}
