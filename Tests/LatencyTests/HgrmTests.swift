import Foundation
import Latency
import Testing

/// An `.hgrm` file as HdrHistogram's plotters read it: `Value Percentile TotalCount 1/(1-Percentile)`, rows, and three lines of totals.
private struct Hgrm {
  var columns: [String] = []
  /// Value, percentile, count, 1/(1-percentile); that is missing in the last row.
  var rows: [[Double]] = []
  /// The figures of the last three lines by their names.
  var totals: [String: Double] = [:]

  init(_ text: String) throws {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    columns = lines[0].split(separator: " ").map(String.init)
    try #require(lines[1].isEmpty, "an empty line parts the head from the rows")
    for line in lines.dropFirst(2) where !line.isEmpty {
      guard line.hasPrefix("#[") else {
        try #require(totals.isEmpty, "no row comes behind the totals")
        rows.append(try line.split(separator: " ").map { try #require(Double($0), "\(line)") })
        continue
      }
      try #require(line.hasSuffix("]"))
      for part in line.dropFirst(2).dropLast().split(separator: ",") {
        let sides = part.split(separator: "=").map { $0.trimmingCharacters(in: .whitespaces) }
        let figure: Double = try #require(Double(sides[1]), "\(part)")
        totals[sides[0]] = figure
      }
    }
  }
}

@Suite(".hgrm files")
struct HgrmTests {
  /// A thousand latencies from 1 to 1,000 ms.
  private let even = (1...1000).map { $0 * 1_000_000 }

  @Test("the head, the rising rows and the totals are those that plotters look for")
  func rows() throws {
    let file = try Hgrm(LatencyHistogram(even).hgrm)
    #expect(file.columns == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"])
    for (earlier, later) in zip(file.rows, file.rows.dropFirst()) {
      #expect(earlier[0] <= later[0] && earlier[1] <= later[1] && earlier[2] <= later[2])
    }
    for row in file.rows.dropLast() {
      #expect(row.count == 4 && abs(row[3] - 1 / (1 - row[1])) / row[3] < 0.01)
      // So many of a thousand are no longer, and the bucket is no wider than a thousandth.
      #expect(row[2] >= (row[1] * 1000).rounded(.down) && abs(row[0] - row[2]) <= 1.1, "\(row)")
    }
    let last = try #require(file.rows.last)
    #expect(last.count == 3 && last[1] == 1 && last[2] == 1000 && abs(last[0] - 1000) < 1)
  }

  @Test(
    "five rows lie between one percentile and the one that is half as far from 100, as in HdrHistogram's own tools"
  )
  func resolution() throws {
    let percentiles = try Hgrm(LatencyHistogram(even).hgrm).rows.map { $0[1] }
    for halving in 0..<6 {
      let (from, to) = (1 - pow(0.5, Double(halving)), 1 - pow(0.5, Double(halving + 1)))
      let steps = percentiles.count { $0 >= from - 1e-9 && $0 < to - 1e-9 }
      #expect(steps == 5, "\(steps) from \(from) to \(to)")
    }
  }

  @Test("the totals are those of the samples")
  func totals() throws {
    let totals = try Hgrm(LatencyHistogram(even).hgrm).totals
    // Of 1 to n: the mean is (n + 1) / 2, the deviation the root of (n² − 1) / 12.
    #expect(abs((totals["Mean"] ?? 0) - 500.5) < 0.5)
    #expect(abs((totals["StdDeviation"] ?? 0) - (999_999.0 / 12).squareRoot()) < 0.5)
    #expect(abs((totals["Max"] ?? 0) - 1000) < 1 && totals["Total count"] == 1000)
    // Three digits need 2,048 sub-buckets; from 64 ns to ten minutes the buckets double 24 times.
    #expect(totals["SubBuckets"] == 2048 && totals["Buckets"] == 24, "\(totals)")
  }
}
