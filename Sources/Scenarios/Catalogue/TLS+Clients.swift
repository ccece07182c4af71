import Steps

/// What a client shows of itself: its certificate, and the name of the server that it wants.
extension Catalogue {
  @ListBuilder<Scenario> static var tlsClientCertificates: [Scenario] {
    for wanted in [ServerTLS.ClientCertificate.wanted, .required] {
      let asks = wanted == .wanted ? "Asks for a certificate" : "Demands a certificate"
      for key in [TLSKey.p256, .rsa2048] {
        secured(
          "client-\(wanted.rawValue)-\(key.rawValue)", .quality("4.1"),
          "\(asks) of a client that has one with \(key.words).", "Shows it, connects and echoes.",
          tag: "client-certificates", by: ServerTLS(clientCertificate: wanted),
          told: ClientTLS(identity: .good, key: key))
      }
      for (identity, what) in [
        (ClientTLS.Identity.unknownAuthority, "of an authority that the server does not know"),
        (.expired, "whose time is over"),
      ] {
        unsecured(
          "client-\(wanted.rawValue)-\(identity == .expired ? "expired" : "unknown")", "4.1",
          "\(asks) of a client that has one \(what), and refuses it.",
          "Fails the connection, and tells that the server refused.", tag: "client-certificates",
          by: ServerTLS(clientCertificate: wanted), told: ClientTLS(identity: identity))
      }
    }
    secured(
      "client-wanted-none", .quality("4.1"), "Asks for a certificate of a client that has none.",
      "Goes on without, connects and echoes.", tag: "client-certificates",
      by: ServerTLS(clientCertificate: .wanted))
    unsecured(
      "client-required-none", "4.1", "Demands a certificate of a client that has none, and refuses it.",
      "Fails the connection, and tells that the server refused.", tag: "client-certificates",
      by: ServerTLS(clientCertificate: .required))
    secured(
      "client-required-verified", .quality("4.1"),
      "Demands a certificate of a client that verifies the server's.",
      "Verifies the server's and shows its own, connects and echoes.", tag: "client-certificates",
      by: ServerTLS(clientCertificate: .required),
      told: ClientTLS(certReqs: 2, trust: .authority, identity: .good))
    secured(
      "client-required-tls-1-2", .quality("4.1"),
      "Demands a certificate in TLS 1.2 of a client that has one.",
      "Shows it, connects and echoes.", tag: "client-certificates",
      by: ServerTLS(versions: [.v1_2], clientCertificate: .required), told: ClientTLS(identity: .good))
    for key in [TLSKey.p256, .rsa2048] {
      secured(
        "client-pem-\(key.rawValue)", .quality("4.1"),
        "Demands a certificate of a client whose certfile and keyfile are PEM, with \(key.words).",
        "Shows it, connects and echoes.", tag: "client-certificates",
        by: ServerTLS(clientCertificate: .required), told: ClientTLS(identity: .good, key: key, form: .pem))
    }
    secured(
      "client-not-asked", .quality("4.1"), "Asks for no certificate of a client that has one.",
      "Keeps it, connects and echoes.", tag: "client-certificates", told: ClientTLS(identity: .good))
    unsecured(
      "client-other-key", .quality("4.1"),
      "Would take a client without a certificate, but not this one, whose key is another's.",
      "Refuses to connect: the key does not fit the certificate.", tag: "client-certificates",
      by: ServerTLS(clientCertificate: .wanted), told: ClientTLS(identity: .otherKey))
    unsecured(
      "client-key-missing", .quality("4.1"),
      "Would take a client without a certificate, but this one has one without its key.",
      "Refuses to connect: the certificate is of no use without its key.", tag: "client-certificates",
      by: ServerTLS(clientCertificate: .wanted), told: ClientTLS(identity: .withoutKey))
  }

  @ListBuilder<Scenario> static var tlsNames: [Scenario] {
    secured(
      "name-sent", "4.1", "Is reached by its name.", "Names the host in the handshake (SNI).", tag: "names",
      url: urlByName)
    secured(
      "name-sent-tls-1-2", "4.1", "Is reached by its name, and speaks TLS 1.2.",
      "Names the host in the handshake (SNI).", tag: "names", by: ServerTLS(versions: [.v1_2]), url: urlByName
    )
    secured(
      "name-upper-case", "4.1", "Is reached by its name in capital letters.",
      "Names the host in the handshake (SNI), in whatever case.", tag: "names",
      url: "wss://LOCALHOST:{port}/{token}")
    perhapsSecured(
      "name-warned", .quality("4.1"),
      "Is reached by its name, warns that it does not know the name (unrecognized_name), and goes on, in TLS 1.2.",
      tag: "names", because: Dispute.warnedName, by: ServerTLS(versions: [.v1_2], warnsOfNames: true),
      url: urlByName)
    secured(
      "address-not-sent", .quality("4.1"), "Is reached by its address.",
      "Names no host in the handshake: an address is no server name (RFC 6066 section 3).", tag: "names",
      told: ClientTLS(trust: .authority))
  }
}
