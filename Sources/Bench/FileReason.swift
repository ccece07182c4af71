import Foundation

extension Error {
  /// The operating system's reason for a file that could not be read or written, without a full stop.
  var underlyingReason: String {
    let error = self as NSError
    let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
    let text = (underlying ?? error).localizedDescription.replacing(
      "The operation could not be completed. ", with: "")
    // Foundation has no words for some errors and gives its own number.
    let plain = text.contains("NSCocoaErrorDomain") ? "it is no folder, or may not be written" : text
    return plain.hasSuffix(".") ? String(plain.dropLast()) : plain
  }
}
