import ArgumentParser

/// A number of bytes: `65536`, `64K`, `1M`.
struct ByteCount: ExpressibleByArgument {
  var bytes: Int

  init(bytes: Int) { self.bytes = bytes }

  init?(argument: String) {
    let scales: [Character: Int] = ["K": 1 << 10, "k": 1 << 10, "M": 1 << 20, "m": 1 << 20]
    let scale = argument.last.flatMap { scales[$0] }
    guard let number = Int(scale == nil ? argument[...] : argument.dropLast()), number >= 0 else {
      return nil
    }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: scale ?? 1)
    guard !overflow else { return nil }
    self.bytes = bytes
  }

  var defaultValueDescription: String { bytes.isMultiple(of: 1024) ? "\(bytes / 1024)K" : "\(bytes)" }
}

/// A time in seconds, from 0 to about 11 days.
struct Seconds: ExpressibleByArgument {
  var duration: Duration

  init(duration: Duration) { self.duration = duration }

  init?(argument: String) {
    guard let seconds = Double(argument), (0...1e6).contains(seconds) else { return nil }
    duration = .seconds(seconds)
  }

  var defaultValueDescription: String { "\(Int(duration / .seconds(1)))" }
}
