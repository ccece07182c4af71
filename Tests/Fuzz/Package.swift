// swift-tools-version: 6.2
// Parsers under libFuzzer (scripts/fuzz-parsers): a package of its own, so that no other build knows of its flags. What is fuzzed is
// compiled from the tool's own sources, to which `Linked` leads, with the fuzzer's instrumentation.
import PackageDescription

let watched: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  // Testable, for what a module keeps to itself.
  .unsafeFlags(["-sanitize=fuzzer", "-enable-testing"]),
]

/// A module of the tool; of a larger one only the files named, which hold the parser.
func module(
  _ name: String, _ dependencies: [Target.Dependency] = [], in folder: String? = nil, files: [String]? = nil
) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Linked/\(folder ?? name)", sources: files,
    swiftSettings: watched)
}

/// Targets that need the same modules.
func program(_ name: String, _ modules: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: ["FuzzSupport"] + modules, path: "Sources/\(name)", swiftSettings: watched,
    linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])])
}

let package = Package(
  name: "wsrig-fuzz",
  dependencies: [.package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0")],
  targets: [
    .systemLibrary(name: "COpenSSL", path: "Linked/COpenSSL", pkgConfig: "openssl"),
    .systemLibrary(name: "CZlib", path: "Linked/CZlib", pkgConfig: "zlib"),
    .systemLibrary(name: "CLibFuzzer", path: "Sources/CLibFuzzer"),
    module("WebSocketProtocol", ["COpenSSL", "CZlib"]),
    module("RawREPL"),
    module("Traces", ["WebSocketProtocol"]),
    module(
      "VerdictInflating", in: "Verdicts", files: ["Models/HuffmanCode.swift", "Models/PlainInflater.swift"]),
    module(
      "AgentRecords", ["RawREPL", "Traces", "WebSocketProtocol"], in: "Bench",
      files: [
        "AgentOutput.swift", "AgentRecord.swift", "AgentRecord+Event.swift", "AgentReport.swift",
        "HeapReport.swift",
      ]),
    module(
      "BoardLinkParsers", in: "BoardLink",
      files: [
        "Remote/ComPortMachine.swift", "Remote/TelnetStream.swift", "USB/USBDescriptors.swift",
        "USB/USBHubDescriptor.swift", "USB/USBSerialFunction.swift",
      ]),
    module("Steps", ["WebSocketProtocol"]),
    module("Scenarios", ["Steps", "WebSocketProtocol"]),
    module(
      "Configuration", ["Scenarios", "WebSocketProtocol", .product(name: "TOMLKit", package: "TOMLKit")],
      in: "Bench",
      files: [
        "ConfigurationError.swift", "Configuration/TOMLLines.swift", "Configuration/TOMLNode.swift",
        "Configuration/TOMLReader.swift", "Configuration/TOMLScanner.swift",
      ]),
    .target(
      name: "FuzzSupport", dependencies: ["CLibFuzzer"], path: "Sources/FuzzSupport", swiftSettings: watched),
    program("FuzzProtocol", ["VerdictInflating", "WebSocketProtocol"]),
    program("FuzzSerial", ["BoardLinkParsers", "RawREPL"]),
    program("FuzzRecords", ["AgentRecords", "RawREPL", "Traces", "WebSocketProtocol"]),
    program("FuzzFiles", ["Configuration", "Scenarios"]),
  ],
  swiftLanguageModes: [.v6]
)
