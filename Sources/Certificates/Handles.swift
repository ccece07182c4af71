import COpenSSL

/// One certificate in OpenSSL's memory, freed with this value.
struct CertificateHandle: ~Copyable {
  let pointer: OpaquePointer

  /// Takes over a certificate; nil where OpenSSL gave none.
  init?(_ pointer: OpaquePointer?) {
    guard let pointer else { return nil }
    self.pointer = pointer
  }

  /// Reads DER (`d2i_X509`); nil for anything else, and where something follows.
  init?(der: [UInt8]) {
    let parsed = der.withUnsafeBufferPointer { bytes in
      var position = bytes.baseAddress
      let parsed = d2i_X509(nil, &position, bytes.count)
      guard position != bytes.baseAddress.map({ $0 + bytes.count }) else { return parsed }
      X509_free(parsed)
      return nil
    }
    self.init(parsed)
  }

  deinit { X509_free(pointer) }

  /// Its DER (`i2d_X509`).
  var der: [UInt8] { encoded { i2d_X509(pointer, $0) } }
}

/// One key pair in OpenSSL's memory, freed with this value.
struct KeyHandle: ~Copyable {
  let pointer: OpaquePointer

  /// Takes over a key; nil where OpenSSL gave none.
  init?(_ pointer: OpaquePointer?) {
    guard let pointer else { return nil }
    self.pointer = pointer
  }

  /// Reads DER of any kind (`d2i_AutoPrivateKey`).
  init?(der: [UInt8]) {
    self.init(
      der.withUnsafeBufferPointer { bytes in
        var position = bytes.baseAddress
        return d2i_AutoPrivateKey(nil, &position, bytes.count)
      })
  }

  deinit { EVP_PKEY_free(pointer) }

  /// Its DER in the form of its kind (`i2d_PrivateKey`): PKCS #1 for RSA, SEC 1 for curves, which small stacks read.
  var der: [UInt8] { encoded { i2d_PrivateKey(pointer, $0) } }
}

/// Calls an encoder of OpenSSL twice: for the length, then for the bytes.
func encoded(_ encoder: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> CInt) -> [UInt8] {
  let length = Int(encoder(nil))
  guard length > 0 else { return [] }
  return [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
    var position = buffer.baseAddress
    count = max(0, Int(encoder(&position)))
  }
}

/// What `body` writes into a BIO in memory.
func written(_ body: (OpaquePointer?) -> CInt) -> [UInt8] {
  guard let bio = BIO_new(BIO_s_mem()) else { return [] }
  defer { BIO_free(bio) }
  guard body(bio) > 0 else { return [] }
  var bytes: UnsafePointer<UInt8>?
  let count = copenssl_memory(bio, &bytes)
  return Array(UnsafeBufferPointer(start: bytes, count: count))
}

/// Lends bytes as a BIO to read from; nil where OpenSSL has no memory.
func reading<Result>(_ bytes: [UInt8], _ body: (OpaquePointer) -> Result?) -> Result? {
  bytes.withUnsafeBytes { buffer in
    guard let bio = BIO_new_mem_buf(buffer.baseAddress, CInt(buffer.count)) else { return nil }
    defer { BIO_free(bio) }
    return body(bio)
  }
}
