import Foundation
import PosixIO
import Results

/// `results.json` as earlier runs left it.
public enum ResultsFile {
  /// The file's name in a report folder.
  public static let name = ReportNames.results

  /// Why a file tells nothing, as a part of a sentence.
  struct Unreadable: Error, CustomStringConvertible {
    var description: String
  }

  /// What a run's results say.
  /// - Parameter path: the file, or the report folder that holds it.
  /// - Throws: `ConfigurationError` where it cannot be read or is no such file.
  public static func run(_ path: String) throws -> RecordedRun {
    do {
      return try read(file(path))
    } catch {
      throw ConfigurationError("Cannot tell what the run did: \(error); name a report folder or its \(name).")
    }
  }

  /// The file that a path means: of a folder the one of that name in it.
  static func file(_ path: String, name: String = name) -> String {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    return exists && isFolder.boolValue ? URL(fileURLWithPath: path).appendingPathComponent(name).path : path
  }

  /// As much of the file as a document of that type holds.
  static func read<Document: Decodable>(_ path: String) throws(Unreadable) -> Document {
    do {
      return try JSONDecoder().decode(Document.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    } catch let error as DecodingError {
      throw Unreadable(description: "'\(path)' is no report of wsrig's (\(error.place))")
    } catch {
      throw Unreadable(description: "'\(path)' cannot be read (\(error.reasonForReading(path)))")
    }
  }
}

extension DecodingError {
  /// What is wrong, in a few words.
  var place: String {
    switch self {
    case .keyNotFound(let key, _): "the key \(key.stringValue) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      context.codingPath.last.map { "\($0.stringValue) is not as it should be" } ?? "it is no valid JSON"
    @unknown default: "it cannot be decoded"
    }
  }
}
