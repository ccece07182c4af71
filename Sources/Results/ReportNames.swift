/// What the files of a report folder are called: whoever writes them, and whoever clears an earlier run's away, goes by these.
public enum ReportNames {
  /// The document for programs.
  public static let results = "results.json"
  /// The documents of a run, whatever came of it.
  public static let documents = [results, junit, page]
  /// The document for build servers.
  public static let junit = "junit.xml"
  /// The page for people.
  public static let page = "report.html"
  /// The log of a serial line, of a run, a case or a black box.
  public static let serialLog = "serial.log"
  /// The folder with one folder for each case that needs attention.
  public static let cases = "cases"
  /// The folder with one folder for each trouble of the bench.
  public static let blackBoxes = "blackbox"

  /// The files of a case's folder.
  public enum CaseFile: String, CaseIterable, Sendable {
    case summary = "summary.txt"
    case scenario = "scenario.json"
    case serialLog = "serial.log"
    case wire = "wire.txt"
    case client = "client.txt"
    case referenceWire = "wire-reference.txt"
    case referenceClient = "client-reference.txt"
  }

  /// The files of a black box.
  public enum BlackBoxFile: String, CaseIterable, Sendable {
    case trouble = "trouble.txt"
    case serialLog = "serial.log"
    case wire = "wire.txt"
    case client = "client.txt"
  }
}
