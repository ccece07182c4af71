import Foundation
import Results
import Scenarios
import Steps
import WebSocketProtocol

/// Which cases each mutant goes through, and what the client without a defect must go through to compare.
struct MutantPlan {
  /// A mutant as a client that can be run, with its cases.
  struct Entry: Sendable {
    var mutant: Mutant
    var client: ClientBundle
    /// The ids of the cases that are declared for it.
    var declared: Set<String>
    /// The declared ones first, unless all go through the same.
    var cases: [Case]

    /// A digest of its source.
    var source: String {
      SHA1.hexadecimal(of: client.identity.files.sorted { $0.key < $1.key }.flatMap { Array($0.value.utf8) })
    }
  }

  /// The mutants that have a case.
  let entries: [Entry]
  /// The ids of those that have none: what was chosen is not of their chapters.
  let leftOut: [String]
  /// The cases of all of them, in the catalogue's order.
  let cases: [Case]
  /// A digest of what decides the verdicts beside the mutants (see `MutantRunResult`).
  let fingerprint: String

  /// So many cases that are not declared for a mutant it goes through all the same: what else it breaks is not always foreseen.
  static let sampleSize = 20

  /// Patches the client for every mutant and chooses its cases.
  /// - Throws: `ConfigurationError` naming every mutant that does not fit the client, or declares a case that does not exist.
  init(_ configuration: MutantRunConfiguration) throws {
    let client = try ClientBundle(client: nil, adapter: nil, fixtures: configuration.fixtures)
    // Of the bundle's files those are the client's that its identity names; the others are agent and adapter.
    let sources = client.files.filter { client.identity.files[$0.key] != nil }
      .mapValues { String(decoding: $0, as: UTF8.self) }
    let chooser = try CaseChooser(configuration)
    var entries: [Entry] = []
    var leftOut: [String] = []
    var complaints: [String] = []
    for mutant in configuration.mutants {
      do {
        let (declared, cases) = try chooser.cases(for: mutant)
        let changes = try mutant.changed(sources).mapValues { Array($0.utf8) }
        guard !cases.isEmpty else {
          leftOut.append(mutant.id)
          continue
        }
        entries.append(
          Entry(
            mutant: mutant, client: client.replacing(changes, note: "mutant \(mutant.id)"),
            declared: declared, cases: cases))
      } catch let misfit as MisfitMutant {
        complaints.append(misfit.sentence(client: client.identity.path, files: sources.keys.sorted()))
      } catch let error as RunPlanError {
        complaints.append("The mutant \(mutant.id) is said to be killed by what is not there: \(error)")
      }
    }
    guard complaints.isEmpty else { throw ConfigurationError(complaints.joined(separator: "\n")) }
    guard !entries.isEmpty else {
      throw ConfigurationError(
        "None of the chosen cases is of the chapters that the chosen mutants are about; check --cases and --only."
      )
    }
    self.entries = entries
    self.leftOut = leftOut
    let needed = Set(entries.flatMap { $0.cases.map(\.id) })
    cases = try RunPlan.cases(
      of: configuration.scenarios, choice: .all, among: needed, seed: configuration.seed)
    fingerprint = try Self.fingerprint(of: client, cases: chooser.pool, configuration)
  }

  private static func fingerprint(
    of client: ClientBundle, cases: [Case], _ configuration: MutantRunConfiguration
  ) throws -> String {
    let tool = try ClientBundle.read(URL(fileURLWithPath: "/proc/self/exe"))
    let files = client.files.sorted { $0.key < $1.key }.map(\.value)
    let settings =
      "\(configuration.seed) \(configuration.isMatrix) \(configuration.ownChapters) \(configuration.simulation)"
    let texts = [settings] + cases.map(ScenarioFile.text)
    let parts = [tool] + files + texts.map { Array($0.utf8) }
    return SHA1.hexadecimal(of: parts.flatMap { Array(SHA1.hexadecimal(of: $0).utf8) })
  }
}

/// Chooses the cases of a mutant.
private struct CaseChooser {
  let configuration: MutantRunConfiguration
  /// What is drawn from, or, for a matrix, what every mutant goes through.
  let pool: [Case]

  init(_ configuration: MutantRunConfiguration) throws {
    self.configuration = configuration
    do {
      pool = try RunPlan.cases(
        of: configuration.scenarios, deliveries: configuration.deliveries, only: configuration.only,
        seed: configuration.seed)
    } catch {
      throw ConfigurationError("\(error)")
    }
  }

  /// The ids of the cases that are declared for a mutant, and all that it goes through.
  func cases(for mutant: Mutant) throws(RunPlanError) -> (declared: Set<String>, cases: [Case]) {
    let declared = try RunPlan.cases(
      of: configuration.scenarios, choice: .only([.whole]), only: mutant.killedBy, seed: configuration.seed)
    let ids = Set(declared.map(\.id))
    if configuration.isMatrix {
      guard configuration.ownChapters else { return (ids, pool) }
      return (ids, pool.filter { item in item.scenario.chapter.map(mutant.chapters.contains) ?? false })
    }
    var generator = SplitMix64(seed: configuration.seed, text: "mutant \(mutant.id)")
    let others = pool.filter { !ids.contains($0.id) }.shuffled(using: &generator)
    return (ids, declared + others.prefix(MutantPlan.sampleSize))
  }
}
