// A preloaded library between a program and the C library: counts what is written below a folder, and at the n-th time
// ends the process, or fails as a full or broken disk does, or gives no answer as a lost server's does; or writes down all of it, so that a power cut can be played.
// FAULTS_ROOT: the folder. FAULTS_LOG: where mode log writes, and the others what they strike. FAULTS_COUNT: a file that all processes share and whoever
// attacks them writes, also while they run: how many operations there were, a lock, the mode, the operation at which it
// strikes (from 1; 0: never) and how many it strikes (0: all from there on).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum mode { COUNT, KILL, ENOSPACE, EIOERROR, LOG, HANG };
struct shared { _Atomic long count; _Atomic int lock; int mode; long at, span; };
static struct shared *shared;
static char root[PATH_MAX];
static size_t root_length;
static int log_file = -1;

#define REAL(result, name, ...) \
  static result (*real_##name)(__VA_ARGS__); \
  if (!real_##name) real_##name = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
  const char *folder = getenv("FAULTS_ROOT"), *counter = getenv("FAULTS_COUNT"), *log = getenv("FAULTS_LOG");
  if (!folder || !counter || !log) return;
  snprintf(root, sizeof root, "%s", folder);
  root_length = strlen(root);
  int file = syscall(SYS_openat, AT_FDCWD, counter, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  syscall(SYS_ftruncate, file, sizeof(struct shared));
  shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  syscall(SYS_close, file);
  if (shared->mode == LOG) log_file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static int is_logged(void) { return shared && shared->mode == LOG; }

static int below(const char *path) {
  return shared && !strncmp(path, root, root_length) && (path[root_length] == '/' || path[root_length] == 0);
}

static int whole_path(int folder, const char *path, char *to) {
  if (!shared || !path) return 0;
  if (path[0] == '/') return snprintf(to, PATH_MAX, "%s", path) < PATH_MAX && below(to);
  char base[PATH_MAX], link[64];
  if (folder == AT_FDCWD) { if (!getcwd(base, sizeof base)) return 0; }
  else {
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t n = readlink(link, base, sizeof base - 1);
    if (n < 0) return 0;
    base[n] = 0;
  }
  return snprintf(to, PATH_MAX, "%s/%s", base, path) < PATH_MAX && below(to);
}

static int file_path(int file, char *to) {
  if (!shared) return 0;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t n = readlink(link, to, PATH_MAX - 1);
  if (n <= 0 || to[0] != '/') return 0;
  to[n] = 0;
  return below(to);
}

// One line for an operation that is struck.
static void tell_struck(const char *what, const char *path) {
  char line[PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "%s\t%s\n", what, path);
  int file = syscall(SYS_openat, AT_FDCWD, getenv("FAULTS_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  syscall(SYS_write, file, line, length);
  syscall(SYS_close, file);
}

// Counts one operation. Gives -1 where it has to fail; a call that only brings to the disk never finds it full.
static int counted(const char *what, const char *path, int flushes) {
  const int mode = shared->mode;
  if (mode == LOG) return 0;
  if (mode == ENOSPACE && flushes) return 0;
  const long n = atomic_fetch_add(&shared->count, 1) + 1, at = shared->at, span = shared->span;
  if (!at || n < at || (span && n >= at + span)) return 0;
  tell_struck(what, path);
  if (mode == KILL) { kill(getpid(), SIGKILL); for (;;) pause(); }
  if (mode == ENOSPACE || mode == EIOERROR) { errno = mode == ENOSPACE ? ENOSPC : EIO; return -1; }
  if (mode == HANG) for (;;) pause();
  return 0;
}

static void enter(void) {
  if (!is_logged()) return;
  int free = 0;
  while (!atomic_compare_exchange_weak(&shared->lock, &free, 1)) { free = 0; usleep(20); }
}
static void leave(void) { if (is_logged()) atomic_store(&shared->lock, 0); }

// One line, then so many bytes.
static void tell(const void *data, size_t length, const char *format, ...) {
  if (!is_logged()) return;
  int before = errno;
  char line[2 * PATH_MAX + 64];
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  struct iovec parts[2] = {{line, n}, {(void *)data, length}};
  syscall(SYS_writev, log_file, parts, length ? 2 : 1);
  atomic_fetch_add(&shared->count, 1);
  errno = before;
}

static void tell_write(int file, const char *path, const void *data, ssize_t done, off_t offset) {
  if (!is_logged() || done <= 0) return;
  if (offset < 0) offset = lseek(file, 0, SEEK_CUR) - done;
  tell(data, done, "W\t%ld\t%zd\t%s\n", (long)offset, done, path);
  // A file opened to be written through is on the disk at once: LMDB's own first pages are.
  if (fcntl(file, F_GETFL) & O_DSYNC) tell(NULL, 0, "S\t%s\n", path);
}

static int open_below(int folder, const char *path, int flags, mode_t bits) {
  char whole[PATH_MAX];
  if (!(flags & (O_CREAT | O_TRUNC)) || (flags & O_TMPFILE) == O_TMPFILE || !whole_path(folder, path, whole))
    return syscall(SYS_openat, folder, path, flags, bits);
  enter();
  struct stat state;
  int is_new = stat(whole, &state) != 0;
  int file = is_new && counted("open", whole, 0) ? -1 : (int)syscall(SYS_openat, folder, path, flags, bits);
  if (file >= 0 && is_new) tell(NULL, 0, "C\t%s\n", whole);
  else if (file >= 0 && (flags & O_TRUNC)) tell(NULL, 0, "T\t0\t%s\n", whole);
  leave();
  return file;
}

#define BITS(flags) mode_t bits = 0; if ((flags) & (O_CREAT | O_TMPFILE)) { va_list a; va_start(a, flags); bits = va_arg(a, mode_t); va_end(a); }
int open(const char *path, int flags, ...) { BITS(flags) return open_below(AT_FDCWD, path, flags, bits); }
int open64(const char *path, int flags, ...) { BITS(flags) return open_below(AT_FDCWD, path, flags | O_LARGEFILE, bits); }
int openat(int folder, const char *path, int flags, ...) { BITS(flags) return open_below(folder, path, flags, bits); }
int openat64(int folder, const char *path, int flags, ...) { BITS(flags) return open_below(folder, path, flags, bits); }
int creat(const char *path, mode_t bits) { return open_below(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, bits); }
FILE *fopen(const char *path, const char *how) {
  REAL(FILE *, fopen, const char *, const char *);
  char whole[PATH_MAX];
  if (how[0] == 'r' || !whole_path(AT_FDCWD, path, whole)) return real_fopen(path, how);
  if (counted("open", whole, 0)) return NULL;
  FILE *file = real_fopen(path, how);
  if (file) tell(NULL, 0, "C\t%s\n", whole);
  return file;
}
FILE *fopen64(const char *path, const char *how) { return fopen(path, how); }
size_t fwrite(const void *data, size_t size, size_t count, FILE *file) {
  REAL(size_t, fwrite, const void *, size_t, size_t, FILE *);
  char path[PATH_MAX];
  if (shared && file_path(fileno(file), path) && counted("fwrite", path, 0)) return 0;
  return real_fwrite(data, size, count, file);
}

ssize_t write(int file, const void *data, size_t length) {
  char path[PATH_MAX];
  if (!file_path(file, path)) return syscall(SYS_write, file, data, length);
  enter();
  ssize_t done = counted("write", path, 0) ? -1 : syscall(SYS_write, file, data, length);
  tell_write(file, path, data, done, -1);
  leave();
  return done;
}
ssize_t pwrite(int file, const void *data, size_t length, off_t offset) {
  char path[PATH_MAX];
  if (!file_path(file, path)) return syscall(SYS_pwrite64, file, data, length, offset);
  enter();
  ssize_t done = counted("write", path, 0) ? -1 : syscall(SYS_pwrite64, file, data, length, offset);
  tell_write(file, path, data, done, offset);
  leave();
  return done;
}
ssize_t pwrite64(int file, const void *data, size_t length, off_t offset) { return pwrite(file, data, length, offset); }

static ssize_t gathered(int file, const struct iovec *parts, int count, off_t offset) {
  char path[PATH_MAX];
  int seen = file_path(file, path);
  if (seen) enter();
  ssize_t done = seen && counted("write", path, 0) ? -1
    : offset < 0 ? syscall(SYS_writev, file, parts, count) : syscall(SYS_pwritev, file, parts, count, offset, 0);
  if (seen && is_logged() && done > 0) {
    char *all = malloc(done), *to = all;
    for (int i = 0; i < count && to < all + done; i++) {
      size_t length = parts[i].iov_len;
      if (length > (size_t)(all + done - to)) length = all + done - to;
      memcpy(to, parts[i].iov_base, length);
      to += length;
    }
    tell_write(file, path, all, done, offset);
    free(all);
  }
  if (seen) leave();
  return done;
}
ssize_t writev(int file, const struct iovec *parts, int count) { return gathered(file, parts, count, -1); }
ssize_t pwritev(int file, const struct iovec *parts, int count, off_t offset) { return gathered(file, parts, count, offset); }
ssize_t pwritev64(int file, const struct iovec *parts, int count, off_t offset) { return gathered(file, parts, count, offset); }

static ssize_t copied(int from, int to, off_t before, ssize_t done) {
  char path[PATH_MAX];
  if (is_logged() && done > 0 && file_path(to, path)) {
    char *all = malloc(done);
    off_t start = before >= 0 ? before : lseek(from, 0, SEEK_CUR) - done;
    if (pread(from, all, done, start) == done) tell_write(to, path, all, done, -1);
    free(all);
  }
  return done;
}
ssize_t sendfile(int to, int from, off_t *offset, size_t length) {
  char path[PATH_MAX];
  int seen = file_path(to, path);
  off_t before = offset ? *offset : -1;
  if (seen) enter();
  ssize_t done = seen && counted("copy", path, 0) ? -1 : syscall(SYS_sendfile, to, from, offset, length);
  if (seen) { copied(from, to, before, done); leave(); }
  return done;
}
ssize_t sendfile64(int to, int from, off_t *offset, size_t length) { return sendfile(to, from, offset, length); }
// libuv calls some by their numbers.
long syscall(long number, ...) {
  va_list all;
  va_start(all, number);
  long a = va_arg(all, long), b = va_arg(all, long), c = va_arg(all, long), d = va_arg(all, long), e = va_arg(all, long), f = va_arg(all, long);
  va_end(all);
  long result;
  if (number == SYS_copy_file_range && shared) {
    char path[PATH_MAX];
    if (file_path((int)c, path)) {
      off_t before = b ? *(off_t *)b : -1;
      enter();
      if (counted("copy", path, 0)) result = -1;
      else {
        register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
        __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
        if (result < 0) { errno = -result; result = -1; }
        copied((int)a, (int)c, before, result);
      }
      leave();
      return result;
    }
  }
  register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  if (result < 0 && result > -4096) { errno = -result; return -1; }
  return result;
}

#define ON_FILE(name, call, letter, flushes) \
  int name(int file) { \
    char path[PATH_MAX]; \
    int seen = file_path(file, path); \
    if (seen) enter(); \
    int done = seen && counted("flush", path, flushes) ? -1 : (int)syscall(call, file); \
    if (seen) { if (done == 0) tell(NULL, 0, letter "\t%s\n", path); leave(); } \
    return done; \
  }
ON_FILE(fsync, SYS_fsync, "S", 1)
ON_FILE(fdatasync, SYS_fdatasync, "S", 1)
int msync(void *from, size_t length, int flags) {
  if (is_logged()) tell(NULL, 0, "N\tmsync\n");
  return syscall(SYS_msync, from, length, flags);
}
int ftruncate(int file, off_t length) {
  char path[PATH_MAX];
  int seen = file_path(file, path);
  if (seen) enter();
  int done = seen && counted("write", path, 0) ? -1 : (int)syscall(SYS_ftruncate, file, length);
  if (seen) { if (done == 0) tell(NULL, 0, "T\t%ld\t%s\n", (long)length, path); leave(); }
  return done;
}
int ftruncate64(int file, off_t length) { return ftruncate(file, length); }

#define ON_PATH(name, real_call, letter, parameters, folder, path_argument) \
  int name parameters { \
    char whole[PATH_MAX]; \
    int seen = whole_path(folder, path_argument, whole); \
    if (seen) enter(); \
    int done = seen && counted(#name, whole, letter[0] == 'U' || letter[0] == 'D') ? -1 : (int)(real_call); \
    if (seen) { if (done == 0) tell(NULL, 0, letter "\t%s\n", whole); leave(); } \
    return done; \
  }
ON_PATH(unlink, syscall(SYS_unlink, path), "U", (const char *path), AT_FDCWD, path)
ON_PATH(rmdir, syscall(SYS_rmdir, path), "D", (const char *path), AT_FDCWD, path)
ON_PATH(mkdir, syscall(SYS_mkdir, path, bits), "M", (const char *path, mode_t bits), AT_FDCWD, path)
ON_PATH(unlinkat, syscall(SYS_unlinkat, folder, path, flags), "U", (int folder, const char *path, int flags), folder, path)
ON_PATH(mkdirat, syscall(SYS_mkdirat, folder, path, bits), "M", (int folder, const char *path, mode_t bits), folder, path)

static int renamed(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  char a[PATH_MAX], b[PATH_MAX];
  int seen_a = whole_path(from_folder, from, a), seen_b = whole_path(to_folder, to, b);
  if (!seen_a && !seen_b) return syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
  enter();
  int done = counted("rename", b, 0) ? -1 : (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
  if (done == 0) tell(NULL, 0, "R\t%s\t%s\n", a, b);
  leave();
  return done;
}
int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int a, const char *from, int b, const char *to) { return renamed(a, from, b, to, 0); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { return renamed(a, from, b, to, flags); }
