// One connection to the server under load, in clear or over TLS, blocking until told otherwise.
#pragma once
#include <openssl/ssl.h>
#include <sys/types.h>

#include <cstddef>

// Prepares TLS where it is asked for; before the first connection.
void prepare_tls();

struct Connection {
  int descriptor = -1;
  SSL *ssl = nullptr;

  // TCP, TLS where asked for, and the opening handshake, whose status and Sec-WebSocket-Accept are checked.
  void open();
  void set_nonblocking();
  // More than 0, 0 at the end of the stream, -1 for "not now".
  ssize_t read(void *into, size_t most);
  ssize_t write(const void *bytes, size_t count);
  void read_all(void *into, size_t count);
  void write_all(const void *bytes, size_t count);
  // With RST: no TIME_WAIT, so that long runs do not use up the ports.
  void close_hard();

 private:
  void connect_tcp();
  void upgrade();
};
