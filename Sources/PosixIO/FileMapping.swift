/// A part of a file that is mapped into a process, as `/proc/PID/smaps` tells it (proc(5)).
struct FileMapping: Equatable {
  /// Where it begins in memory.
  var start: UInt
  /// Its length in bytes.
  var count: Int
  /// Whether all of it is as in the file and stays so: it cannot be written, and none of its pages was when it could.
  var isUnchanged: Bool

  /// The mappings of files in such a table. What cannot be read is left out.
  static func all(in table: String) -> [FileMapping] {
    var mappings: [FileMapping] = []
    var isFile = false
    for line in table.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let first = words.first else { continue }
      if first.last != ":" {
        let mapping = FileMapping(words)
        isFile = mapping != nil
        if let mapping { mappings.append(mapping) }
      } else if first == "Anonymous:", isFile, words.dropFirst().first != "0" {
        mappings[mappings.count - 1].isUnchanged = false
      }
    }
    return mappings
  }

  /// Reads the first line of a mapping; nil where it is none of a file.
  private init?(_ words: [Substring]) {
    let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
    guard words.count >= 6, words[5].hasPrefix("/"), ends.count == 2, ends[0] < ends[1] else { return nil }
    start = ends[0]
    count = Int(ends[1] - ends[0])
    isUnchanged = words[1] == "r--p" || words[1] == "r-xp"
  }
}
