#include <stdio.h>

#include <atomic>
#include <thread>
#include <vector>

#include "Connection.h"
#include "Measures.h"
#include "Modes.h"
#include "Options.h"

static void open_and_close() {
  static const uint8_t bye[] = {0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xe8 ^ 2};  // Close 1000
  uint8_t bytes[128];
  Connection connection;
  connection.open();
  connection.write_all(bye, sizeof bye);
  if (options.raw) connection.read_all(bytes, sizeof bye);
  for (bool is_closed = options.raw; !is_closed;) {
    connection.read_all(bytes, 2);
    is_closed = (bytes[0] & 15) == 8;
    connection.read_all(bytes + 2, bytes[1] & 127);
  }
  connection.close_hard();
}

void rate() {
  std::atomic<long> done{0};
  int64_t server = cpu_of(options.pid), start = now(), end = start + (int64_t)(options.seconds * 1e9);
  std::vector<std::thread> threads;
  for (int i = 0; i < options.connections; i++)
    threads.emplace_back([&] {
      for (; now() < end; done++) open_and_close();
    });
  for (auto &thread : threads) thread.join();
  double seconds = (double)(now() - start) / 1e9, count = (double)done;
  double server_us = options.pid && done ? (double)(cpu_of(options.pid) - server) / 1e3 / count : 0;
  printf("{\"mode\":\"rate\",\"threads\":%d,\"connections_s\":%.0f,\"server_cpu_us\":%.2f}\n",
         options.connections, count / seconds, server_us);
}
