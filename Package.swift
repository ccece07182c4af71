// swift-tools-version: 6.2
import PackageDescription

/// The rules of the house, the same for every target.
let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A module of the tool. What it may import is listed here, downwards only.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of a module.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let xml = Target.Dependency.product(name: "XMLCoder", package: "XMLCoder")
let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")
let rainbow = Target.Dependency.product(name: "Rainbow", package: "Rainbow")

let package = Package(
  name: "wsrig",
  products: [
    .executable(name: "wsrig", targets: ["wsrig"]),
    .library(name: "WebSocketPeers", targets: ["WebSocketPeers"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/CoreOffice/XMLCoder", from: "0.18.2"),
    .package(url: "https://github.com/onevcat/Rainbow", from: "4.2.2"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
  ],
  targets: [
    .systemLibrary(name: "CLinux"),
    .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CLibUSB", pkgConfig: "libusb-1.0", providers: [.apt(["libusb-1.0-0-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // Pure: values and machines without I/O.
    module("WebSocketProtocol", ["COpenSSL", "CZlib"]),
    module("RawREPL"),
    module("Steps", ["WebSocketProtocol"]),
    module("Traces", ["WebSocketProtocol"]),
    module("Scenarios", ["Steps", "WebSocketProtocol"]),
    module("Verdicts", ["Traces", "Scenarios", "Steps", "WebSocketProtocol"]),
    module("Fuzzing", ["Traces", "Scenarios", "Steps", "WebSocketProtocol"]),
    module("Latency", ["Steps", "Traces", "WebSocketProtocol", histogram]),
    module("Results", ["Latency", "Scenarios", "Steps", "Traces", "Verdicts"]),
    module("Autobahn", ["Results", "Scenarios", "Steps", "Traces", "Verdicts", "WebSocketProtocol"]),
    module(
      "Reports",
      [
        "Results", "Latency", "Autobahn", "Scenarios", "Steps", "Traces", "Verdicts", "WebSocketProtocol",
        mustache, xml,
        rainbow,
      ]),

    // I/O.
    module("Certificates", ["COpenSSL"]),
    module("PosixIO", ["CLinux", "COpenSSL", "Certificates"]),
    module(
      "WebSocketPeers", ["PosixIO", "Certificates", "WebSocketProtocol", "Steps", "Traces", logging]),
    module("BoardLink", ["PosixIO", "RawREPL", "CLibUSB", logging]),

    // The tool.
    module(
      "Bench",
      [
        "BoardLink", "WebSocketPeers", "PosixIO", "Certificates", "RawREPL", "Scenarios", "Steps", "Traces",
        "Verdicts", "Fuzzing", "Latency", "Autobahn",
        "Results", "WebSocketProtocol", logging, toml,
      ]),
    .executableTarget(
      name: "wsrig",
      dependencies: [
        "Bench", "BoardLink", "Latency", "Reports", "Results", "Autobahn", "Scenarios", "Steps", "Verdicts",
        "WebSocketPeers", "WebSocketProtocol", "PosixIO", "Certificates", arguments, logging,
      ],
      swiftSettings: settings),

    // For measuring only (scripts/bench-server): a load client, and the servers and inner loops that the tool has no command for.
    .executableTarget(
      name: "wsload", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    .executableTarget(
      name: "wsbench",
      dependencies: ["WebSocketPeers", "WebSocketProtocol", "PosixIO", "Latency", arguments],
      swiftSettings: settings),

    // One for each module, in the same order; then peers that nobody here wrote, and the tool as a user meets it.
    tests("WebSocketProtocolTests", ["WebSocketProtocol", "TestSupport"]),
    tests("RawREPLTests", ["RawREPL", "WebSocketProtocol", "TestSupport"]),
    tests("TracesTests", ["Traces", "WebSocketProtocol"]),
    tests("ScenariosTests", ["Scenarios", "Steps", "WebSocketProtocol", "TestSupport"]),
    tests(
      "VerdictsTests", ["Verdicts", "Scenarios", "Steps", "Traces", "WebSocketProtocol", "TestSupport"]),
    tests("FuzzingTests", ["Fuzzing", "Scenarios", "Steps", "Traces", "WebSocketProtocol"]),
    tests("CertificatesTests", ["Certificates", "PosixIO", "TestSupport"]),
    tests("PosixIOTests", ["PosixIO", "Certificates", "TestSupport"]),
    tests(
      "WebSocketPeersTests",
      ["WebSocketPeers", "PosixIO", "Certificates", "Steps", "Traces", "WebSocketProtocol", "TestSupport"]),
    tests("BoardLinkTests", ["BoardLink", "PosixIO", "RawREPL", logging, "TestSupport"]),
    tests(
      "AutobahnTests",
      ["Autobahn", "Results", "Scenarios", "Steps", "Traces", "Verdicts", "WebSocketProtocol", "TestSupport"]),
    tests("ResultsTests", ["Results", "Latency", "Scenarios", "Traces", "Verdicts"]),
    tests("LatencyTests", ["Latency", "Steps", "Traces", "WebSocketProtocol", "TestSupport"]),
    tests(
      "ReportsTests",
      [
        "Reports", "Results", "Latency", "Autobahn", "Scenarios", "Steps", "Traces", "Verdicts",
        "WebSocketProtocol", "PosixIO", "TestSupport",
      ]),
    tests(
      "BenchTests",
      [
        "Bench", "Reports", "BoardLink", "PosixIO", "Certificates", "RawREPL", "Results", "Autobahn",
        "Scenarios",
        "Steps",
        "Traces", "Verdicts",
        "WebSocketPeers", "WebSocketProtocol", "TestSupport",
      ]),
    tests("EndToEndTests", ["Certificates", "PosixIO", "Scenarios", "TestSupport"]),
    tests("PythonTests", ["PosixIO", "TestSupport"]),

    // Children with deadlines, temporary folders, kept outputs, hand-made traces.
    .target(
      name: "TestSupport",
      dependencies: ["PosixIO", "Certificates", "Scenarios", "Steps", "Traces", "WebSocketProtocol"],
      path: "Tests/TestSupport", swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
