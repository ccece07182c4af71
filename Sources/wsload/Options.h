// What the command line asks for.
#pragma once
#include <cstddef>
#include <string>

enum class Payload { binary, ascii, cjk };

struct Options {
  std::string mode, host = "127.0.0.1", path = "/";
  int port = 9000, connections = 0, depth = 16, pid = 0;
  std::size_t payload = 16;  // bytes
  long count = 20000;
  double seconds = 2;
  Payload kind = Payload::binary;
  bool raw = false, tls = false, apart = false, nagle = false;
};

extern Options options;

// Fills `options`; prints usage and ends with 2 where they are wrong.
void parse_options(int argc, char **argv);
