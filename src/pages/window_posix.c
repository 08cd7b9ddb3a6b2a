// Windows into the address space, for arenas of gigabytes. A mapping that nobody can touch still
// counts toward RLIMIT_AS, and toward the addresses that are left under it. So a window is not
// mapped. It lies where the kernel maps nothing unless it is asked to, and is mapped page by page,
// as pages are committed.
//
//     0 ... | slot | slot | slot ................................. | ... libraries, stacks
//           64 TiB        [claim]   random gap   [---- window ----]
//
// A slot holds one window. A page at its start, which can't be touched, claims it for this process.
// Without such a slot, as under ThreadSanitizer or where addresses have 39 bits, there is none.
//
// This file does not know what lies in a window.
#define _GNU_SOURCE // For MAP_FIXED_NOREPLACE, RLIMIT_AS and syscall.

#include "pages/window.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif
#include <unistd.h>

// Makes a mapped range readable and writable. A core file has it from now on.
static bool open_mapped(void *start, size_t size_bytes)
{
    bool is_open = mprotect(start, size_bytes, PROT_READ | PROT_WRITE) == 0;
#ifdef MADV_DODUMP
    if (is_open) {
        (void)madvise(start, size_bytes, MADV_DODUMP);
    }
#endif
    return is_open;
}

#ifdef SYS_msync
// Does the work of msync, which is a cancellation point.
bool ch_window_is_mapped(void *start, size_t size_bytes)
{
    return syscall(SYS_msync, start, size_bytes, MS_ASYNC) == 0;
}
#else
bool ch_window_is_mapped(void *start, size_t size_bytes)
{
    (void)start, (void)size_bytes;
    return true;
}
#endif

#if defined(MAP_FIXED_NOREPLACE) && UINTPTR_MAX > UINT32_MAX

#define LEAST_BYTES ((size_t)1 << 26)
#define MOST_BYTES ((size_t)1 << 37)
#define SLOT_BYTES (2 * MOST_BYTES)
#define FIRST_SLOT ((uintptr_t)1 << 46)
#define SLOTS 64U

static bool map_at(void *start, size_t size_bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    void *mapped = mmap(start, size_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (mapped != MAP_FAILED && mapped != start) { // An old kernel takes the address for a hint.
        (void)munmap(mapped, size_bytes);
        errno = EEXIST;
    }
    return mapped == start;
}

// Claims a page that is free. The address is a hint, which the kernel follows then. A sanitizer
// that has the address to itself drops it, but no flag: with MAP_FIXED_NOREPLACE root would get the
// page at 0.
static bool claim(void *page, size_t page_bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *mapped = mmap(page, page_bytes, PROT_NONE, flags, -1, 0);
    if (mapped != MAP_FAILED && mapped != page) {
        (void)munmap(mapped, page_bytes);
    }
    return mapped == page;
}

// Returns a number that the kernel chose, at random as a rule.
static uintptr_t draw(size_t page_bytes)
{
    void *page = mmap(NULL, page_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) {
        return 0;
    }
    (void)munmap(page, page_bytes);
    return ((uintptr_t)page >> 12) * (uintptr_t)0x9E3779B97F4A7C15;
}

// An arena far above the limit would spend much of it on tables.
static bool is_beyond_limit(size_t size_bytes)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
           size_bytes / 4 > limit.rlim_cur;
}

void *ch_window_choose(size_t size_bytes)
{
    if (size_bytes < LEAST_BYTES || size_bytes > MOST_BYTES || is_beyond_limit(size_bytes)) {
        return NULL;
    }
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t drawn = draw(page_bytes);
    uintptr_t gaps = (SLOT_BYTES - MOST_BYTES) / CH_RESERVE_ALIGN - 1;
    uintptr_t gap = CH_RESERVE_ALIGN + (drawn >> 20) % gaps * CH_RESERVE_ALIGN;
    for (uintptr_t i = 0; i < SLOTS; i++) {
        uintptr_t slot = FIRST_SLOT + ((drawn >> 58) + i) % SLOTS * SLOT_BYTES;
        if (claim((void *)slot, page_bytes)) {
            return (void *)(slot + gap);
        }
        if (!ch_window_is_mapped((void *)slot, page_bytes)) {
            return NULL;
        }
    }
    return NULL;
}

static bool is_in_window(const void *start)
{
    return (uintptr_t)start - FIRST_SLOT < SLOTS * SLOT_BYTES;
}

// A range of which a part is mapped is mapped half by half.
bool ch_window_open(void *start, size_t size_bytes)
{
    if (open_mapped(start, size_bytes)) {
        return true;
    }
    if (!is_in_window(start)) {
        return false;
    }
    if (map_at(start, size_bytes)) {
        return true;
    }
    if (errno != EEXIST || ch_window_is_mapped(start, size_bytes)) {
        return false;
    }
    size_t half_bytes = size_bytes / 2 & ~((size_t)sysconf(_SC_PAGESIZE) - 1);
    if (half_bytes == 0 || !ch_window_open(start, half_bytes)) {
        return false;
    }
    bool is_open = ch_window_open((char *)start + half_bytes, size_bytes - half_bytes);
    if (!is_open) { // Nothing of a range that is refused is charged.
        int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
        (void)mmap(start, half_bytes, PROT_READ, flags, -1, 0);
    }
    return is_open;
}

void ch_window_drop(void *start)
{
    if (is_in_window(start)) {
        (void)munmap((void *)((uintptr_t)start & ~(SLOT_BYTES - 1)), (size_t)sysconf(_SC_PAGESIZE));
    }
}

#else

void *ch_window_choose(size_t size_bytes)
{
    (void)size_bytes;
    return NULL;
}

bool ch_window_open(void *start, size_t size_bytes)
{
    return open_mapped(start, size_bytes);
}

void ch_window_drop(void *start)
{
    (void)start;
}

#endif
