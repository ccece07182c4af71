import Foundation
import PosixIO
import Scenarios
import Verdicts
import WebSocketProtocol

/// A folder of scenario files: the cases that brought something new, or failed, each under the hash of what it says. Not shared by runs that
/// go on at a time.
final class Corpus {
  private let folder: URL
  /// What it holds, in the order of the files' names, then as it was kept.
  private(set) var cases: [Case]
  private var names: Set<String>
  /// For each seed the first number that no run on this corpus has had.
  private var nextNumbers: [String: Int]

  /// Reads the folder, which is made where it does not exist.
  /// - Throws: `ConfigurationError` for a folder that cannot be used, or a file that is no scenario.
  init(folder: URL) throws {
    self.folder = folder
    try NamedFolder.make(folder, option: "--corpus")
    do {
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        .filter { $0.hasSuffix(".json") }.sorted()
      names = Set(files)
      cases = try files.map { try ScenarioFile.read(path: folder.appendingPathComponent($0).path) }
    } catch let error as ScenarioFileError {
      throw ConfigurationError("\(error)")
    } catch {
      throw ConfigurationError(
        "The corpus '\(folder.path)' cannot be used: \(error.underlyingReason); check --corpus.")
    }
    let numbers = try? Data(contentsOf: Self.numbersFile(in: folder))
    let noted = numbers.flatMap { try? JSONDecoder().decode([String: Int].self, from: $0) } ?? [:]
    nextNumbers = noted.filter { (0...Self.mostNumbers).contains($0.value) }
  }

  /// Keeps a case as a file of its own, unless there is one that says the same. What follows from what its server does is written with
  /// it, so that the file alone shows what the run saw.
  /// - Throws: `ConfigurationError` where it cannot be written.
  func keep(_ testCase: Case) throws {
    let text = ScenarioFile.text(of: testCase.withDerivedExpectations)
    let name = Self.name(of: testCase, text)
    guard !names.contains(name) else { return }
    try write(Data(text.utf8), to: folder.appendingPathComponent(name))
    names.insert(name)
    cases.append(testCase)
  }

  /// More than any run can have: a file may say anything.
  private static let mostNumbers = 1 << 50

  /// Where a run with that seed goes on.
  func nextNumber(forSeed seed: UInt64) -> Int { nextNumbers["\(seed)"] ?? 0 }

  /// Notes which numbers a run with that seed has had. Those of a run that left some out are not, so that a later one makes them up.
  /// - Throws: `ConfigurationError` where it cannot be written.
  func note(numbers: Range<Int>, forSeed seed: UInt64) throws {
    let before = nextNumber(forSeed: seed)
    guard numbers.lowerBound <= before, numbers.upperBound > before else { return }
    nextNumbers["\(seed)"] = numbers.upperBound
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    try write(try encoder.encode(nextNumbers), to: Self.numbersFile(in: folder))
  }

  private func write(_ data: Data, to file: URL) throws {
    do { try data.write(to: file, options: .atomic) } catch {
      throw ConfigurationError("Cannot write '\(file.path)': \(error.underlyingReason); check --corpus.")
    }
  }

  /// Not named as scenario files are.
  private static func numbersFile(in folder: URL) -> URL { folder.appendingPathComponent("next-numbers") }

  /// What it is about, and a hash of all that the file says but its id: two numbers may give the same case.
  private static func name(of testCase: Case, _ text: String) -> String {
    let about = testCase.scenario.id.split(separator: "-").first.map(String.init) ?? "case"
    let hash = SHA1.hexadecimal(of: Array(text.replacing(testCase.scenario.id, with: "").utf8))
    return "\(about.replacing("/", with: "_"))-\(hash.prefix(12)).json"
  }
}
