/// Does something with all elements at a time, and returns when all is done.
/// - Returns: what came of each, in the elements' order.
/// - Throws: the first error; the others are cancelled then.
public func sideBySide<Element: Sendable, Value: Sendable, Failure: Error>(
  _ elements: some Sequence<Element>, _ work: @escaping @Sendable (Element) async throws(Failure) -> Value
) async throws(Failure) -> [Value] {
  let end = await withTaskGroup(of: (index: Int, result: Result<Value, Failure>).self) { group in
    for (index, element) in elements.enumerated() {
      group.addTask {
        do throws(Failure) {
          return (index, .success(try await work(element)))
        } catch {
          return (index, .failure(error))
        }
      }
    }
    var values: [(index: Int, value: Value)] = []
    for await (index, result) in group {
      switch result {
      case .success(let value): values.append((index, value))
      case .failure(let error):
        group.cancelAll()
        return Result<[Value], Failure>.failure(error)
      }
    }
    return .success(values.sorted { $0.index < $1.index }.map(\.value))
  }
  return try end.get()
}
