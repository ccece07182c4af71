#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "Connection.h"
#include "Modes.h"
#include "Options.h"

static void allow_many_descriptors() {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit)) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv) {
  parse_options(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  allow_many_descriptors();
  prepare_tls();
  if (options.mode == "ping") ping();
  else if (options.mode == "flood") flood();
  else if (options.mode == "rate") rate();
  else if (options.mode == "idle") idle();
  else return fprintf(stderr, "wsload: there is no mode %s: ping, flood, rate or idle\n", options.mode.c_str()), 2;
}
