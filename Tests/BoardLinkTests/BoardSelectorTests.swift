import BoardLink
import Testing

@Suite("Board selectors")
struct BoardSelectorTests {
  @Test(
    "every form is read and printed",
    arguments: [
      ("sim", BoardSelector.simulated), ("reference", .reference), ("python", .python(path: nil)),
      ("python:/usr/bin/python3", .python(path: "/usr/bin/python3")),
      ("tty:/dev/ttyACM0", .terminal(path: "/dev/ttyACM0")),
      ("tty:/dev/a:b", .terminal(path: "/dev/a:b")), ("usb", .usb(nil)), ("usb:E661", .usb("E661")),
      ("usb:1-2.3", .usb("1-2.3")), ("tcp:host:4000", .tcp(host: "host", port: 4000)),
      ("tcp:[::1]:4000", .tcp(host: "::1", port: 4000)),
      ("rfc2217:10.0.0.1:23", .rfc2217(host: "10.0.0.1", port: 23)),
    ])
  func roundTrip(_ text: String, _ selector: BoardSelector) throws {
    #expect(try BoardSelector(text) == selector)
    #expect(selector.description == text)
  }

  @Test(
    "other texts are refused with a sentence that names the forms",
    arguments: [
      "", "simulated", "tty", "tty:", "usb:", "tcp:host", "tcp::1", "tcp:h:0", "tcp:h:70000", "sim:1",
      "python:", "reference:1",
    ])
  func refused(_ text: String) {
    let error = #expect(throws: BoardSelectorError.self) { try BoardSelector(text) }
    #expect(error?.description.contains("tty:PATH") == true)
  }
}
