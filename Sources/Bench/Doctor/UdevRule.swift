import Foundation
import PosixIO

/// The rule by which udev lets users drive boards, as the rig ships it.
public struct UdevRule: Sendable {
  /// The rule's file name.
  public static let name = "60-wsrig.rules"
  /// Where udev looks for rules of the administrator.
  public static let usualFolder = "/etc/udev/rules.d"

  private let shipped: URL

  /// The rule in the fixtures.
  public init(_ fixtures: Fixtures) { shipped = fixtures.folder.appendingPathComponent("udev/\(Self.name)") }

  /// Says whether the rule is installed.
  /// - Parameters:
  ///   - folder: where to look; nil is where udev looks.
  ///   - isNeeded: whether a board is on USB, so that it is needed now.
  public func finding(folder: String?, isNeeded: Bool) -> Finding {
    let folders = folder.map { [$0] } ?? [Self.usualFolder, "/run/udev/rules.d", "/usr/lib/udev/rules.d"]
    let wanted = try? Data(contentsOf: shipped)
    let mend = "run wsrig doctor --install-udev as root"
    for folder in folders {
      let path = "\(folder)/\(Self.name)"
      guard let found = try? Data(contentsOf: URL(fileURLWithPath: path)) else { continue }
      if found == wanted { return Finding("udev rule", .ok, path) }
      return Finding("udev rule", .note, "\(path) is another one than the rig ships", mend: mend)
    }
    return Finding(
      "udev rule", isNeeded && getuid() != 0 ? .wrong : .note,
      "no \(Self.name) in \(folders[0]): boards on USB are root's", mend: mend)
  }

  /// Installs the rule and, in udev's own folder, has udev apply it.
  /// - Returns: what was done, a line each.
  /// - Throws: `ConfigurationError` where the file cannot be written.
  public func install(folder: String?) async throws -> [String] {
    let path = "\(folder ?? Self.usualFolder)/\(Self.name)"
    try Self.checkFolder(folder, of: path)
    do {
      try Data(contentsOf: shipped).write(to: URL(fileURLWithPath: path), options: .atomic)
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    } catch {
      throw ConfigurationError(
        "The udev rule could not be installed as '\(path)': \(error.underlyingReason); check the folder and call wsrig doctor --install-udev again."
      )
    }
    guard folder == nil else { return ["installed \(path)"] }
    let commands = [
      ["control", "--reload"],
      ["trigger", "--subsystem-match=usb", "--subsystem-match=tty", "--action=add"],
    ]
    var done = ["installed \(path)"]
    for command in commands {
      let words = "udevadm " + command.joined(separator: " ")
      let succeeded = await Self.succeeds(command)
      done.append(
        succeeded ? "ran \(words)" : "\(words) failed: where no udev runs, restart it or the computer")
    }
    return done
  }

  private static func checkFolder(_ folder: String?, of path: String) throws {
    let place = folder ?? usualFolder
    let attempt = "The udev rule could not be installed as '\(path)'"
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: place, isDirectory: &isFolder)
    guard exists, isFolder.boolValue else {
      let advice =
        folder == nil
        ? "no udev seems to run here, and --install-udev is of no use"
        : "check --udev-folder, which stands beside --install-udev"
      throw ConfigurationError(
        "\(attempt): '\(place)' \(exists ? "is no folder" : "does not exist"); \(advice).")
    }
    guard FileManager.default.isWritableFile(atPath: place) else {
      throw ConfigurationError(
        "\(attempt): this user may not write into '\(place)'; call sudo wsrig doctor --install-udev.")
    }
  }

  private static func succeeds(_ arguments: [String]) async -> Bool {
    guard
      let child = try? await ChildProcess.start(
        ChildCommand("udevadm", arguments), streams: .none, on: .shared)
    else { return false }
    return (try? await child.waitForEnd(deadline: .after(.seconds(20)))) == .exited(0)
  }
}
