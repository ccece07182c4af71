import CLibFuzzer

/// One parser under the fuzzer. Add a target: a file with a type of this kind in the program whose modules it needs, its name in that
/// program's `main.swift`, and a folder of seeds.
public protocol FuzzTarget: Sendable {
  /// Puts one input through the parser; what must hold is checked with `precondition`, which the fuzzer takes for a crash.
  static func run(_ input: FuzzInput)
}

/// What the fuzzer calls with each input; set before it begins, by the only thread.
nonisolated(unsafe) private var run: (FuzzInput) -> Void = { _ in }

/// `PROGRAM TARGET …`: the rest is libFuzzer's, its options and folders of inputs. Without a target it prints those it has, one a line.
///
/// There are several programs because libFuzzer looks at the counters of a whole program after every input: one that had all parsers would
/// spend most of its time with those of the others.
public func fuzz(_ targets: [String: any FuzzTarget.Type]) {
  let words = CommandLine.arguments
  guard words.count > 1, let target = targets[words[1]] else {
    return print(targets.keys.sorted().joined(separator: "\n"))
  }
  run = target.run
  var arguments: [UnsafeMutablePointer<CChar>?] =
    ([words[0]] + words.dropFirst(2)).map { duplicate($0) } + [nil]
  var count = CInt(arguments.count - 1)
  arguments.withUnsafeMutableBufferPointer { buffer in
    var start = buffer.baseAddress
    _ = LLVMFuzzerRunDriver(&count, &start) { data, size in
      run(FuzzInput(UnsafeBufferPointer(start: data, count: size)))
      return 0
    }
  }
}

/// Copies a word for C; it lives as long as the process.
private func duplicate(_ word: String) -> UnsafeMutablePointer<CChar> {
  let copy = UnsafeMutablePointer<CChar>.allocate(capacity: word.utf8.count + 1)
  for (index, byte) in (Array(word.utf8) + [0]).enumerated() { copy[index] = CChar(bitPattern: byte) }
  return copy
}
