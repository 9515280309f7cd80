/* Goes wrong at the n-th system call that touches files: preloaded into the program, so that what it leaves behind can
   be looked at. VRAM_FAULT_AT is n, from 1; VRAM_FAULT what happens: "kill" ends the process in front of the call,
   "full" has the calls that write fail from there on as on a full disk, the first of them after half of its bytes.
   Without VRAM_FAULT_AT the calls are counted alone. At the end, the count goes to the file VRAM_FAULT_COUNT, and the
   calls' names go to VRAM_FAULT_TRACE. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define MOST 65536

static long calls;
static const char* names[MOST];

static long at(void) {
  const char* text = getenv("VRAM_FAULT_AT");
  return text ? atol(text) : 0;
}

static int is(const char* what) {
  const char* fault = getenv("VRAM_FAULT");
  return fault && strcmp(fault, what) == 0;
}

/* Counts a call; answers whether a full disk would refuse it now. */
static int reached(const char* name, int writes) {
  if (calls < MOST) names[calls] = name;
  ++calls;
  if (at() == 0) return 0;
  if (is("kill") && calls == at()) _exit(137);
  return writes && is("full") && calls >= at();
}

static int refuse(void) {
  errno = ENOSPC;
  return -1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int opened(int (*real)(const char*, int, ...), const char* path, int flags, mode_t mode) {
  return reached("open", flags & O_CREAT) ? refuse() : real(path, flags, mode);
}

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return opened(REAL(open), path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return opened(REAL(open64), path, flags, mode);
}

ssize_t write(int file, const void* bytes, size_t count) {
  static int half_done;
  if (file <= 2 || !reached("write", 1)) return REAL(write)(file, bytes, count);
  if (half_done++ || count < 2) return refuse();
  return REAL(write)(file, bytes, count / 2);
}

ssize_t read(int file, void* bytes, size_t count) { return reached("read", 0), REAL(read)(file, bytes, count); }
int close(int file) { return reached("close", 0), REAL(close)(file); }
int fsync(int file) { return reached("fsync", 1) ? refuse() : REAL(fsync)(file); }
int fchmod(int file, mode_t mode) { return reached("fchmod", 0), REAL(fchmod)(file, mode); }
int rename(const char* from, const char* to) { return reached("rename", 1) ? refuse() : REAL(rename)(from, to); }
int unlink(const char* path) { return reached("unlink", 0), REAL(unlink)(path); }
int flock(int file, int operation) { return reached("flock", 0), REAL(flock)(file, operation); }

static FILE* asked(const char* variable) {
  const char* path = getenv(variable);
  return path ? fopen(path, "w") : NULL;
}

__attribute__((destructor)) static void report(void) {
  const long seen = calls;
  FILE* count = asked("VRAM_FAULT_COUNT");
  FILE* trace = asked("VRAM_FAULT_TRACE");
  if (count) fprintf(count, "%ld\n", seen), fclose(count);
  if (!trace) return;
  for (long i = 0; i < seen && i < MOST; ++i) fprintf(trace, "%s\n", names[i]);
  fclose(trace);
}
