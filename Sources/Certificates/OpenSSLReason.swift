import COpenSSL

/// OpenSSL's own words for what went wrong last on this thread.
public enum OpenSSLReason {
  /// Empties the thread's queue of errors and returns the reason of the oldest, which is what the others followed from.
  public static func take() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    return text(code)
  }

  /// The reason of an error code of OpenSSL, without library and place.
  public static func text(_ code: UInt) -> String {
    if code == 0 { return "OpenSSL gave no reason" }
    if let reason = ERR_reason_error_string(code) { return String(cString: reason) }
    var text = [CChar](repeating: 0, count: 256)
    ERR_error_string_n(code, &text, text.count)
    return text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
  }
}
