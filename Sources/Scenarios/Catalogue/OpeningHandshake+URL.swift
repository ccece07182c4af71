import Steps

extension Catalogue {
  /// The forms of a URL (section 3) and what becomes of them in the request.
  @ListBuilder<Scenario> static var openingTargets: [Scenario] {
    let kept = [
      ("query", "a path with a query", "/{token}?a=1&b=%20%C3%A4&c=d/e?f"),
      ("query-empty", "a path with an empty query", "/{token}?"),
      ("path-capitals", "a path with capital letters", "/{token}/Board/STATE"),
      ("path-deep", "a path of several segments", "/a/b.c;d=e/{token}/f~g/"),
      ("path-encoded", "a path with percent-encoded bytes", "/{token}/%E2%82%AC%20%2F"),
      ("path-at-sign", "a path with an @ in it", "/{token}/a@b"),
      ("path-colon", "a path with a colon and a number in it", "/{token}/a:99/b"),
      ("path-reserved", "a path with all reserved characters that one may have", "/{token}/!$&'()*+,;="),
      ("path-double-slash", "a path that begins with two slashes and has two more", "//{token}//x"),
      (
        "path-encoded-crlf", "percent-encoded line ends and a header in its path",
        "/{token}/%0D%0AX-Evil:%201"
      ),
      ("path-encoded-lower-case", "percent-encoding in lower case", "/{token}/%c3%a4"),
      ("path-encoded-nul", "a percent-encoded NUL", "/{token}/a%00b"),
      ("path-encoded-hash", "a percent-encoded # in its path", "/{token}/a%23b"),
      ("query-plus", "a plus sign and an encoded one in its query", "/{token}?a=b+c%2Bd"),
      ("query-url", "a whole URL in its query", "/{token}?u=ws://other.example:81/x@y"),
      (
        "query-long", "a query of 600 bytes, as signed URLs have",
        "/{token}?sig=" + String(repeating: "s", count: 595)
      ),
    ]
    for (slug, form, target) in kept {
      request(
        "target-\(slug)", "Is opened by a URL with \(form).", "Asks for exactly that target.",
        ConnectStep(target: target), RequestExpectation(target: target), "3")
    }
    request(
      "target-query-without-path", "Is opened by a URL that has a query but no path.",
      "Asks for the path / with that query.", ConnectStep(target: "?token={token}&x=1"),
      // Who loses the query loses the token, and would come to nobody but for a port of its own.
      RequestExpectation(target: "/?token={token}&x=1"), "3", ownPort: true)
    request(
      "target-empty", "Is opened by a URL that has no path.", "Asks for the path /.", ConnectStep(target: ""),
      RequestExpectation(target: "/"), "3", ownPort: true)
    request(
      "target-root", "Is opened by a URL whose path is /.", "Asks for the path /.", ConnectStep(target: "/"),
      RequestExpectation(target: "/"), "3", ownPort: true)
    openingFragments
    openingOddTargets
  }

  /// A fragment must not be used in a WebSocket URL: refusing it and leaving it out are both in order, sending it is not.
  @ListBuilder<Scenario> private static var openingFragments: [Scenario] {
    let forms = [
      ("fragment", "a fragment", "/{token}", "#top"),
      ("fragment-empty", "an empty fragment", "/{token}", "#"),
      ("fragment-behind-query", "a query and a fragment", "/{token}?a=1", "#b?c"),
    ]
    for (slug, form, kept, fragment) in forms {
      disputedTarget(
        "target-\(slug)", "Is opened by a URL with \(form).",
        "Refuses the URL, or leaves the fragment out of its request.",
        because:
          "Section 3 says that fragments are meaningless and must not be used, but not what a client does about one: refusing the URL is allowed, and so is what RFC 3986 section 3.5 has clients do, who keep fragments to themselves.",
        ConnectStep(target: kept + fragment), RequestExpectation(target: kept))
    }
  }

