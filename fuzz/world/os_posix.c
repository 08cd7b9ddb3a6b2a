// The operating system on POSIX.

#define _GNU_SOURCE // For MAP_NORESERVE and mremap.

#include "world/os.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// Maps fresh memory anywhere, or over memory that is mapped already.
static void *map(void *place, size_t size_bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (place != NULL ? MAP_FIXED : 0);
    void *start = mmap(place, size_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    return start == MAP_FAILED ? NULL : start;
}

void *os_map(size_t size_bytes)
{
    return map(NULL, size_bytes);
}

bool os_use(void *start, size_t size_bytes)
{
    (void)start, (void)size_bytes;
    return true;
}

bool os_renew(void *start, size_t size_bytes)
{
    return map(start, size_bytes) != NULL;
}

void os_drop(void *start, size_t size_bytes)
{
    (void)madvise(start, size_bytes, MADV_DONTNEED);
}

bool os_move(void *from, void *to, size_t size_bytes)
{
#ifdef MREMAP_DONTUNMAP
    void *moved =
        mremap(from, size_bytes, size_bytes, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to);
    if (moved == MAP_FAILED) {
        (void)map(to, size_bytes); // The kernel may have unmapped it before it gave up.
    }
    return moved != MAP_FAILED;
#else
    (void)from, (void)to, (void)size_bytes;
    return false;
#endif
}

size_t os_resident_bytes(void)
{
    static int file = -1;
    char text[64] = "";
    size_t pages = 0;
    if (file < 0) {
        file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    }
    if (file < 0 || pread(file, text, sizeof text - 1, 0) <= 0 ||
        sscanf(text, "%*u %zu", &pages) != 1) {
        return SIZE_MAX;
    }
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

// Linux charges for the private mappings that can be written.
size_t os_charged_bytes(const void *start, size_t size_bytes)
{
    uintptr_t from = (uintptr_t)start;
    uintptr_t to = from + size_bytes;
    size_t sum_bytes = 0;
    char line[512];
    FILE *file = fopen("/proc/self/maps", "re");
    if (file == NULL) {
        return SIZE_MAX;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        uintptr_t begin;
        uintptr_t end;
        char may[5];
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &begin, &end, may) == 3 && begin < to &&
            from < end && may[1] == 'w' && may[3] == 'p') {
            sum_bytes += (end < to ? end : to) - (begin > from ? begin : from);
        }
    }
    (void)fclose(file);
    return sum_bytes;
}

void os_print_bytes(void)
{
}

void os_fail_writes(void)
{
    (void)signal(SIGXFSZ, SIG_IGN);
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
        if (fcntl(stream, F_GETFD) < 0) { // open takes the lowest free number, which is this one.
            (void)open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

char *os_real_path(const char *path)
{
    return realpath(path, NULL);
}

bool os_is_special(const char *path)
{
    struct stat there;
    return lstat(path, &there) == 0 && !S_ISREG(there.st_mode);
}

void os_copy_mode(const char *path, FILE *file)
{
    struct stat there;
    if (stat(path, &there) == 0) {
        (void)fchmod(fileno(file), there.st_mode & 07777);
    }
}

// Renames a file to a name that must be free. Without hard links, an empty file takes the name
// first.
static bool rename_to_new(const char *from, const char *to)
{
    if (link(from, to) == 0) {
        return unlink(from) == 0;
    }
    if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK) {
        return false;
    }
    int taken = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (taken < 0) {
        return false;
    }
    (void)close(taken);
    bool is_renamed = rename(from, to) == 0;
    int error = errno;
    if (!is_renamed) {
        (void)unlink(to);
    }
    errno = error;
    return is_renamed;
}

bool os_rename(const char *from, const char *to, bool replaces)
{
    return replaces ? rename(from, to) == 0 : rename_to_new(from, to);
}

size_t os_columns(void)
{
    struct winsize window;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 ? window.ws_col : 0;
}

void *os_block(size_t size_bytes)
{
    return map(NULL, size_bytes);
}

void *os_block_resize(void *block, size_t old_bytes, size_t size_bytes)
{
    void *moved = mremap(block, old_bytes, size_bytes, MREMAP_MAYMOVE);
    return moved == MAP_FAILED ? NULL : moved;
}

void os_block_end(void *block, size_t size_bytes)
{
    (void)munmap(block, size_bytes);
}

size_t os_malloc_bytes(void *block)
{
    return malloc_usable_size(block);
}

// Sets space aside on the disk: on a full disk, a later write to shared memory would end the
// process by a signal. SIGXFSZ would end it where the file may not be that large.
static bool set_aside(int file, size_t size_bytes)
{
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    int error = ftruncate(file, (off_t)size_bytes) == 0 ? 0 : errno;
    if (error == 0) {
        error = posix_fallocate(file, 0, (off_t)size_bytes);
        error = error == EOPNOTSUPP || error == EINVAL ? 0 : error; // Some file systems can't.
    }
    (void)signal(SIGXFSZ, handler);
    errno = error;
    return error == 0;
}

void *os_share_file(const char *path, size_t size_bytes)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool is_new = file >= 0;
    if (!is_new && errno == EEXIST) {
        file = open(path, O_RDWR | O_CLOEXEC);
    }
    if (file < 0) {
        return NULL;
    }
    void *shared = MAP_FAILED;
    if (set_aside(file, size_bytes)) {
        shared = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    int error = errno;
    (void)close(file);
    if (shared == MAP_FAILED && is_new) {
        (void)unlink(path);
    }
    errno = error;
    return shared == MAP_FAILED ? NULL : shared;
}

static double seconds_of(int whose)
{
    struct rusage spent;
    (void)getrusage(whose, &spent);
    return (double)(spent.ru_utime.tv_sec + spent.ru_stime.tv_sec) +
           (double)(spent.ru_utime.tv_usec + spent.ru_stime.tv_usec) * 1e-6;
}

double os_processor_seconds(void)
{
    return seconds_of(RUSAGE_SELF) + seconds_of(RUSAGE_CHILDREN);
}

void *os_share(size_t size_bytes)
{
    void *start = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return start == MAP_FAILED ? NULL : start;
}

void os_share_end(void *start, size_t size_bytes)
{
    (void)munmap(start, size_bytes);
}

// Signals end the child here as they end any process. An engine's handlers would report a finding.
static _Noreturn void run_child(void (*act)(const void *context), const void *context)
{
    static const int signals[] = {SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGSEGV};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        (void)signal(signals[i], SIG_DFL);
    }
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)dup2(nowhere, STDOUT_FILENO);
    (void)dup2(nowhere, STDERR_FILENO);
    (void)alarm(OS_CHILD_SECONDS);
    act(context);
    _exit(0);
}

bool os_aborts(void (*act)(const void *context), const void *context)
{
    int status = 0;
    pid_t child = fork();
    if (child < 0) {
        return true;
    }
    if (child == 0) {
        run_child(act, context);
    }
    while (waitpid(child, &status, 0) != child) {
        if (errno != EINTR) {
            return true;
        }
    }
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

FILE *os_read_bytes(const void *bytes, size_t size_bytes)
{
    if (size_bytes == 0) { // Not every system makes a file of no bytes.
        return fopen("/dev/null", "rb");
    }
    return fmemopen((void *)(uintptr_t)bytes, size_bytes, "rb");
}

FILE *os_write_bytes(struct os_writer *writer)
{
    writer->file = open_memstream(&writer->bytes, &writer->size_bytes);
    return writer->file;
}

char *os_written(struct os_writer *writer)
{
    return fclose(writer->file) == 0 ? writer->bytes : NULL;
}
