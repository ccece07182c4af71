// What Swift's Glibc module leaves out: Linux-only calls, macros that cannot be imported, and the few
// places where C has to run between fork and exec or inside a signal handler.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

// Declared here because the headers ask for _GNU_SOURCE, which an importing module may not have set.
int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);
int pipe2(int fds[2], int flags);
int close_range(unsigned int first, unsigned int last, int flags);
int posix_openpt(int flags);
int grantpt(int fd);
int unlockpt(int fd);
int ptsname_r(int fd, char *buffer, size_t length);
int pthread_setname_np(pthread_t thread, const char *name);
long syscall(long number, ...);

// ---- memory ----

// From now on blocks of that size and more are mapped by themselves and go back to the system when they are freed.
static inline int clinux_map_blocks_from(int bytes) { return mallopt(M_MMAP_THRESHOLD, bytes); }

// ---- threads ----

// An identity of the running thread that the compiler may not carry over a suspension: pthread_self is
// declared const, so its value gets folded across the points where a task changes threads.
static inline uintptr_t clinux_thread_identity(void) {
  uintptr_t identity;
#if defined(__x86_64__)
  __asm__ volatile("mov %%fs:0, %0" : "=r"(identity));
#elif defined(__aarch64__)
  __asm__ volatile("mrs %0, tpidr_el0" : "=r"(identity));
#else
  identity = (uintptr_t)syscall(SYS_gettid);
#endif
  return identity;
}

// ---- epoll ----

static const uint32_t clinux_EPOLLIN = EPOLLIN;
static const uint32_t clinux_EPOLLOUT = EPOLLOUT;
static const uint32_t clinux_EPOLLERR = EPOLLERR;
static const uint32_t clinux_EPOLLHUP = EPOLLHUP;
static const uint32_t clinux_EPOLLRDHUP = EPOLLRDHUP;
static const uint32_t clinux_EPOLLET = 1u << 31;

static inline int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int clinux_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
  struct epoll_event event;
  event.events = events;
  event.data.u64 = token;
  return epoll_ctl(epoll, operation, fd, &event);
}

// Waits without limit, or not at all.
static inline int clinux_epoll_wait(int epoll, struct epoll_event *events, int max, int wait) {
  return epoll_wait(epoll, events, max, wait ? -1 : 0);
}

static inline int clinux_timer(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK); }

// Makes the timer readable at an instant of the monotonic clock, once.
static inline int clinux_timer_set(int timer, int64_t instant_ns) {
  struct itimerspec when = {{0, 0}, {instant_ns / 1000000000, instant_ns % 1000000000}};
  // All zero would switch the timer off instead.
  if (instant_ns <= 0) when.it_value.tv_nsec = 1;
  return timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static inline int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
static inline int clinux_blocking_eventfd(void) { return eventfd(0, EFD_CLOEXEC); }

// ---- clocks ----

static inline int64_t clinux_clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline int64_t clinux_monotonic_ns(void) { return clinux_clock_ns(CLOCK_MONOTONIC); }
static inline int64_t clinux_realtime_ns(void) { return clinux_clock_ns(CLOCK_REALTIME); }

// ---- sockets ----

static inline int clinux_accept(int fd, struct sockaddr *address, socklen_t *length) {
  return accept4(fd, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static inline ssize_t clinux_send_two(
    int fd, const void *first, size_t first_length, const void *second, size_t second_length) {
  struct iovec parts[2] = {{(void *)first, first_length}, {(void *)second, second_length}};
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  return sendmsg(fd, &message, MSG_NOSIGNAL);
}

static inline ssize_t clinux_receive_two(int fd, void *first, size_t first_length, void *second, size_t second_length) {
  struct iovec parts[2] = {{first, first_length}, {second, second_length}};
  return readv(fd, parts, 2);
}

// Software receive stamps, as control messages of recvmsg.
static inline int clinux_enable_receive_stamps(int fd) {
  int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
  return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
}

// The ids of stamps count from what is written next, whatever waits to be acknowledged (SOF_TIMESTAMPING_OPT_ID_TCP; Linux 6.2, and
// newer than the headers of Debian 12).
enum { clinux_OPT_ID_TCP = 1 << 16 };

// Software stamps of both directions: those of receiving come with recvmsg, those of sending through the error queue, without the
// bytes, and with the offset of the last byte of each call. Returns -1 where the kernel refuses.
static inline int clinux_enable_all_stamps(int fd) {
  int flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_TX_SOFTWARE |
              SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;
  int exact = flags | clinux_OPT_ID_TCP;
  if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &exact, sizeof exact) == 0) return 0;
  return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
}

struct clinux_stamp {
  int32_t kind;  // 0 the device got the byte, 1 the peer acknowledged it, -1 neither of these
  uint32_t byte; // which one, counted from the first one sent
  int64_t realtime_ns;
};

static inline struct clinux_stamp clinux_stamp_of(struct msghdr *message) {
  struct clinux_stamp stamp = {-1, 0, 0};
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPING) {
      struct timespec times[3];
      memcpy(times, CMSG_DATA(c), sizeof times);
      stamp.realtime_ns = (int64_t)times[0].tv_sec * 1000000000 + times[0].tv_nsec;
    } else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
               (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR)) {
      struct sock_extended_err error;
      memcpy(&error, CMSG_DATA(c), sizeof error);
      if (error.ee_origin != SO_EE_ORIGIN_TIMESTAMPING) continue;
      stamp.byte = error.ee_data;
      stamp.kind = error.ee_info == SCM_TSTAMP_SND ? 0 : error.ee_info == SCM_TSTAMP_ACK ? 1 : -1;
    }
  }
  return stamp;
}

