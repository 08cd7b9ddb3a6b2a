// How many mappings the process has, and spare ones.
//
//     spare    |r|-|r|-|r|-| ... |r|-|      r a readable page   - an inaccessible page
//
// Each page of the spare range is a mapping of its own, without memory. A heap begins with the
// spare ones, however many mappings the process has by then. This file does not know what needs a
// mapping.
#define _GNU_SOURCE // For MAP_ANONYMOUS, MAP_NORESERVE and syscall.

#include "pages/mappings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// Half of what the kernel allows by default.
#define MAPPINGS_MOST 32768

// This many ranges may be cut off before the mappings are counted for the first time. While there
// are too many, they are counted again only after RECOUNT more requests. To count them takes
// milliseconds. So a count that leaves fewer than LEAST_CUTS leaves none.
#define CUTS_AT_FIRST 8192
#define RECOUNT 4096
#define LEAST_CUTS 1024

// The first large block of a heap takes eight, and the first small one six.
#define SPARE_PAGES 17U

// Returns the number of mappings; the most if they are unknown. open, read and close are
// cancellation points.
static int count(void)
{
    char text[4096];
    int lines = 0;
    long length = 0;
    long file = syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
    while (file >= 0 && (length = syscall(SYS_read, file, text, sizeof text)) > 0) {
        for (long i = 0; i < length; i++) {
            lines += text[i] == '\n';
        }
    }
    if (file >= 0) {
        (void)syscall(SYS_close, file);
    }
    return file < 0 || length < 0 ? MAPPINGS_MOST : lines;
}

// Each cut adds two mappings at most, and commits join mappings again. So the count is an upper
// bound until the cuts that it allowed are used up.
bool ch_mappings_may_cut(void)
{
    static atomic_int cuts = CUTS_AT_FIRST;
    int left = atomic_fetch_sub_explicit(&cuts, 1, memory_order_relaxed);
    if (left == 0 || left <= -RECOUNT) {
        int errno_before = errno;
        left = (MAPPINGS_MOST - count()) / 2;
        errno = errno_before;
        left = left < LEAST_CUTS ? 0 : left;
        atomic_store_explicit(&cuts, left - 1, memory_order_relaxed);
    }
    return left > 0;
}

static _Atomic(void *) spare;

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void ch_mappings_hold(void)
{
    if (atomic_load_explicit(&spare, memory_order_relaxed) != NULL) {
        return;
    }
    size_t page = page_bytes();
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    unsigned char *range = mmap(NULL, SPARE_PAGES * page, PROT_READ, flags, -1, 0);
    if (range == MAP_FAILED) {
        return;
    }
    (void)madvise(range, SPARE_PAGES * page, MADV_DONTDUMP);
    for (size_t i = 1; i < SPARE_PAGES; i += 2) {
        if (mprotect(range + i * page, page, PROT_NONE) != 0) {
            break;
        }
    }
    void *none = NULL;
    if (!atomic_compare_exchange_strong(&spare, &none, range)) {
        (void)munmap(range, SPARE_PAGES * page); // Another thread was faster.
    }
}

bool ch_mappings_give(void)
{
    void *range = atomic_exchange(&spare, NULL);
    return range != NULL && munmap(range, SPARE_PAGES * page_bytes()) == 0;
}
