import Steps

/// Which versions, keys and ciphers a client can speak. RFC 6455 demands none in particular.
extension Catalogue {
  @ListBuilder<Scenario> static var tlsVersions: [Scenario] {
    secured(
      "echo", "4.1", "Speaks TLS with a client that is told to look at no certificate.", tag: "versions")
    for key in TLSKey.allCases {
      for chain in [ServerTLS.Chain.direct, .intermediate] {
        let name = "\(key.rawValue)\(chain == .direct ? "" : "-intermediate")"
        let what =
          "\(key.words) \(chain == .direct ? "that the authority signed" : "below an intermediate authority")"
        secured(
          "tls-1-2-\(name)", .quality("4.1"), "Speaks TLS 1.2, with \(what).",
          "Verifies the certificate, connects and echoes.", tag: "versions",
          by: ServerTLS(key: key, chain: chain, versions: [.v1_2]), told: .verifying)
        perhapsSecured(
          "tls-1-3-\(name)", .quality("4.1"), "Speaks TLS 1.3 only, with \(what).", tag: "versions",
          because: Dispute.boardsTLS, by: ServerTLS(key: key, chain: chain, versions: [.v1_3]),
          told: .verifying)
      }
      secured(
        "tls-any-\(key.rawValue)", .quality("4.1"), "Speaks TLS 1.2 and 1.3, with \(key.words).",
        "Verifies the certificate, connects by the newest version that both have, and echoes.",
        tag: "versions", by: ServerTLS(key: key), told: .verifying)
    }
  }

  @ListBuilder<Scenario> static var tlsCiphers: [Scenario] {
    perhapsSecured(
      "x25519-only", .quality("4.1"), "Exchanges keys by X25519 only.", tag: "ciphers",
      because: Dispute.boardsTLS, by: ServerTLS(groups: "X25519"))
    perhapsSecured(
      "x25519-only-tls-1-2", .quality("4.1"), "Speaks TLS 1.2 only, and exchanges keys by X25519 only.",
      tag: "ciphers", because: Dispute.boardsTLS, by: ServerTLS(versions: [.v1_2], groups: "X25519"))
    perhapsSecured(
      "chacha20-only", .quality("4.1"), "Encrypts by ChaCha20-Poly1305 only.", tag: "ciphers",
      because: Dispute.boardsTLS,
      by: ServerTLS(ciphers: "CHACHA20", cipherSuites: "TLS_CHACHA20_POLY1305_SHA256"))
    perhapsSecured(
      "key-exchange-rsa", .quality("4.1"), "Exchanges keys by RSA only, which is no longer recommended.",
      tag: "ciphers", because: Dispute.boardsTLS,
      by: ServerTLS(key: .rsa2048, versions: [.v1_2], ciphers: "AES128-GCM-SHA256"))
    for group in ["P-384", "P-521"] {
      secured(
        "group-\(group.lowercased())", .quality("4.1"), "Exchanges keys by the curve \(group) only.",
        tag: "ciphers", by: ServerTLS(versions: [.v1_2], groups: group))
    }
    for (slug, key, cipher) in lawfulCiphers {
      secured(
        "cipher-\(slug)", .quality("4.1"), "Encrypts by \(cipher) only.", tag: "ciphers",
        by: ServerTLS(key: key, versions: [.v1_2], ciphers: cipher))
    }
  }

  /// Those of a Pico 2 W's TLS, as OpenSSL names them.
  private static let lawfulCiphers: [(slug: String, key: TLSKey, cipher: String)] = [
    ("aes-128-gcm-ecdsa", .p256, "ECDHE-ECDSA-AES128-GCM-SHA256"),
    ("aes-256-gcm-ecdsa", .p256, "ECDHE-ECDSA-AES256-GCM-SHA384"),
    ("aes-128-cbc-ecdsa", .p256, "ECDHE-ECDSA-AES128-SHA256"),
    ("aes-128-gcm-rsa", .rsa2048, "ECDHE-RSA-AES128-GCM-SHA256"),
    ("aes-256-cbc-rsa", .rsa2048, "ECDHE-RSA-AES256-SHA384"),
  ]
}
