import Foundation
import Scenarios

/// Mutant files: JSON made for people, described by `fixtures/schema/mutant.schema.json`.
public enum MutantFile {
  /// The mutants of a folder by id: every `.json` file but the list of unproved scenarios is one.
  /// - Parameter only: patterns, of which an id must fit one if there are any.
  /// - Throws: `ConfigurationError` for a folder without mutants, a pattern that fits none, and what is wrong with a file.
  public static func all(in folder: URL, only: [String] = []) throws -> [Mutant] {
    let mutants = try readAll(in: folder)
    let ids = mutants.map(\.id)
    for glob in only.map(Glob.init) where !ids.contains(where: glob.matches) {
      let nearest = glob.nearest(in: ids)
      let hint = nearest.isEmpty ? "" : " (did you mean \(nearest.joined(separator: ", "))?)"
      throw ConfigurationError("No mutant's id fits \"\(glob.pattern)\"\(hint); '\(folder.path)' holds them.")
    }
    return only.isEmpty ? mutants : mutants.filter { item in only.contains { Glob($0).matches(item.id) } }
  }

  private static func readAll(in folder: URL) throws -> [Mutant] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let files = names.filter { $0.hasSuffix(".json") && $0 != UnprovedList.fileName }.sorted()
    guard !files.isEmpty else {
      throw ConfigurationError("The folder '\(folder.path)' holds no mutant (NAME.json); check --mutants.")
    }
    do {
      return try files.map { try read(path: folder.appendingPathComponent($0).path) }
    } catch let error as ScenarioFileError {
      throw ConfigurationError("\(error)")
    }
  }

  /// Reads one file.
  static func read(path: String) throws(ScenarioFileError) -> Mutant {
    let reader = try JSONFile.reader(path: path)
    let object = try reader.object("id", "defect", "chapters", "seen", "replace", "killedBy")
    let mutant = Mutant(
      id: try object.required("id", "the file's name without .json").string(),
      defect: try object.required("defect", "one sentence").string(),
      chapters: try object.required("chapters", "a list of the catalogue's chapters").list(chapter),
      seen: try object.required("seen", "a list of rows of bug tables, empty where it is imagined").list(
        string),
      replacements: try object.required("replace", "a list of {find, with}").list(replacement),
      killedBy: try object.required("killedBy", "a list of scenario ids or patterns").list(string))
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    guard mutant.id == name else {
      throw try object.required("id", "").mismatch("\"\(name)\", as the file is named")
    }
    for (key, isEmpty) in [
      ("chapters", mutant.chapters.isEmpty), ("replace", mutant.replacements.isEmpty),
      ("killedBy", mutant.killedBy.isEmpty),
    ] where isEmpty {
      throw try object.required(key, "").mismatch("a list of at least one")
    }
    return mutant
  }

  private static func string(_ reader: JSONReader) throws(ScenarioFileError) -> String {
    try reader.string()
  }

  private static func chapter(_ reader: JSONReader) throws(ScenarioFileError) -> Chapter {
    let numbers = Chapter.allCases.map(\.rawValue)
    guard let chapter = Chapter(rawValue: try reader.integer(0...(numbers.max() ?? 0))) else {
      throw reader.mismatch("one of \(numbers.map(String.init).joined(separator: ", "))")
    }
    return chapter
  }

  private static func replacement(_ reader: JSONReader) throws(ScenarioFileError) -> Mutant.Replacement {
    let object = try reader.object("find", "with")
    let find = try object.required("find", "a text or a list of lines")
    let replacement = Mutant.Replacement(
      find: try text(find), with: try text(try object.required("with", "a text or a list of lines")))
    guard !replacement.find.isEmpty else { throw find.mismatch("a text that is not empty") }
    return replacement
  }

  /// A text as it is, or its lines.
  private static func text(_ reader: JSONReader) throws(ScenarioFileError) -> String {
    if let text = try? reader.string() { return text }
    return try reader.list(string).joined(separator: "\n")
  }
}
