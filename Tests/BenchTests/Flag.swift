import Synchronization

/// Something that happened or did not, told from one thread to another.
final class Flag: Sendable {
  private let raised = Atomic(false)
  func raise() { raised.store(true, ordering: .releasing) }
  var isRaised: Bool { raised.load(ordering: .acquiring) }
}
