#include "Measures.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void die(const char *what) {
  fprintf(stderr, "wsload: %s: %s\n", what, errno ? strerror(errno) : "failed");
  _exit(1);
}

void die_of_peer(const char *what) {
  fprintf(stderr, "wsload: %s\n", what);
  _exit(1);
}

static int64_t nanoseconds(const timespec &time) { return time.tv_sec * 1000000000LL + time.tv_nsec; }

int64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return nanoseconds(time);
}

int64_t cpu_of(int pid) {
  clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
  timespec time;
  if (pid && clock_getcpuclockid(pid, &clock)) return 0;
  return clock_gettime(clock, &time) ? 0 : nanoseconds(time);
}

long resident_kib(int pid) {
  char name[64], line[256];
  long kib = -1;
  snprintf(name, sizeof name, "/proc/%d/status", pid);
  FILE *file = fopen(name, "r");
  if (!file) return -1;
  while (fgets(line, sizeof line, file))
    if (sscanf(line, "VmRSS: %ld", &kib) == 1) break;
  fclose(file);
  return kib;
}

static size_t slot(uint64_t value) {
  if (value < 64) return value;
  int exponent = 63 - __builtin_clzll(value);
  return (size_t)(exponent - 5) * 64 + ((value >> (exponent - 6)) & 63);
}

static double middle(size_t slot) {
  if (slot < 64) return (double)slot;
  size_t exponent = slot / 64 + 5;
  return (double)((64 + slot % 64) << (exponent - 6)) + (double)(1ULL << (exponent - 6)) / 2;
}

void Histogram::add(uint64_t nanoseconds) { counts[slot(nanoseconds)]++, total++; }

double Histogram::at(double quantile) const {
  uint64_t wanted = (uint64_t)(quantile * (double)total), seen = 0;
  for (size_t i = 0; i < counts.size(); i++)
    if ((seen += counts[i]) > wanted) return middle(i) / 1000;
  return 0;
}
