import Steps

/// Chapter 15: TLS below the connection (RFC 6455 sections 3, 4.1 and 10.6), as far as a client can be held to it: that it speaks TLS
/// and nothing else, whom it trusts, what it shows of itself, and what it makes of records and ends.
extension Catalogue {
  @ListBuilder<Scenario> static var tls: [Scenario] {
    tlsVersions
    tlsCiphers
    tlsVerification
    tlsTrust
    tlsClientCertificates
    tlsNames
    tlsHandshakes
    tlsRecords
    tlsEnds
    tlsConnections
  }
}