enum { clinux_STAMPS_AT_ONCE = 8 };

// Takes up to `most` entries, at most clinux_STAMPS_AT_ONCE, of the error queue with one call (recvmmsg), as an exchange leaves several;
// returns how many. Fewer than that: the queue is empty.
static inline int clinux_take_stamps(int fd, struct clinux_stamp *stamps, int most) {
  struct {
    struct msghdr header;
    unsigned int length;
  } messages[clinux_STAMPS_AT_ONCE];
  union {
    char bytes[160];
    struct cmsghdr align;
  } control[clinux_STAMPS_AT_ONCE];
  memset(messages, 0, most * sizeof messages[0]);
  for (int i = 0; i < most; i++) {
    messages[i].header.msg_control = control[i].bytes;
    messages[i].header.msg_controllen = sizeof control[i].bytes;
  }
  long count;
  do count = syscall(SYS_recvmmsg, fd, messages, most, MSG_ERRQUEUE | MSG_DONTWAIT, NULL);
  while (count < 0 && errno == EINTR);
  for (long i = 0; i < count; i++) stamps[i] = clinux_stamp_of(&messages[i].header);
  return count < 0 ? 0 : (int)count;
}

struct clinux_tcp_state {
  uint32_t round_trip_us; // as TCP has measured it; 0 where it has not
  uint32_t window;        // what the peer takes without acknowledging any of it, in bytes; 0 where the kernel does not tell
};

// tcpi_snd_wnd (Linux 5.4), which the header of the C library does not have: its place in the kernel's struct tcp_info.
enum { clinux_TCP_WINDOW_AT = 228 };

static inline struct clinux_tcp_state clinux_tcp_state(int fd) {
  union {
    struct tcp_info info;
    unsigned char bytes[512];
  } told;
  socklen_t length = sizeof told;
  struct clinux_tcp_state state = {0, 0};
  memset(&told, 0, sizeof told);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &told, &length) < 0) return state;
  state.round_trip_us = told.info.tcpi_rtt;
  memcpy(&state.window, told.bytes + clinux_TCP_WINDOW_AT, sizeof state.window);
  return state;
}

// recvmsg that hands out the kernel's receive stamp (CLOCK_REALTIME, ns) or 0 where there is none.
static inline ssize_t clinux_receive_stamped(int fd, void *buffer, size_t length, int64_t *realtime_ns) {
  struct iovec part = {buffer, length};
  union {
    char bytes[128];
    struct cmsghdr align;
  } control;
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  *realtime_ns = 0;
  ssize_t count = recvmsg(fd, &message, 0);
  if (count < 0) return count;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPING) continue;
    struct timespec stamp[3];
    memcpy(stamp, CMSG_DATA(c), sizeof stamp);
    *realtime_ns = (int64_t)stamp[0].tv_sec * 1000000000 + stamp[0].tv_nsec;
  }
  return count;
}

// ---- terminals ----

static inline int clinux_open_terminal_controller(void) {
  return posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
}

static inline int clinux_set_exclusive(int fd) { return ioctl(fd, TIOCEXCL); }

