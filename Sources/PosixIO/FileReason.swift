import Foundation

extension Error {
  /// The operating system's reason for a file that could not be read, written or made, without a full stop.
  package var underlyingReason: String {
    let error = self as NSError
    let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
    let text = (underlying ?? error).localizedDescription.replacing(
      "The operation could not be completed. ", with: "")
    // Foundation has no words for some errors and gives its own number.
    let plain = text.contains("NSCocoaErrorDomain") ? "it is no folder, or may not be written" : text
    return plain.hasSuffix(".") ? String(plain.dropLast()) : plain
  }

  /// Why this file could not be read, without a full stop: what Foundation says of folders and devices is not so.
  package func reasonForReading(_ path: String) -> String {
    let kind = try? FileManager.default.attributesOfItem(
      atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)[.type]
    switch kind as? FileAttributeType {
    case .typeDirectory: return "it is a folder"
    case .typeRegular, nil: return underlyingReason
    default: return "it is no file that holds text, but a device, a pipe or a socket"
    }
  }
}
