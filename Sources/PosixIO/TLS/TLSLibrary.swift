import COpenSSL

/// The library that speaks TLS.
public enum TLSLibrary {
  /// Its name and version, such as "OpenSSL 3.0.15 3 Sep 2024".
  public static var version: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }
}
