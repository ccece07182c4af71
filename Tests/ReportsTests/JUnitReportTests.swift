import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@testable import Reports

@Suite("junit.xml")
struct JUnitReportTests {
  /// An element as it is read back.
  final class Element {
    let name: String
    let attributes: [String: String]
    var children: [Element] = []
    var text = ""

    init(_ name: String, _ attributes: [String: String]) {
      self.name = name
      self.attributes = attributes
    }

    func all(_ name: String) -> [Element] {
      children.filter { $0.name == name } + children.flatMap { $0.all(name) }
    }

    /// The properties right below, by name.
    var properties: [String: String] {
      let pairs = children.first { $0.name == "properties" }?.children.map {
        ($0.attributes["name"] ?? "", $0.attributes["value"] ?? "")
      }
      return Dictionary(pairs ?? []) { first, _ in first }
    }
  }

  private final class Reader: NSObject, XMLParserDelegate {
    var open = [Element("document", [:])]

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      let element = Element(name, attributes)
      open[open.count - 1].children.append(element)
      open.append(element)
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { open[open.count - 1].text += string }

    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) { open.removeLast() }
  }

  private func read() throws -> Element {
    let parser = XMLParser(data: Data(JUnitReport.text(of: SampleRun.run).utf8))
    let reader = Reader()
    parser.delegate = reader
    let isXML = parser.parse()
    #expect(isXML, "\(String(describing: parser.parserError)) in line \(parser.lineNumber)")
    return reader.open[0]
  }

  private func testCase(_ name: String) throws -> Element {
    try #require(try read().all("testcase").first { $0.attributes["name"] == name })
  }

  @Test("the counts of the whole and of the suites")
  func counts() throws {
    let whole = try #require(try read().all("testsuites").first).attributes
    #expect(
      whole["tests"] == "7" && whole["failures"] == "1" && whole["errors"] == "1" && whole["skipped"] == "1")
    #expect(whole["name"]?.contains("simulated board") == true)
    let suites = try read().all("testsuite")
    for name in ["tests", "failures", "errors", "skipped"] {
      #expect(suites.compactMap { Int($0.attributes[name] ?? "") }.reduce(0, +) == Int(whole[name] ?? ""))
    }
    #expect(suites.allSatisfy { $0.properties["seed"] == "7" })
  }

  @Test(
    "each verdict as build servers understand it",
    arguments: [
      ("5.failed@split", "failure", "failed"), ("9.lost", "error", "inconclusive"),
      ("2.ping", "skipped", "unsupported"),
    ])
  func verdicts(_ name: String, _ kind: String, _ verdict: String) throws {
    let item = try testCase(name)
    #expect(item.properties["verdict"] == verdict)
    #expect(item.children.map(\.name).sorted() == [kind, "properties"].sorted())
    #expect(item.all(kind).first?.attributes["message"]?.isEmpty == false)
  }

  @Test(
    "what breaks no MUST passes, and tells its verdict as a property",
    arguments: [("2.not-strict", "nonStrict"), ("3.informational", "informational"), ("1.passed", "passed")])
  func passes(_ name: String, _ verdict: String) throws {
    let item = try testCase(name)
    #expect(item.children.map(\.name) == ["properties"])
    #expect(item.properties["verdict"] == verdict && item.properties["referenceFailed"] == "false")
  }

  @Test("every broken rule is in the text of a failure")
  func rules() throws {
    let text = try #require(try testCase("5.failed@split").all("failure").first).text
    #expect(
      text.contains("[message-delivered]") && text.contains("MUST RFC 6455 section 5.6 [close-answered]"))
  }

  @Test("control characters that a board printed survive as U+FFFD, markup as text")
  func hostile() throws {
    let text = try #require(try testCase("5.failed@split").all("failure").first).attributes["message"]
    #expect(text?.contains("<script>alert(1)</script> \u{FFFD}[31mred\u{FFFD}\u{FFFD} & \"quoted\"") == true)
  }
}
