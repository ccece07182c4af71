#include <stdio.h>
#include <unistd.h>

#include <vector>

#include "Echo.h"
#include "Measures.h"
#include "Modes.h"
#include "Options.h"

// The resident memory once it no longer grows: what a server frees or fills after the last answer, nothing tells.
static long settled_kib() {
  long last = resident_kib(options.pid);
  for (int i = 0; i < 20; i++) {
    usleep(50000);
    long next = resident_kib(options.pid);
    if (i > 2 && next == last) break;
    last = next;
  }
  return last;
}

void idle() {
  Message message;
  EchoReader reader(options.payload);
  long start = settled_kib();
  // What a server loads or builds for its first connection is no part of what each one takes.
  Connection first;
  first.open();
  message.send(first), reader.next(first);
  first.close_hard();
  long before = settled_kib();
  std::vector<Connection> connections((size_t)options.connections);
  for (auto &connection : connections) connection.open();
  long open = settled_kib();
  for (auto &connection : connections) message.send(connection), reader.next(connection);
  long used = settled_kib();
  double count = options.connections;
  printf("{\"mode\":\"idle\",\"connections\":%d,\"start_kib\":%ld,\"before_kib\":%ld,\"open_kib\":%ld,\"used_kib\":%ld,\"kib_open\":%.3f,"
         "\"kib_used\":%.3f}\n",
         options.connections, start, before, open, used, (double)(open - before) / count, (double)(used - before) / count);
  for (auto &connection : connections) connection.close_hard();
}
