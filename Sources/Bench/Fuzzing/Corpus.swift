import Foundation
import PosixIO
import Scenarios

/// A folder of scenario files: the cases that brought something new, or failed. Not shared by runs that go on at a time.
final class Corpus {
  private let folder: URL
  /// What it holds, in the order of the files' names, then as it was kept.
  private(set) var cases: [Case]

  /// Reads the folder, which is made where it does not exist.
  /// - Throws: `ConfigurationError` for a folder that cannot be used, or a file that is no scenario.
  init(folder: URL) throws {
    self.folder = folder
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
        $0.hasSuffix(".json")
      }
      cases = try names.sorted().map { name in
        try ScenarioFile.read(path: folder.appendingPathComponent(name).path)
      }
    } catch let error as ScenarioFileError {
      throw ConfigurationError("\(error)")
    } catch {
      throw ConfigurationError(
        "The corpus '\(folder.path)' cannot be used: \(error.underlyingReason); check --corpus.")
    }
  }

  /// Keeps a case, as a file of its own.
  /// - Throws: `ConfigurationError` where it cannot be written.
  func keep(_ testCase: Case) throws {
    cases.append(testCase)
    let file = folder.appendingPathComponent("\(testCase.scenario.id).json")
    do {
      try Data(ScenarioFile.text(of: testCase).utf8).write(to: file)
    } catch {
      throw ConfigurationError("Cannot write '\(file.path)': \(error.underlyingReason); check --corpus.")
    }
  }
}
