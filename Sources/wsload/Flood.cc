#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "Connection.h"
#include "Echo.h"
#include "Measures.h"
#include "Modes.h"
#include "Options.h"

namespace {

// One connection with its messages outstanding.
struct Flow : Connection {
  size_t to_send = 0, offset = 0;  // messages still to write; bytes of the first one that are written
  std::deque<int64_t> sent;        // when each message outstanding was handed over
  size_t left = 0, got = 0;        // payload bytes to come: of the frame; that came: of the message
  uint8_t head[10];
  int headCount = 0;
  bool wantsOutput = false, isFinal = false, isControl = false;
};

class Flood {
 public:
  Flood();
  void run();

 private:
  Message message;
  std::vector<uint8_t> batch, input = std::vector<uint8_t>(1 << 18);
  std::vector<Flow> flows;
  int poll = epoll_create1(0);
  Histogram queued;
  uint64_t done = 0;
  bool isCounting = false;
  int64_t start = 0, server = 0, client = 0;

  void push(Flow &flow);
  void watch(Flow &flow);
  void pull(Flow &flow);
  void parse(Flow &flow, const uint8_t *next, const uint8_t *end, int64_t time);
  const uint8_t *parse_header(Flow &flow, const uint8_t *next, const uint8_t *end);
  void arrived(Flow &flow, int64_t time);
  void tell() const;
};

Flood::Flood() : flows((size_t)options.connections) {
  for (int i = 0; i < options.depth; i++) batch.insert(batch.end(), message.wire.begin(), message.wire.end());
  for (auto &flow : flows) {
    flow.open();
    flow.set_nonblocking();
    flow.to_send = (size_t)options.depth;
    epoll_event event{EPOLLIN, {.ptr = &flow}};
    epoll_ctl(poll, EPOLL_CTL_ADD, flow.descriptor, &event);
  }
}

void Flood::push(Flow &flow) {
  size_t size = message.wire.size();
  while (flow.to_send) {
    size_t count = std::min(flow.to_send * size - flow.offset, batch.size() - flow.offset);
    int64_t time = now();
    ssize_t written = flow.write(batch.data() + flow.offset, count);
    if (written == 0) die_of_peer("the server went away");
    if (written < 0) break;
    size_t all = flow.offset + (size_t)written;
    flow.sent.insert(flow.sent.end(), all / size, time);
    flow.to_send -= all / size;
    flow.offset = all % size;
    if ((size_t)written < count && !flow.ssl) break;
  }
  watch(flow);
}

void Flood::watch(Flow &flow) {
  bool wants = flow.to_send > 0;
  if (wants == flow.wantsOutput) return;
  flow.wantsOutput = wants;
  epoll_event event{wants ? EPOLLIN | EPOLLOUT : EPOLLIN, {.ptr = &flow}};
  epoll_ctl(poll, EPOLL_CTL_MOD, flow.descriptor, &event);
}

void Flood::arrived(Flow &flow, int64_t time) {
  if (flow.sent.empty()) die_of_peer("more echoes than messages");
  if (isCounting) queued.add((uint64_t)(time - flow.sent.front())), done++;
  flow.sent.pop_front();
  flow.to_send++;
}

// Takes what there is of a header; what is behind it, or the end where it is not complete.
const uint8_t *Flood::parse_header(Flow &flow, const uint8_t *next, const uint8_t *end) {
  int total;
  do {
    flow.head[flow.headCount++] = *next++;
    int code = flow.headCount < 2 ? 0 : flow.head[1] & 127;
    total = code == 126 ? 4 : code == 127 ? 10 : 2;
  } while (flow.headCount < total && next < end);
  if (flow.headCount < total) return end;
  size_t count = total == 2 ? flow.head[1] & 127 : 0;
  for (int i = 2; i < total; i++) count = count << 8 | flow.head[i];
  if ((flow.head[0] & 15) == 8) die_of_peer("the server closed");
  flow.isControl = (flow.head[0] & 15) >= 8;
  flow.isFinal = flow.head[0] & 128;
  flow.headCount = 0;
  flow.left = count;
  if (!flow.isControl) flow.got += count;
  return next;
}

void Flood::parse(Flow &flow, const uint8_t *next, const uint8_t *end, int64_t time) {
  while (next < end) {
    if (flow.left) {
      size_t count = std::min(flow.left, (size_t)(end - next));
      next += count, flow.left -= count;
      if (flow.left) return;
    } else {
      next = parse_header(flow, next, end);
      if (flow.headCount || flow.left) continue;
    }
    if (flow.isControl || !flow.isFinal) continue;
    if (flow.got != options.payload) die_of_peer("an echo of another length");
    flow.got = 0;
    arrived(flow, time);
  }
}

void Flood::pull(Flow &flow) {
  for (;;) {
    ssize_t count = flow.read(input.data(), input.size());
    if (count == 0) die_of_peer("the server closed");
    if (count < 0) return;
    int64_t time = now();
    if (options.raw)
      for (flow.got += (size_t)count; flow.got >= options.payload; flow.got -= options.payload) arrived(flow, time);
    else parse(flow, input.data(), input.data() + count, time);
    if (!flow.ssl && (size_t)count < input.size()) return;
  }
}

void Flood::run() {
  for (auto &flow : flows) push(flow);
  const int64_t begin = now(), warm = (int64_t)(std::min(0.3, options.seconds / 5) * 1e9);
  epoll_event events[64];
  for (;;) {
    int count = epoll_wait(poll, events, 64, 1000);
    int64_t time = now();
    if (!isCounting && time - begin >= warm)
      isCounting = true, start = time, server = cpu_of(options.pid), client = cpu_of(0);
    if (isCounting && (double)(time - start) >= options.seconds * 1e9) break;
    for (int i = 0; i < count; i++) {
      Flow &flow = *(Flow *)events[i].data.ptr;
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) pull(flow);
      if (flow.to_send) push(flow);
    }
  }
  tell();
  for (auto &flow : flows) flow.close_hard();
}

void Flood::tell() const {
  double seconds = (double)(now() - start) / 1e9, count = (double)done, perSecond = count / seconds;
  double server_us = options.pid && done ? (double)(cpu_of(options.pid) - server) / 1e3 / count : 0;
  double client_us = done ? (double)(cpu_of(0) - client) / 1e3 / count : 0;
  printf("{\"mode\":\"flood\",\"bytes\":%zu,\"connections\":%d,\"depth\":%d,\"messages_s\":%.0f,\"mb_s\":%.2f,\"p50\":%.1f,"
         "\"p99\":%.1f,\"server_cpu_us\":%.4f,\"client_cpu_us\":%.4f}\n",
         options.payload, options.connections, options.depth, perSecond, perSecond * (double)options.payload / 1e6,
         queued.at(.5), queued.at(.99), server_us, client_us);
}

}  // namespace

void flood() { Flood().run(); }
