// The operating system, where it is POSIX.

#define _GNU_SOURCE // For MAP_NORESERVE and mremap.

#include "harness/os.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

// Maps fresh memory anywhere, or at a place that is ours.
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

void os_print_bytes(void)
{
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

void *os_share_file(const char *path, size_t size_bytes)
{
    int file = open(path, O_RDWR | O_CREAT, 0600);
    if (file < 0) {
        return NULL;
    }
    void *shared = MAP_FAILED;
    if (ftruncate(file, (off_t)size_bytes) == 0) {
        shared = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    (void)close(file);
    return shared == MAP_FAILED ? NULL : shared;
}

void *os_share(size_t size_bytes)
{
    void *start =
        mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return start == MAP_FAILED ? NULL : start;
}

void os_share_end(void *start, size_t size_bytes)
{
    (void)munmap(start, size_bytes);
}

FILE *os_read_bytes(const void *bytes, size_t size_bytes)
{
    if (size_bytes == 0) { // Of which not every system makes a file.
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
