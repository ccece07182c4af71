import Steps

/// Whom a client trusts: what is wrong with a server's certificate, under each `cert_reqs`, and what `cafile` may hold.
extension Catalogue {
  /// What is wrong with a certificate, in words that follow "Shows".
  private static let faults: [(slug: String, what: String, server: ServerTLS)] = [
    ("expired", "a certificate whose time is over", ServerTLS(certificate: .expired)),
    ("not-yet-valid", "a certificate whose time has not come", ServerTLS(certificate: .notYetValid)),
    ("wrong-host", "a certificate for another host", ServerTLS(certificate: .wrongHost)),
    (
      "unknown-authority", "a certificate of an authority that nobody knows",
      ServerTLS(certificate: .unknownAuthority)
    ),
    ("self-signed", "a certificate that its own key signed", ServerTLS(certificate: .selfSigned)),
    ("wrong-purpose", "a certificate that is for clients", ServerTLS(certificate: .wrongPurpose)),
    (
      "chain-incomplete", "a certificate of an intermediate authority, and not that one's",
      ServerTLS(chain: .incomplete)
    ),
  ]

  @ListBuilder<Scenario> static var tlsVerification: [Scenario] {
    for fault in faults {
      for trust in [ClientTLS.Trust.authority, .nothing] { shown(fault, trust) }
    }
    for reqs in 0...1 {
      secured(
        "good-reqs-\(reqs)", .quality("4.1"), "Shows a good certificate to a client with cert_reqs=\(reqs).",
        tag: "verification", told: ClientTLS(certReqs: reqs, trust: .authority))
    }
    secured(
      "no-cafile-reqs-1", .quality("4.1"), "Shows a certificate to a client with cert_reqs=1 and no cafile.",
      "Connects: nothing depends on the certificate.", tag: "verification", told: ClientTLS(certReqs: 1)
    ).disputed(Dispute.optionalVerification, opening: .either)
    unsecured(
      "no-cafile-reqs-2", "4.1", "Shows a certificate to a client with cert_reqs=2 and no cafile.",
      "Refuses: it has nothing to verify the certificate by.", tag: "verification",
      told: ClientTLS(certReqs: 2))
  }

  /// A fault under each `cert_reqs`.
  @ListBuilder<Scenario> private static func shown(
    _ fault: (slug: String, what: String, server: ServerTLS), _ trust: ClientTLS.Trust
  ) -> [Scenario] {
    let hasCafile = trust != .nothing
    let (suffix, without) = hasCafile ? ("", "") : ("-no-cafile", " and no cafile")
    let (slug, what, server) = fault
    secured(
      "\(slug)-reqs-0\(suffix)", .quality("4.1"), "Shows \(what) to a client with cert_reqs=0\(without).",
      "Connects: it was told not to look.", tag: "verification", by: server,
      told: ClientTLS(certReqs: 0, trust: trust))
    perhapsSecured(
      "\(slug)-reqs-1\(suffix)", .quality("4.1"), "Shows \(what) to a client with cert_reqs=1\(without).",
      tag: "verification", because: Dispute.optionalVerification, by: server,
      told: ClientTLS(certReqs: 1, trust: trust))
    unsecured(
      "\(slug)-reqs-2\(suffix)", "4.1", "Shows \(what) to a client with cert_reqs=2\(without).",
      hasCafile
        ? "Fails the connection in the TLS handshake, and sends no request."
        : "Refuses: it has nothing to verify the certificate by.", tag: "verification", by: server,
      told: ClientTLS(certReqs: 2, trust: trust))
  }

  @ListBuilder<Scenario> static var tlsTrust: [Scenario] {
    secured(
      "cafile-pem", .quality("4.1"), "Shows a good certificate to a client whose cafile is PEM.",
      "Verifies the certificate, connects and echoes.", tag: "verification",
      told: ClientTLS(certReqs: 2, trust: .authority, form: .pem))
    secured(
      "cafile-of-two", .quality("4.1"),
      "Shows a good certificate to a client whose cafile has another authority before the right one.",
      "Verifies the certificate by the second, connects and echoes.", tag: "verification",
      told: ClientTLS(certReqs: 2, trust: .severalAuthorities, form: .pem))
    secured(
      "cafile-of-server", .quality("4.1"),
      "Shows a certificate that its own key signed, and that is itself the client's cafile.",
      "Trusts the certificate as such, connects and echoes.", tag: "verification",
      by: ServerTLS(certificate: .selfSigned), told: ClientTLS(certReqs: 2, trust: .serverCertificate))
    unsecured(
      "cafile-of-other-server", "4.1",
      "Shows a certificate that its own key signed, which is another one than the client's cafile.",
      tag: "verification", by: ServerTLS(certificate: .selfSigned),
      told: ClientTLS(certReqs: 2, trust: .otherAuthority))
    unsecured(
      "cafile-other-authority", "4.1",
      "Shows a certificate of another authority than that of the client's cafile.",
      tag: "verification", told: ClientTLS(certReqs: 2, trust: .otherAuthority))
    secured(
      "cafile-other-authority-reqs-0", .quality("4.1"),
      "Shows a certificate of another authority than that of cafile to a client with cert_reqs=0.",
      "Connects: it was told not to look.", tag: "verification",
      told: ClientTLS(certReqs: 0, trust: .otherAuthority))
    unsecured(
      "cafile-garbage", "4.1", "Shows a good certificate to a client whose cafile is no certificate.",
      "Refuses: it has nothing to verify the certificate by.", tag: "verification",
      told: ClientTLS(certReqs: 2, trust: .garbage))
    secured(
      "host-name-verified", .quality("4.1"), "Is reached by its name, which its certificate has.",
      "Verifies the certificate for that name, connects and echoes.", tag: "verification", told: .verifying,
      url: Self.urlByName)
    unsecured(
      "host-name-wrong", "4.1", "Is reached by its name, which its certificate has not.", tag: "verification",
      by: ServerTLS(certificate: .wrongHost), told: .verifying, url: Self.urlByName)
  }

  /// A URL with a name in it; a board somewhere else cannot follow it.
  static let urlByName = "wss://localhost:{port}/{token}"
}

extension Scenario {
  /// The scenario as one in which the client may refuse the connection, too.
  fileprivate func disputed(_ why: String, opening: Expected.Opening) -> Scenario {
    var marked = disputed(why)
    marked.expected.opening = opening
    return marked
  }
}
