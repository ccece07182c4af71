import CLinux
import Foundation

/// The memory of this process.
public enum ProcessMemory {
  /// Has blocks of 1 MiB and more go back to the system when they are freed. By itself the C library learns to keep them, for each
  /// of its arenas, so that a few large messages would stay in the memory for the rest of a run.
  public static func returnLargeBlocks() { _ = clinux_map_blocks_from(1 << 20) }

  /// Gives back the pages of programs and libraries that stand unchanged in their files. For what a start has touched, two thirds of
  /// the memory of a server that has just begun, there is no further use; what is needed after all comes back from the kernel's page
  /// cache when it is touched.
  public static func returnFilePages() {
    // To its end: a file of the kernel says that it has no length, and is given a page at a time.
    guard let file = FileHandle(forReadingAtPath: "/proc/self/smaps"), let table = try? file.readToEnd()
    else { return }
    for mapping in FileMapping.all(in: String(decoding: table, as: UTF8.self)) where mapping.isUnchanged {
      // A page that it cannot give back stays, and nothing is lost.
      _ = madvise(UnsafeMutableRawPointer(bitPattern: mapping.start), mapping.count, MADV_DONTNEED)
    }
  }
}
