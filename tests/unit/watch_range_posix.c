// The range is mapped without access; the excess at its ends is unmapped.

#define _GNU_SOURCE // For mmap of memory that is no file.

#include "watch_range.h"

#include <stdint.h>
#include <sys/mman.h>

#include "engine/state.h"
#include "world/asan.h"

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

#ifdef HAS_ASAN
// A large range has gigabytes of shadow, and zeros written there would be as much memory. So the
// shadow's pages are given back. They come again as zeros, and zeros poison nothing.
static void unpoison(void *start, size_t size_bytes)
{
    size_t scale;
    size_t offset;
    __asan_get_shadow_mapping(&scale, &offset);
    size_t page_log2 = 12 + scale; // The bytes whose shadow is a page, or a part of a larger one.
    uintptr_t from = (uintptr_t)start;
    uintptr_t to = from + size_bytes;
    uintptr_t first = ((from - 1) >> page_log2) + 1;
    uintptr_t last = to >> page_log2;
    if (first >= last || madvise((void *)((first << page_log2 >> scale) + offset),
                                 (last - first) << page_log2 >> scale, MADV_DONTNEED) != 0) {
        __asan_unpoison_memory_region(start, size_bytes);
        return;
    }
    __asan_unpoison_memory_region(start, (first << page_log2) - from);
    __asan_unpoison_memory_region((void *)(last << page_log2), to - (last << page_log2));
}
#endif

void watch_range_unmap(void *start, size_t size_bytes)
{
#ifdef HAS_ASAN
    unpoison(start, size_bytes);
#endif
    (void)munmap(start, size_bytes);
}
