import Glibc

/// Tells when something appears in a folder or leaves it, such as a device file in `/dev` (`inotify`).
public enum FolderWatch {
  /// A channel that yields bytes, whose content does not matter, at each change of the folder's entries.
  ///
  /// Look for the entry after the watch has begun, then read: a change in between is not missed.
  public static func channel(of folder: String, on loop: EventLoop) throws(PosixError) -> ByteChannel {
    let raw = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
    guard raw >= 0 else { throw .last(.open, folder) }
    let descriptor = OwnedDescriptor(adopting: raw)
    // IN_ATTRIB as well: a device file appears before its owner and mode are set.
    let changes = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB
    guard inotify_add_watch(raw, folder, UInt32(changes)) >= 0 else { throw .last(.open, folder) }
    return ByteChannel(adopting: descriptor, endpoint: folder, on: loop)
  }
}
