import CLinux

/// The memory of this process.
public enum ProcessMemory {
  /// Has blocks of 1 MiB and more go back to the system when they are freed. By itself the C library learns to keep them, for each
  /// of its arenas, so that a few large messages would stay in the memory for the rest of a run.
  public static func returnLargeBlocks() { _ = clinux_map_blocks_from(1 << 20) }
}
