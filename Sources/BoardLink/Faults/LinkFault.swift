/// Something that is made to go wrong between the rig and a board, to see that the rig copes.
public struct LinkFault: Sendable, Hashable {
  /// Which way bytes go.
  public enum Direction: String, Sendable, Hashable, CaseIterable {
    /// From the host to the board.
    case toBoard
    /// From the board to the host.
    case fromBoard
  }

  /// What sets it off.
  public enum Trigger: Sendable, Hashable {
    /// The link was opened; a hard reset opens it too.
    case opening
    /// So many bytes have passed since the link was first opened.
    case byte(Direction, Int)
    /// These bytes have passed, in any pieces.
    case pattern(Direction, [UInt8])
  }

  /// What happens then.
  public enum Effect: Sendable, Hashable {
    /// After `skip` more bytes, `count` bytes are lost.
    case drop(Direction, skip: Int, count: Int)
    /// After `skip` more bytes, each of `count` bytes comes twice.
    case duplicate(Direction, skip: Int, count: Int)
    /// After `skip` more bytes, the lowest bit of each of `count` bytes is turned over: the damage that is hardest to see.
    case corrupt(Direction, skip: Int, count: Int)
    /// After `skip` more bytes, `count` bytes are lost and these come in their place. With a count of none they are merely put in.
    case replace(Direction, skip: Int, count: Int, with: [UInt8])
    /// What comes waits for so long.
    case delay(Direction, Duration)
    /// Each of these bytes is lost, until the board is restarted.
    case swallow(Direction, UInt8)
    /// Nothing passes any more, until the board is restarted. The sender does not notice.
    case silence(Direction)
    /// The board stands still: it says nothing and heeds nothing, until it is restarted.
    case hang
    /// The board takes nothing any more, until it is restarted: writing waits, as on USB.
    case block
    /// The board takes nobody to be listening, until the link is opened anew: it keeps the last 256 bytes, and nobody gets them.
    case deaf
    /// Nobody reads for so long: beyond 256 bytes what the board says meanwhile is lost.
    case stall(Duration)
    /// The board restarts by itself: the link ends, and can be opened again.
    case reset
    /// The board is gone for so long; nil is for good.
    case vanish(Duration?)
  }

  /// What sets it off.
  public var trigger: Trigger
  /// How often that is let pass before.
  public var skip: Int
  /// How often it then happens.
  public var times: Int
  /// What happens.
  public var effect: Effect

  /// Describes a fault.
  public init(_ trigger: Trigger, _ effect: Effect, skip: Int = 0, times: Int = 1) {
    self.trigger = trigger
    self.effect = effect
    self.skip = skip
    self.times = times
  }
}
