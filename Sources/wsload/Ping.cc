#include <stdio.h>
#include <string.h>

#include <algorithm>
#include <vector>

#include "Echo.h"
#include "Measures.h"
#include "Modes.h"
#include "Options.h"

static const int64_t second = 1000000000;

void ping() {
  Message message;
  EchoReader reader(options.payload);
  Connection connection;
  connection.open();
  message.send(connection);
  if (reader.next(connection) != message.payload) die_of_peer("an echo that differs");
  int64_t begin = now();
  for (long i = 0; i < std::min(options.count / 10, 2000L) && now() - begin < second; i++)
    message.send(connection), reader.next(connection);

  std::vector<int64_t> trips;
  trips.reserve((size_t)options.count);
  int64_t server = cpu_of(options.pid), client = cpu_of(0), start = now(), last = start;
  for (long i = 0; i < options.count && last - start < 10 * second; i++) {
    message.send(connection);
    reader.next(connection);
    int64_t time = now();
    trips.push_back(time - last);
    last = time;
  }
  double count = (double)trips.size();
  double server_us = options.pid ? (double)(cpu_of(options.pid) - server) / 1e3 / count : 0;
  double client_us = (double)(cpu_of(0) - client) / 1e3 / count;
  std::sort(trips.begin(), trips.end());
  auto at = [&](double quantile) {
    return (double)trips[std::min(trips.size() - 1, (size_t)(quantile * count))] / 1e3;
  };
  printf("{\"mode\":\"ping\",\"bytes\":%zu,\"count\":%.0f,\"p50\":%.2f,\"p90\":%.2f,\"p99\":%.2f,\"p999\":%.2f,\"max\":%.2f,"
         "\"server_cpu_us\":%.3f,\"client_cpu_us\":%.3f}\n",
         options.payload, count, at(.5), at(.9), at(.99), at(.999), at(1), server_us, client_us);
  connection.close_hard();
}
