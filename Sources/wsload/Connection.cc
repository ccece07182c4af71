#include "Connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "Measures.h"
#include "Options.h"

static SSL_CTX *context;

void prepare_tls() {
  if (!options.tls) return;
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
}

void Connection::connect_tcp() {
  descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) die("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)options.port);
  inet_pton(AF_INET, options.host.c_str(), &address.sin_addr);
  int one = 1;
  if (!options.nagle) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  timeval limit{10, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(descriptor, (sockaddr *)&address, sizeof address)) die("connect");
  if (!options.tls) return;
  ssl = SSL_new(context);
  SSL_set_fd(ssl, descriptor);
  if (SSL_connect(ssl) != 1) die("TLS handshake");
}

void Connection::set_nonblocking() { fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK); }

static ssize_t outcome(SSL *ssl, int count) {
  if (count > 0) return count;
  int error = SSL_get_error(ssl, count);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

ssize_t Connection::read(void *into, size_t most) {
  if (ssl) return outcome(ssl, SSL_read(ssl, into, (int)std::min(most, (size_t)1 << 30)));
  for (;;) {
    ssize_t count = recv(descriptor, into, most, 0);
    if (count >= 0) return count;
    if (errno != EINTR) return errno == EAGAIN ? -1 : 0;
  }
}

ssize_t Connection::write(const void *bytes, size_t count) {
  if (ssl) return outcome(ssl, SSL_write(ssl, bytes, (int)std::min(count, (size_t)1 << 30)));
  for (;;) {
    ssize_t written = send(descriptor, bytes, count, MSG_NOSIGNAL);
    if (written >= 0) return written;
    if (errno != EINTR) return errno == EAGAIN ? -1 : 0;
  }
}

void Connection::write_all(const void *bytes, size_t count) {
  for (const char *next = (const char *)bytes; count;) {
    ssize_t written = write(next, count);
    if (written <= 0) die("write");
    next += written, count -= (size_t)written;
  }
}

void Connection::read_all(void *into, size_t count) {
  for (char *next = (char *)into; count;) {
    ssize_t received = read(next, count);
    if (received <= 0) die("read (closed or timed out)");
    next += received, count -= (size_t)received;
  }
}

// The example of RFC 6455, section 1.3.
static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char accept_value[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

// The response head. A plain socket is peeked at first, so that no read goes beyond the head's end.
static std::string read_head(Connection &connection) {
  std::string head;
  char block[8192];
  while (head.size() < sizeof block && head.find("\r\n\r\n") == std::string::npos) {
    ssize_t count = 1;
    if (!connection.ssl) {
      count = recv(connection.descriptor, block, sizeof block, MSG_PEEK);
      if (count <= 0) die("opening handshake");
      // An end that lies across two peeks is found byte by byte.
      char *end = (char *)memmem(block, (size_t)count, "\r\n\r\n", 4);
      count = end ? end + 4 - block : count > 3 ? count - 3 : 1;
    }
    connection.read_all(block, (size_t)count);
    head.append(block, (size_t)count);
  }
  return head;
}

void Connection::upgrade() {
  std::string request = "GET " + options.path + " HTTP/1.1\r\nHost: " + options.host + ":" +
                        std::to_string(options.port) +
                        "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: " + key + "\r\n\r\n";
  write_all(request.data(), request.size());
  if (options.raw) return read_all(&request[0], request.size());
  std::string head = read_head(*this);
  if (head.compare(0, 12, "HTTP/1.1 101") || head.find(accept_value) == std::string::npos)
    die_of_peer(("no upgrade: " + head.substr(0, 60)).c_str());
}

void Connection::open() {
  connect_tcp();
  upgrade();
}

void Connection::close_hard() {
  if (ssl) SSL_free(ssl), ssl = nullptr;
  linger hard{1, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  ::close(descriptor);
  descriptor = -1;
}
