// A message and its echo.
#pragma once
#include <cstdint>
#include <vector>

#include "Connection.h"

// What is sent again and again: its payload, and the bytes on the wire (the payload alone with --raw).
struct Message {
  std::vector<uint8_t> payload, wire;
  Message();
  // Header, masking key and payload in writes of their own with --apart, else in one.
  void send(Connection &connection) const;

 private:
  void add_header();
};

// Reads echoes of a connection, the usual kind with one read: a single frame with the shortest header.
class EchoReader {
 public:
  explicit EchoReader(size_t payload);
  // The payload of the next data message. Control frames before it are skipped, fragments put together.
  const std::vector<uint8_t> &next(Connection &connection);

 private:
  std::vector<uint8_t> payload, buffer;
  size_t header, buffered = 0, consumed = 0;
  bool is_usual() const;
  void take(Connection &connection, uint8_t *into, size_t count);
  void read_frames(Connection &connection);
};
