import Foundation

/// Where a bench keeps its authority: one file with certificate and key, readable by its owner alone, outside of any repository.
public struct AuthorityFile: Hashable, Sendable {
  /// The file.
  public let path: String

  /// Names the file in a folder; by default `wsrig` in the user's data folder (`XDG_DATA_HOME`, or `~/.local/share`).
  public init(folder: String? = nil) {
    path = "\(folder ?? Self.standardFolder)/authority.pem"
  }

  private static var standardFolder: String {
    let environment = ProcessInfo.processInfo.environment
    // The specification of the variable wants relative paths ignored.
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return "\(data)/wsrig" }
    return "\(environment["HOME"] ?? NSHomeDirectory())/.local/share/wsrig"
  }

  /// Reads the authority; makes it first where there is none.
  ///
  /// Throws ``CertificateError``: the file cannot be read or written, others may read it, it holds something else, or its time is over.
  public func open() throws(CertificateError) -> Authority {
    if !FileManager.default.fileExists(atPath: path) { try create() }
    guard !FileContent.isExposed(path) else { throw .exposed(path: path) }
    let identity = try read()
    guard identity.certificate.validity.upperBound > Date() else { throw .expired(path: path) }
    return Authority(root: identity)
  }

  private func read() throws(CertificateError) -> Identity {
    let identity: Identity
    do throws(CertificateError) {
      identity = try Identity(certificateFile: path, keyFile: path)
    } catch {
      switch error {
      case .unreadable(let what, _, let reason):
        throw .damaged(path: path, reason: "it holds no readable \(what) (\(reason))")
      case .keyDoesNotFit:
        throw .damaged(path: path, reason: "its private key belongs to another certificate")
      default: throw error
      }
    }
    guard identity.certificate.isAuthority else {
      throw .damaged(path: path, reason: "its certificate is none of an authority")
    }
    return identity
  }

  /// The name tells authorities of several benches apart where a board or a browser lists them.
  private func create() throws(CertificateError) {
    let number = UInt32.random(in: 0...UInt32.max)
    let identity = try Authority.make("wsrig authority \(String(number, radix: 16))").identity
    try FileContent.createFolder(URL(filePath: path).deletingLastPathComponent().path)
    // Where another process was faster, its authority is the one.
    _ = try FileContent.create(path, Array((identity.certificate.pem + identity.key.pem).utf8))
  }
}