  @ListBuilder<Scenario> private static var openingOddTargets: [Scenario] {
    disputedTarget(
      "target-non-ascii", "Is opened by a URL with letters beyond ASCII in its path.",
      "Refuses the URL, or percent-encodes the letters.",
      because:
        "A URL has ASCII only (RFC 3986), so that it may be refused; RFC 3987 section 3.1 tells how to make a URL of such a text, by percent-encoding its UTF-8.",
      ConnectStep(target: "/{token}/ä/東"), RequestExpectation())
    let long = "/{token}/" + String(repeating: "long/", count: 600)
    disputedTarget(
      "target-path-3000", "Is opened by a URL with a path of 3000 bytes.",
      "Asks for exactly that path, or refuses the URL.",
      because:
        "No RFC bounds a URL. RFC 7230 section 3.1.1 recommends to support 8000 bytes, and leaves a smaller limit to whoever has no room.",
      ConnectStep(target: long), RequestExpectation(target: long))
  }

  /// A URL that a client may refuse; what it asks for, if it does not, is not left open.
  private static func disputedTarget(
    _ slug: String, _ description: String, _ expectation: String, because dispute: String,
    _ connect: ConnectStep,
    _ request: RequestExpectation
  ) -> Scenario {
    var scenario = leftOpen(
      slug, .may("3"), description, expectation, because: dispute,
      client: ClientScript([.connect(connect), .echo()]), deliveries: .wholeOnly)
    scenario.expected.request = request
    return scenario
  }

  // MARK: whole URLs

  /// The forms of what stands before the path (section 3; RFC 3986 sections 3.1 and 3.2). Every request shows in its Host header
  /// whether the client read it rightly.
  ///
  /// A URL without a port leads to port 80, on which only root may listen, and which others may have: then the case is unsupported.
  /// A URL that names the loopback by itself leads a board on a cable nowhere, and one with IPv4 only cannot follow `[::1]`: if the
  /// client says that the network failed, the case is unsupported, while a client that takes the URL for wrong has failed.
  @ListBuilder<Scenario> static var openingURLs: [Scenario] {
    whole("scheme-upper-case", "WS in place of ws", "WS://{host}:{port}/{token}")
    whole("host-upper-case", "a host name in upper case", "ws://LOCALHOST:{port}/{token}")
    whole("ipv6", "an IPv6 address in brackets", "ws://[::1]:{port}/{token}")
    whole(
      "ipv6-mapped", "an IPv4 address in the form of an IPv6 one", "ws://[::ffff:127.0.0.1]:{port}/{token}")
    whole("port-default", "no port", "ws://{host}/{token}", port: 80)
    whole("port-default-written", "the default port written out", "ws://{host}:80/{token}", port: 80)
    whole("port-default-query", "neither port nor path, but a query", "ws://{host}?token={token}", port: 80)
    let disputed = [
      (
        "user-information", "user name and password", "ws://user:secret@{host}:{port}/{token}", UInt16?.none,
        "The grammar of section 3 has no user information, so that the URL may be refused; RFC 3986 section 3.2.1 has it, so that a client may also keep it for an Authorization header. In the Host header it must not be."
      ),
      (
        "port-empty", "a colon and no port behind it", "ws://{host}:/{token}", 80,
        "RFC 3986 section 3.2.3 takes an empty port for the default one, while the grammar of section 3 can be read to want a number behind the colon."
      ),
      (
        "port-leading-zero", "a port with a leading zero", "ws://{host}:0{port}/{token}", nil,
        "A port is any row of digits (RFC 3986 section 3.2.3), which a leading zero is too; RFC 6455 does not say whether a client normalises it."
      ),
      (
        "blanks-around", "blanks around it", "  ws://{host}:{port}/{token} ", nil,
        "Blanks are no part of a URL (RFC 3986 section 2), so that it may be refused; RFC 3986 appendix C has software that takes URLs from texts remove them. They must not be in the request."
      ),
    ]
    for (slug, form, url, port, dispute) in disputed {
      disputedURL("url-\(slug)", "Is opened by a URL with \(form).", because: dispute, url, port: port)
    }
  }

