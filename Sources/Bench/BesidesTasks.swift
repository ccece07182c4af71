import Dispatch

/// Does work that may take seconds, such as judging (a search for the generator of many masking keys, in a build for debugging), on a
/// thread of its own: on those that tasks share, cases that are under way meanwhile would run out of time.
func besidesTasks<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
  await withCheckedContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(returning: work()) }
  }
}
