import Foundation
import PosixIO

/// A passphrase: it goes to the board and nowhere else. It has no text form, so that nothing can print it by mistake.
public struct Passphrase: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The passphrase itself, for the program that joins the WLAN.
  let text: String

  /// Stands for it wherever somebody prints one.
  public var description: String { "(hidden)" }
  /// The same.
  public var debugDescription: String { description }
  /// Nothing of it.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// How a board saves power (CYW43's `pm`; hil.md d-8).
public enum WLANPower: String, Sendable, Hashable, CaseIterable {
  /// The radio never sleeps: what latency is measured with.
  case none
  /// The firmware's default: it sleeps after 200 ms.
  case performance
  /// It sleeps at once.
  case powersave
}

/// The WLAN that a board is to join.
public struct WLANAccess: Sendable, Hashable {
  /// Its name.
  public var ssid: String
  /// Its passphrase; nil for an open network.
  public var passphrase: Passphrase?
  /// The country by whose rules the radio works, two letters; nil leaves it alone.
  public var country: String?
  /// The power mode; nil leaves it alone.
  public var power: WLANPower?
}

/// The WLAN as `wsrig.toml` describes it: where the passphrase is, not what it is.
public struct WLANDescription: Sendable, Hashable {
  /// Where the passphrase is.
  public enum Source: Sendable, Hashable {
    /// There is none: the network is open.
    case open
    /// In an environment variable.
    case environment(String)
    /// In a file, without the line feed at its end.
    case file(String)
  }

  /// Its name.
  public var ssid: String
  /// Where its passphrase is.
  public var source: Source
  /// The country, two letters.
  public var country: String?
  /// The power mode.
  public var power: WLANPower?
  /// Where in the file the passphrase is named, for messages.
  var place: String

  /// The WLAN with its passphrase.
  /// - Throws: `ConfigurationError` where it cannot be had, or is none that WPA takes; nothing of it is in the message.
  public func access(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> WLANAccess {
    WLANAccess(ssid: ssid, passphrase: try passphrase(environment), country: country, power: power)
  }

  private func passphrase(_ environment: [String: String]) throws -> Passphrase? {
    switch source {
    case .open: return nil
    case .environment(let name):
      guard let text = environment[name] else {
        throw ConfigurationError(
          "\(place) names the environment variable \(name), which is not set; set it to the passphrase of the WLAN."
        )
      }
      return try checked(text)
    case .file(let path):
      do {
        let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        return try checked(text.hasSuffix("\r\n") ? String(text.dropLast()) : text.trimmingSuffix("\n"))
      } catch let error as ConfigurationError {
        throw error
      } catch {
        throw ConfigurationError(
          "\(place) names the file '\(path)', which cannot be read (\(error.reasonForReading(path))); it is to hold the passphrase."
        )
      }
    }
  }

  private func checked(_ text: String) throws -> Passphrase {
    let count = text.utf8.count
    guard (8...63).contains(count) || (count == 64 && text.allSatisfy(\.isHexDigit)) else {
      throw ConfigurationError(
        "\(place) leads to a passphrase of \(count) bytes; WPA takes 8 to 63, or a key of 64 hexadecimal digits."
      )
    }
    guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
      throw ConfigurationError(
        "\(place) leads to a passphrase with a control character, such as a line's end; WPA takes printable ones."
      )
    }
    return Passphrase(text: text)
  }
}

extension String {
  fileprivate func trimmingSuffix(_ end: String) -> String {
    hasSuffix(end) ? String(dropLast(end.count)) : self
  }
}
