import Foundation
import Testing

@testable import PosixIO

@Suite("The memory of the process")
struct ProcessMemoryTests {
  private static let table = """
    56370d800000-56370d810000 r--p 00000000 08:01 1234                       /usr/bin/wsrig
    Size:                 64 kB
    Anonymous:             0 kB
    VmFlags: rd mr mw me sd
    56370d810000-56370d8a0000 r-xp 00010000 08:01 1234                       /usr/bin/wsrig with a blank
    Anonymous:             0 kB
    56370d8a0000-56370d8b0000 r--p 000a0000 08:01 1234                       /usr/bin/wsrig
    Anonymous:             8 kB
    56370d8b0000-56370d8c0000 rw-p 000b0000 08:01 1234                       /usr/bin/wsrig
    Anonymous:             0 kB
    7f0000000000-7f0000010000 r--p 00000000 00:00 0
    Anonymous:             0 kB
    7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0                          [vdso]
    Anonymous:             0 kB
    """

  @Test("of the kernel's table, files are read, and which of them stand unchanged")
  func mappings() {
    let found = FileMapping.all(in: Self.table)
    #expect(found.map(\.count) == [0x10000, 0x90000, 0x10000, 0x10000])
    #expect(found.map(\.isUnchanged) == [true, true, false, false])
    #expect(found.first?.start == 0x5637_0d80_0000)
  }

  @Test(
    "what is no such table has no mappings",
    arguments: ["", "\n\n", "Anonymous: 4 kB", "zz-yy r--p 0 0 0 /a", "1 2 3"])
  func nothing(_ table: String) { #expect(FileMapping.all(in: table) == []) }

  @Test("only the first page of the table was read: most of what is unchanged goes")
  func givesBack() throws {
    let before = try cleanKibibytes()
    ProcessMemory.returnFilePages()
    #expect(try cleanKibibytes() * 2 < before)
  }

  /// What is in memory as it is in files.
  private func cleanKibibytes() throws -> Int {
    let table = try String(contentsOfFile: "/proc/self/smaps_rollup", encoding: .utf8)
    let lines = table.split(separator: "\n").filter { $0.contains("_Clean:") }
    try #require(lines.count == 2)
    return lines.compactMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }.reduce(0, +)
  }
}
