/// A value on the heap: for what few of many have, and would make all of them larger. Whoever holds the box is its one owner.
final class Box<Value: ~Copyable> {
  var value: Value

  init(_ value: consuming Value) { self.value = value }
}

// One owner, which is moved between threads as a whole.
extension Box: @unchecked Sendable where Value: Sendable & ~Copyable {}
