import Steps

/// Where Autobahn measures rather than checks: a thousand messages on one connection, megabytes in small pieces. All are long: a run
/// has them only where it is asked to.
extension Catalogue {
  /// The tags of what is large and takes long.
  static let longTags = ["large", Scenario.longTag]

  /// So many messages Autobahn exchanges on one connection (its 9.7, 9.8, 12 and 13).
  static let thousand = 1000

  /// A thousand messages of one size, one after the other (its 9.7 and 9.8).
  @ListBuilder<Scenario> static var limitsThousands: [Scenario] {
    for size in [0, 16, 64, 256, 1024, 4096] {
      for kind in ServerStep.MessageKind.allCases {
        lawful(
          "messages-\(thousand)-of-\(size)-\(kind)", "5.4",
          "Exchanges \(thousand) \(kind) messages of \(size) bytes, one after the other.",
          "Echoes all of them: nothing is used up.", tags: longTags, deliveries: .wholeOnly
        ) {
          for number in 0..<thousand {
            // Neighbours differ, so that an old one in place of a new one shows.
            echo(.repeated(unit: [UInt8(ascii: "A") + UInt8(number % 26)], count: size), as: kind)
          }
        }
      }
    }
  }

  /// Megabytes in small fragments (its 9.3 and 9.4), and in small writes (its 9.5 and 9.6).
  @ListBuilder<Scenario> static var limitsMegabytesInPieces: [Scenario] {
    for size in [64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10] {
      for kind in ServerStep.MessageKind.allCases {
        oversized(
          "size-4-mib-\(kind)-in-fragments-of-\(size)", "5.4",
          "Sends a \(kind) message of 4 MiB in fragments of \(size) bytes, and nothing between them.",
          tags: longTags
        ) {
          ServerStep.message(large(4 << 20, kind), as: kind, isCompressed: false, fragments: .size(size))
          ServerStep.expectMessage(kind: kind, payload: large(4 << 20, kind))
        }
      }
    }
    for size in [1 << 10, 2 << 10] {
      for kind in ServerStep.MessageKind.allCases {
        oversized(
          "size-1-mib-\(kind)-in-chunks-of-\(size)", "5.2",
          "Sends a \(kind) message of 1 MiB in one frame, in writes of \(size) bytes.", tags: longTags
        ) {
          ServerStep.sendBytes([kind == .text ? 0x81 : 0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 0])
          for _ in 0..<((1 << 20) / size) { ServerStep.sendBytes(large(size, kind)) }
          ServerStep.expectMessage(kind: kind, payload: large(1 << 20, kind))
        }
      }
    }
  }
}
