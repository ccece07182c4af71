// Clocks, the server's resources, and the end of a run that failed.
#pragma once
#include <cstdint>
#include <vector>

// Ends the process with what failed, and why where the operating system said so.
[[noreturn]] void die(const char *what);
// The same, where the peer is to blame and errno says nothing.
[[noreturn]] void die_of_peer(const char *what);

// Monotonic, in ns.
int64_t now();
// CPU time that a process has used so far, in ns; 0 is this one.
int64_t cpu_of(int pid);
// Resident memory in KiB; -1 where it cannot be read.
long resident_kib(int pid);

// Log-linear: 64 steps per factor of two, less than 1.6 % off.
class Histogram {
 public:
  void add(uint64_t nanoseconds);
  // The quantile in microseconds.
  double at(double quantile) const;

 private:
  std::vector<uint64_t> counts = std::vector<uint64_t>(64 * 64);
  uint64_t total = 0;
};