  private static func whole(_ slug: String, _ form: String, _ url: String, port: UInt16? = nil) -> Scenario {
    var scenario = request(
      "url-\(slug)", "Is opened by a URL with \(form).", "Connects, and names the host as the URL does.",
      ConnectStep(url: url), RequestExpectation(), "3", ownPort: port != nil)
    scenario.server.port = port
    return scenario
  }

  private static func disputedURL(
    _ slug: String, _ description: String, because dispute: String, _ url: String, port: UInt16?
  ) -> Scenario {
    var scenario = disputedTarget(
      slug, description, "Refuses the URL, or connects to the host and port that it names.", because: dispute,
      ConnectStep(url: url), RequestExpectation(target: "/{token}"))
    scenario.server.ownPort = port != nil
    scenario.server.port = port
    return scenario
  }

  /// URLs that are none. A client must fail them (section 4.1), and each is such that one kind of laxness would come to the server.
  @ListBuilder<Scenario> static var openingUnlawfulURLs: [Scenario] {
    let urls: [(slug: String, form: String, url: String, port: UInt16?)] = [
      ("scheme-http", "the scheme http", "http://{host}:{port}/{token}", nil),
      ("scheme-longer", "the scheme wsx", "wsx://{host}:{port}/{token}", nil),
      ("scheme-missing", "no scheme", "{host}:{port}/{token}", nil),
      ("scheme-relative", "two slashes in place of a scheme", "//{host}:{port}/{token}", nil),
      ("slash-missing", "one slash in place of two", "ws:/{host}:{port}/{token}", nil),
      ("slashes-missing", "no slashes behind its scheme", "ws:{host}:{port}/{token}", nil),
      ("slash-more", "three slashes behind its scheme", "ws:///{host}:{port}/{token}", nil),
      ("host-missing", "a port and no host", "ws://:{port}/{token}", nil),
      ("host-blank", "a blank behind its host", "ws://{host} :{port}/{token}", nil),
      ("host-brackets", "brackets around an IPv4 address", "ws://[{host}]:{port}/{token}", nil),
      ("host-bracket-open", "a bracket that is never closed", "ws://[{host}:{port}/{token}", nil),
      ("port-text", "a word in place of its port", "ws://{host}:http/{token}", 80),
      ("port-zero", "port 0", "ws://{host}:0/{token}", 80),
      ("port-65536-more", "a port that is 65536 too large", "ws://{host}:{overflowingPort}/{token}", nil),
      ("port-letter", "a letter behind its port", "ws://{host}:{port}x/{token}", nil),
      ("port-plus", "a plus sign before its port", "ws://{host}:+{port}/{token}", nil),
      ("port-twice", "its port twice", "ws://{host}:{port}:{port}/{token}", nil),
    ]
    for (slug, form, url, port) in urls {
      refusedURL("url-\(slug)", "Is opened by a URL with \(form).", url, port: port)
    }
    secureURL
    unreachableURL
  }

  /// On a port of its own, where what a client says for TLS reaches the attempt though it has no token.
  private static var secureURL: Scenario {
    var scenario = refusedURL(
      "url-wss-without-tls", "Is opened by a wss URL, but does not speak TLS.", "wss://{host}:{port}/{token}",
      port: nil)
    scenario.server.ownPort = true
    scenario.expectation = "Fails, and sends no request that is not encrypted."
    return scenario
  }

  /// Port 1 has a service on hardly any computer.
  private static var unreachableURL: Scenario {
    var scenario = refusedURL(
      "url-unreachable", "Is opened by a URL whose port nobody listens on.", "ws://{host}:1/{token}",
      port: nil)
    scenario.rfc = "4.1"
    scenario.expectation = "Fails, and never reports the connection as open."
    return scenario
  }

  private static func refusedURL(
    _ slug: String, _ description: String, _ url: String, port: UInt16?
  ) -> Scenario {
    var scenario = refused(
      slug, "3", description, "Refuses the URL, or fails at the latest when it connects.",
      client: ClientScript([.connect(ConnectStep(url: url)), .echo()]), deliveries: .wholeOnly,
      response: .accept())
    scenario.server.ownPort = port != nil
    scenario.server.port = port
    return scenario
  }
}