static inline int clinux_set_modem_lines(int fd, int lines) { return ioctl(fd, TIOCMBIS, &lines); }

// ---- child processes ----

static inline int clinux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

static inline int clinux_pidfd_signal(int pidfd, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

// Reaps the child behind a pidfd without waiting. Returns 1 when it has ended, 0 when it runs, -1 on error;
// *code is the exit status, or the signal's number where *signaled is 1.
static inline int clinux_reap(int pidfd, int *code, int *signaled) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  if (waitid((idtype_t)3 /* P_PIDFD */, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0) return -1;
  if (info.si_pid == 0) return 0;
  *code = info.si_status;
  *signaled = info.si_code != CLD_EXITED;
  return 1;
}

struct clinux_spawn {
  const char *path;
  char *const *arguments;
  char *const *environment;
  const char *folder;        // NULL keeps the parent's
  int standard[3];           // descriptors that become 0, 1 and 2
  int new_session;           // 1: setsid, so that the child leads its own session and process group
  int controlling_terminal;  // descriptor that becomes the controlling terminal, or -1
};

static inline void clinux_spawn_fail(int report) {
  int code = errno;
  ssize_t ignored = write(report, &code, sizeof code);
  (void)ignored;
  _exit(127);
}

// Runs in the child, between fork and exec: only async-signal-safe calls.
static inline void clinux_spawn_child(const struct clinux_spawn *s, int report, pid_t parent) {
  struct sigaction standard;
  memset(&standard, 0, sizeof standard);
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < 65; number++) sigaction(number, &standard, NULL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) clinux_spawn_fail(report);
  if (getppid() != parent) _exit(127);
  if (s->new_session && setsid() < 0) clinux_spawn_fail(report);
  if (s->controlling_terminal >= 0 && ioctl(s->controlling_terminal, TIOCSCTTY, 0) < 0) clinux_spawn_fail(report);
  if (s->folder && chdir(s->folder) < 0) clinux_spawn_fail(report);
  // The sources are moved above 2 first, so that placing one cannot overwrite another.
  int moved[3];
  for (int i = 0; i < 3; i++) {
    moved[i] = fcntl(s->standard[i], F_DUPFD_CLOEXEC, 3);
    if (moved[i] < 0) clinux_spawn_fail(report);
  }
  for (int i = 0; i < 3; i++) {
    if (dup2(moved[i], i) < 0) clinux_spawn_fail(report);
  }
  close_range(3, ~0u, 4 /* CLOSE_RANGE_CLOEXEC */);
  execve(s->path, s->arguments, s->environment);
  clinux_spawn_fail(report);
}

// Returns the process id, or -1 with errno set; an exec that fails is reported here too. The parent-death
// signal belongs to the calling thread: it must outlive the child.
static inline pid_t clinux_spawn_process(const struct clinux_spawn *s) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) < 0) return -1;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t parent = getpid();
  pid_t pid = fork();
  int code = errno;
  if (pid == 0) {
    // The report pipe must not sit where a standard stream goes.
    int high = fcntl(report[1], F_DUPFD_CLOEXEC, 3);
    clinux_spawn_child(s, high < 0 ? report[1] : high, parent);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(report[1]);
  if (pid > 0) {
    ssize_t got;
    do got = read(report[0], &code, sizeof code);
    while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof code) {
      waitpid(pid, NULL, 0);
      pid = -1;
    }
  }
  close(report[0]);
  errno = code;
  return pid;
}

// ---- signals ----

static volatile int clinux_signal_fd = -1;

// Writes the signal's number into the pipe, the only thing that is safe here.
static inline void clinux_signal_handler(int number) {
  int saved = errno;
  unsigned char byte = (unsigned char)number;
  if (clinux_signal_fd >= 0) {
    ssize_t ignored = write(clinux_signal_fd, &byte, 1);
    (void)ignored;
  }
  errno = saved;
}

// Routes a signal into a pipe from now on; fd -1 stops writing. Used from one Swift file only, because the
// variable above exists once per translation unit.
static inline int clinux_route_signal(int number, int fd) {
  clinux_signal_fd = fd;
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = clinux_signal_handler;
  action.sa_flags = SA_RESTART;
  return sigaction(number, &action, NULL);
}

static inline int clinux_restore_signal(int number) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = SIG_DFL;
  return sigaction(number, &action, NULL);
}
