import Scenarios

/// A small, deliberate defect of a client: our client's source with a few places replaced. A catalogue that lets it pass is blind
/// there.
public struct Mutant: Sendable, Hashable {
  /// Its name, which is that of its file.
  public var id: String
  /// What is wrong with such a client, in one sentence.
  public var defect: String
  /// The chapters of the catalogue that it is about.
  public var chapters: [Chapter]
  /// The rows of the bug tables where the defect was seen in a client (`fixtures/mutants/README.md`); empty where it is imagined.
  public var seen: [String]
  /// What makes the mutant of our client.
  public var replacements: [Replacement]
  /// The scenarios, by id or pattern, that are there to find it.
  public var killedBy: [String]

  /// A place in the source, and what stands there in the mutant.
  public struct Replacement: Sendable, Hashable {
    /// The text that the source holds exactly once.
    public var find: String
    /// What takes its place.
    public var with: String
  }
}

extension Mutant {
  /// The files of the client that this defect changes, by name, with their new content. Every place is looked for in the source as
  /// it is, so the order does not matter.
  /// - Parameter files: the client's source files by name.
  /// - Throws: `MisfitMutant` where a text is not in all of them together exactly once, or two overlap.
  func changed(_ files: [String: String]) throws(MisfitMutant) -> [String: String] {
    var places: [(file: String, range: Range<String.Index>, text: String)] = []
    for replacement in replacements {
      let found = files.flatMap { file, source in source.ranges(of: replacement.find).map { (file, $0) } }
      guard found.count == 1 else {
        throw MisfitMutant(mutant: id, find: replacement.find, problem: .found(times: found.count))
      }
      let (file, range) = found[0]
      guard !places.contains(where: { $0.file == file && $0.range.overlaps(range) }) else {
        throw MisfitMutant(mutant: id, find: replacement.find, problem: .overlaps)
      }
      places.append((file, range, replacement.with))
    }
    let names = Set(places.map(\.file))
    var result = files.filter { names.contains($0.key) }
    // From the end, so that the places before it stay where they are.
    for place in places.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
      result[place.file]?.replaceSubrange(place.range, with: place.text)
    }
    result = result.filter { files[$0.key] != $0.value }
    guard !result.isEmpty else { throw MisfitMutant(mutant: id, find: "", problem: .changesNothing) }
    return result
  }
}

/// A mutant whose replacements cannot be made in the client's source.
struct MisfitMutant: Error, Hashable {
  enum Problem: Hashable {
    case found(times: Int)
    case overlaps
    case changesNothing
  }

  var mutant: String
  /// What was searched for.
  var find: String
  var problem: Problem

  /// The sentence for the user.
  /// - Parameter client: the client's path.
  /// - Parameter files: the names of its files.
  func sentence(client: String, files: [String]) -> String {
    let place = "\(files.joined(separator: ", ")) of \(client)"
    switch problem {
    case .found(let times):
      return "The mutant \(mutant) does not fit: what it replaces must be once in \(place), and is there "
        + "\(times) times: \(shown)"
    case .overlaps:
      return "The mutant \(mutant) does not fit: two of its replacements in \(place) overlap, the second at: "
        + shown
    case .changesNothing: return "The mutant \(mutant) changes nothing in \(place)."
    }
  }

  private var shown: String {
    "\n"
      + find.split(separator: "\n", omittingEmptySubsequences: false).map { "  | \($0)" }
      .joined(separator: "\n")
  }
}
