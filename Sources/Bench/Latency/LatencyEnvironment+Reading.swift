import Foundation
import Results

extension LatencyEnvironment {
  /// Reads what this computer is like now.
  static func current() -> LatencyEnvironment {
    var names = utsname()
    uname(&names)
    let kernel = [text(names.sysname), text(names.release)].joined(separator: " ")
    let model = content("/proc/cpuinfo").split(separator: "\n").first { $0.hasPrefix("model name") }
    var environment = LatencyEnvironment(
      kernel: kernel,
      processor: model.flatMap { $0.split(separator: ":").last }.map {
        $0.trimmingCharacters(in: .whitespaces)
      }
        ?? text(names.machine),
      processorCount: ProcessInfo.processInfo.activeProcessorCount)
    let governor = content("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
      .trimmingCharacters(in: .whitespacesAndNewlines)
    environment.governor = governor.isEmpty ? nil : governor
    environment.loadAtStart = loadAverage()
    return environment
  }

  /// The load average of the last minute; nil where the kernel does not say.
  static func loadAverage() -> Double? {
    content("/proc/loadavg").split(separator: " ").first.flatMap { Double($0) }
  }

  private static func content(_ path: String) -> String {
    (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }

  private static func text<Characters>(_ characters: Characters) -> String {
    withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
