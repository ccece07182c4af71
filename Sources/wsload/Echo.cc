#include "Echo.h"

#include <string.h>

#include <algorithm>

#include "Measures.h"
#include "Options.h"

static std::vector<uint8_t> make_payload() {
  static const uint8_t ideograph[] = {0xE6, 0xBC, 0xA2};
  std::vector<uint8_t> bytes(options.payload);
  uint32_t random = 12345;
  for (size_t i = 0; i < bytes.size(); i++) {
    random = random * 1664525 + 1013904223;
    bool is_cut = bytes.size() - i < 3 - i % 3;  // the last ideograph would not fit
    if (options.kind == Payload::binary) bytes[i] = (uint8_t)(random >> 24);
    else if (options.kind == Payload::ascii || is_cut || bytes.size() - i + i % 3 < 3) bytes[i] = (uint8_t)('a' + (random >> 24) % 26);
    else bytes[i] = ideograph[i % 3];
  }
  return bytes;
}

Message::Message() : payload(make_payload()) {
  if (options.raw) {
    wire = payload;
    return;
  }
  static const uint8_t key[4] = {0x37, 0xfa, 0x21, 0x3d};
  add_header();
  wire.insert(wire.end(), key, key + 4);
  for (size_t i = 0; i < payload.size(); i++) wire.push_back(payload[i] ^ key[i & 3]);
}

void Message::add_header() {
  size_t count = payload.size();
  wire.push_back(options.kind == Payload::binary ? 0x82 : 0x81);
  if (count < 126) wire.push_back((uint8_t)(0x80 | count));
  else if (count < 65536) wire.insert(wire.end(), {0x80 | 126, (uint8_t)(count >> 8), (uint8_t)count});
  else {
    wire.push_back(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) wire.push_back((uint8_t)((uint64_t)count >> shift));
  }
}

void Message::send(Connection &connection) const {
  if (!options.apart || options.raw) return connection.write_all(wire.data(), wire.size());
  size_t header = wire.size() - payload.size() - 4;
  connection.write_all(wire.data(), header);
  connection.write_all(wire.data() + header, 4);
  connection.write_all(wire.data() + header + 4, payload.size());
}

EchoReader::EchoReader(size_t size)
    : payload(size), buffer(size + 16), header(options.raw ? 0 : size < 126 ? 2 : size < 65536 ? 4 : 10) {}

bool EchoReader::is_usual() const {
  if (options.raw || buffered < 2) return true;
  size_t size = payload.size(), code = size < 126 ? size : size < 65536 ? 126 : 127;
  return (buffer[0] & 0x80) && (buffer[0] & 15) < 8 && (size_t)buffer[1] == code;
}

const std::vector<uint8_t> &EchoReader::next(Connection &connection) {
  size_t wanted = header + payload.size();
  for (buffered = 0; buffered < wanted;) {
    ssize_t count = connection.read(buffer.data() + buffered, wanted - buffered);
    if (count <= 0) die("read (closed or timed out)");
    buffered += (size_t)count;
    if (!is_usual()) {
      read_frames(connection);
      return payload;
    }
  }
  memcpy(payload.data(), buffer.data() + header, payload.size());
  return payload;
}

void EchoReader::take(Connection &connection, uint8_t *into, size_t count) {
  size_t here = std::min(count, buffered - consumed);
  memcpy(into, buffer.data() + consumed, here);
  consumed += here;
  if (count > here) connection.read_all(into + here, count - here);
}

void EchoReader::read_frames(Connection &connection) {
  size_t have = 0;
  consumed = 0;
  for (bool is_final = false; !is_final;) {
    uint8_t head[10], control[128];
    take(connection, head, 2);
    if (head[1] & 0x80) die_of_peer("a masked frame from the server");
    size_t count = head[1];
    size_t more = count == 126 ? 2 : count == 127 ? 8 : 0;
    take(connection, head + 2, more);
    if (more) count = 0;
    for (size_t i = 0; i < more; i++) count = count << 8 | head[2 + i];
    if ((head[0] & 15) >= 8) {
      if (count > 125) die_of_peer("a long control frame");
      take(connection, control, count);
      if ((head[0] & 15) == 8) die_of_peer("the server closed");
      continue;
    }
    if (have + count > payload.size()) die_of_peer("an echo that is too long");
    take(connection, payload.data() + have, count);
    have += count;
    is_final = head[0] & 0x80;
  }
  if (have != payload.size()) die_of_peer("an echo that is too short");
}
