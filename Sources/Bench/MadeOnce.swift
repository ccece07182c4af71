import Synchronization

/// Values that take their time to make: each is made once, by who asks for it first. Who asks for it meanwhile waits; who asks for
/// another one does not.
final class MadeOnce<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private final class Place: Sendable { let value = Mutex<Value?>(nil) }

  private let places = Mutex<[Key: Place]>([:])

  /// The value of a key. What `make` throws is thrown, and the next who asks has it made again.
  /// - Parameter make: must not ask for the same key.
  func value(of key: Key, _ make: () throws -> Value) throws -> Value {
    let place = places.withLock { places in
      let place = places[key] ?? Place()
      places[key] = place
      return place
    }
    return try place.value.withLock { value in
      if let value { return value }
      let made = try make()
      value = made
      return made
    }
  }
}
