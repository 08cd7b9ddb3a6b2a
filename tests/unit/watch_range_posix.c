// The range is mapped without access; the excess at its ends is unmapped.

#define _GNU_SOURCE // For mmap of memory that is no file.

#include "watch_range.h"

#include <sys/mman.h>

#include "engine/state.h"

unsigned char *watch_range_map(size_t size_bytes, size_t past_bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    char *mapped = mmap(NULL, size_bytes + CH_SPAN_BYTES, PROT_NONE, flags, -1, 0);
    if (mapped == MAP_FAILED) {
        return NULL;
    }
    size_t before = (past_bytes - (uintptr_t)mapped) % CH_SPAN_BYTES;
    if (before > 0) {
        (void)munmap(mapped, before);
    }
    (void)munmap(mapped + before + size_bytes, CH_SPAN_BYTES - before);
    return (unsigned char *)mapped + before;
}

bool watch_range_open(void *start, size_t size_bytes)
{
    return mprotect(start, size_bytes, PROT_READ | PROT_WRITE) == 0;
}

void watch_range_shut(void *start, size_t size_bytes)
{
    (void)madvise(start, size_bytes, MADV_DONTNEED);
    (void)mprotect(start, size_bytes, PROT_NONE);
}

void watch_range_unmap(void *start, size_t size_bytes)
{
    (void)munmap(start, size_bytes);
}
