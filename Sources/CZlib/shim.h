// zlib as the distribution's zlib1g-dev ships it. Macros that Swift cannot import are wrapped here.
#pragma once
#include <zlib.h>

// Raw streams, without zlib's header and checksum: zlib wants the window's bits negative for those.
static inline int zlib_init_raw_inflate(z_streamp stream, int window_bits) {
  return inflateInit2(stream, -window_bits);
}

static inline int zlib_init_raw_deflate(z_streamp stream, int level, int window_bits, int memory_level, int strategy) {
  return deflateInit2(stream, level, Z_DEFLATED, -window_bits, memory_level, strategy);
}
