import Foundation

/// A file of the rig's own in JSON, a scenario or another one: what is wrong in it is told with its place.
package enum JSONFile {
  /// The value that the file holds.
  ///
  /// - Throws: `ScenarioFileError` for a file that cannot be read or is no JSON.
  package static func reader(path: String) throws(ScenarioFileError) -> JSONReader {
    try reader(of: data(path: path), file: path)
  }

  /// The value that the bytes spell; `file` is its name in errors.
  static func reader(of data: Data, file: String) throws(ScenarioFileError) -> JSONReader {
    do {
      return JSONReader(file: file, keyPath: "", value: try JSONParser.parse(Array(data)))
    } catch {
      throw ScenarioFileError(
        file: file, keyPath: "",
        problem: "is no valid JSON: \(error.problem) at line \(error.line), column \(error.column)",
        allowed: "one JSON object")
    }
  }

  /// The bytes of the file.
  static func data(path: String) throws(ScenarioFileError) -> Data {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw ScenarioFileError(file: path, keyPath: "", problem: "is a folder", allowed: "a file")
    }
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)) else {
      throw ScenarioFileError(
        file: path, keyPath: "", problem: "cannot be read", allowed: "a file that exists and may be read")
    }
    return data
  }
}
