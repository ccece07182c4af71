import Steps

// How TLS is spoken, as parts of a sentence.

extension ServerTLS {
  /// What is particular about it: "speaks TLS 1.2 and 1.3, with an RSA key of 2048 bits".
  var words: String {
    let spoken = "speaks TLS \(versions.map(\.rawValue).joined(separator: " and "))"
    var parts = [spoken, "with \(key.words)", certificate.words, chain.words].compactMap(\.self)
    parts += [groups, ciphers, cipherSuites].compactMap { $0.map { "only \($0)" } }
    switch clientCertificate {
    case .notWanted: break
    case .wanted: parts.append("asks for the client's certificate")
    case .required: parts.append("demands a certificate of the client")
    }
    if warnsOfNames {
      parts.append("warns that it does not know the client's name for it (unrecognized_name)")
    }
    if recordSize < Self.largestRecord { parts.append("at most \(recordSize) bytes in a record") }
    if let writeSize { parts.append("\(writeSize) bytes of TLS in a write") }
    return (parts + [fault?.words].compactMap(\.self)).joined(separator: ", ")
  }
}

extension TLSKey {
  fileprivate var words: String {
    switch self {
    case .rsa2048: "an RSA key of 2048 bits"
    case .rsa3072: "an RSA key of 3072 bits"
    case .p256: "a P-256 key"
    case .p384: "a P-384 key"
    }
  }
}

extension ServerTLS.Certificate {
  fileprivate var words: String? {
    switch self {
    case .good: nil
    case .expired: "a certificate whose time is over"
    case .notYetValid: "a certificate whose time has not come"
    case .wrongHost: "a certificate for another host"
    case .unknownAuthority: "a certificate of an authority that nobody knows"
    case .selfSigned: "a certificate that its own key signed"
    case .wrongPurpose: "a certificate that is for clients"
    }
  }
}

extension ServerTLS.Chain {
  fileprivate var words: String? {
    switch self {
    case .direct: nil
    case .intermediate: "signed by an intermediate authority"
    case .incomplete: "signed by an intermediate authority whose certificate is missing"
    }
  }
}

extension ServerTLS.Fault {
  fileprivate var words: String {
    switch self {
    case .alert(let description): "answers the handshake with alert \(description)"
    case .instead(let payload): "answers the handshake with \(payload.words)"
    case .stalled(let count): "says nothing more after \(count) bytes of the handshake"
    case .ended(let count): "ends TCP after \(count) bytes of the handshake"
    }
  }
}

extension ClientTLS {
  /// What the client is told, part by part.
  var words: [String] {
    ["over TLS with cert_reqs=\(certReqs)", trust.words, identity.words(key)].compactMap(\.self)
      + (form == .pem && self != ClientTLS(certReqs: certReqs, form: .pem) ? ["in PEM"] : [])
  }
}

extension ClientTLS.Trust {
  fileprivate var words: String? {
    switch self {
    case .nothing: nil
    case .authority: "cafile the authority"
    case .severalAuthorities: "cafile another authority and the right one"
    case .otherAuthority: "cafile an authority that signed nothing"
    case .serverCertificate: "cafile the server's own certificate"
    case .garbage: "cafile no certificate"
    }
  }
}

extension ClientTLS.Identity {
  fileprivate func words(_ key: TLSKey) -> String? {
    switch self {
    case .none: nil
    case .good: "certfile a certificate with \(key.words)"
    case .unknownAuthority: "certfile a certificate that the server cannot verify"
    case .expired: "certfile a certificate whose time is over"
    case .otherKey: "certfile a certificate, keyfile the key of another"
    case .withoutKey: "certfile a certificate, and no keyfile"
    }
  }
}
