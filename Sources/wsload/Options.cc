#include "Options.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "Measures.h"

Options options;

static const char usage[] =
    R"(wsload: a load client for WebSocket echo servers on IPv4; prints one JSON object, in microseconds.

  wsload ping  [options]   one connection, COUNT echo round trips
  wsload flood [options]   CONNECTIONS, DEPTH messages outstanding on each, for SECONDS
  wsload rate  [options]   CONNECTIONS threads: connect, opening and closing handshake, again
  wsload idle  [options]   opens CONNECTIONS and tells the server's memory; needs --pid

  --host ADDRESS --port NUMBER --path PATH
  --raw             no WebSocket: the peer echoes bytes
  --tls             TLS; the certificate is not verified
  --text ascii|cjk  text messages instead of binary ones
  --apart           header, masking key and payload in writes of their own (ping)
  --nagle           Nagle's algorithm is left on
  -p BYTES          payload size (16)
  -n COUNT          round trips of ping (20000; at most 10 s)
  -t SECONDS        duration of flood and rate (2)
  -c CONNECTIONS    flood 16, rate 4, idle 1000
  -k DEPTH          messages outstanding on each (16)
  --pid PID         the server's, for its CPU time and memory

Frames are masked once, before the clock starts, so that the server's work dominates. The first echo is compared byte for byte, every
later one by its length. All loops are bounded.
)";

[[noreturn]] static void refuse(const std::string &what) {
  fprintf(stderr, "wsload: %s\n\n%s", what.c_str(), usage);
  exit(2);
}

static double number(const std::string &option, const char *text) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end || value < 0 || value > 1e12) refuse(option + " wants a number, not '" + text + "'");
  return value;
}

static void set(const std::string &option, const char *value) {
  if (option == "--host") options.host = value;
  else if (option == "--path") options.path = value;
  else if (option == "--text") {
    if (value != std::string("ascii") && value != std::string("cjk")) refuse("--text is ascii or cjk");
    options.kind = *value == 'a' ? Payload::ascii : Payload::cjk;
  } else {
    double n = number(option, value);
    if (option == "--port") options.port = (int)n;
    else if (option == "--pid") options.pid = (int)n;
    else if (option == "-p") options.payload = (std::size_t)n;
    else if (option == "-n") options.count = std::max(1L, (long)n);
    else if (option == "-t") options.seconds = std::min(600.0, n);
    else if (option == "-c") options.connections = (int)n;
    else if (option == "-k") options.depth = std::max(1, (int)n);
    else refuse("there is no option " + option);
  }
}

void parse_options(int argc, char **argv) {
  if (argc < 2) refuse("says nothing of what to do");
  options.mode = argv[1];
  for (int i = 2; i < argc; i++) {
    std::string option = argv[i];
    if (option == "--raw") options.raw = true;
    else if (option == "--tls") options.tls = true;
    else if (option == "--apart") options.apart = true;
    else if (option == "--nagle") options.nagle = true;
    else if (i + 1 < argc) set(option, argv[++i]);
    else refuse(option + " wants a value, or is no option");
  }
  if (options.mode == "idle" && !options.pid) refuse("idle wants --pid");
  if (options.raw && options.payload == 0) options.payload = 1;
  if (!options.connections)
    options.connections = options.mode == "flood" ? 16 : options.mode == "rate" ? 4 : options.mode == "idle" ? 1000 : 1;
}
