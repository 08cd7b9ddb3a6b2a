// The operating system's pages on POSIX. reserve chooses a window (window.h), or makes an
// inaccessible mapping. commit makes part of it accessible, decommit puts a new mapping in the
// place of a part.
//
//     reserve    |-----------------------------|      - inaccessible   0 accessible, no memory yet
//     commit     |-----|0000000000|------------|      # memory, once written
//     decommit   |-----|##|rrr|###|------------|      r can be read, as zeros
//
// Linux charges a process for each page that it could write to, touched or not. The charge counts
// under `ulimit -d`, and where the system does not overcommit. Only a new mapping ends it.
//
// A core file holds the committed ranges alone. The rest is marked, as a debugger would otherwise
// write out all of it.
//
// The kernel allows only so many mappings, and a decommit may cut one in three. Where there are too
// many, and on other systems, a decommitted range stays accessible: the kernel drops the memory,
// and the charge stays. At the limit itself, commit has spare ones (mappings.h).
//
// `move` is mremap with MREMAP_DONTUNMAP, which Linux has since 5.7. mremap unmaps the destination
// before it knows that it can succeed, so `move` calls it only where it will succeed. Each range
// that it has moved may stay a mapping of its own, so `move` calls it only so often.
//
// No function here is a cancellation point: a thread would end there with the heap's lock. This
// file does not know what pages hold.
#define _GNU_SOURCE // For MAP_ANONYMOUS, MAP_NORESERVE, mremap and syscall.

#include <comheap/pages.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
#include <sys/utsname.h>
#else
#include <pthread.h>
#endif

#include "pages/mappings.h"
#include "pages/print.h"
#include "pages/window.h"

static size_t os_page_bytes(void *world)
{
    (void)world;
    return (size_t)sysconf(_SC_PAGESIZE);
}

// Maps a range that can't be touched, aligned to CH_RESERVE_ALIGN. Returns NULL on failure.
static void *map_aligned(size_t size_bytes)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#ifdef MAP_NORESERVE
    flags |= MAP_NORESERVE; // Addresses must not count as memory before they are committed.
#endif
    if (size_bytes > SIZE_MAX - CH_RESERVE_ALIGN) {
        return NULL;
    }
    char *mapped = mmap(NULL, size_bytes + CH_RESERVE_ALIGN, PROT_NONE, flags, -1, 0);
    if (mapped == MAP_FAILED) {
        return NULL;
    }
    size_t before = -(size_t)(uintptr_t)mapped % CH_RESERVE_ALIGN;
    if (before != 0) {
        (void)munmap(mapped, before);
    }
    (void)munmap(mapped + before + size_bytes, CH_RESERVE_ALIGN - before);
    return mapped + before;
}

static void *reserve(void *world, size_t size_bytes)
{
    (void)world;
    int errno_before = errno; // A call that returns NULL leaves errno alone (spec A13).
    void *start = ch_window_choose(size_bytes);
    if (start == NULL) {
        start = map_aligned(size_bytes);
#ifdef __linux__
        if (start != NULL) {
            (void)madvise(start, size_bytes, MADV_DONTDUMP);
        }
#endif
    }
#ifdef __linux__
    if (start != NULL) {
        ch_mappings_hold();
    }
#endif
    errno = errno_before;
    return start;
}

// Writes zeros even where AddressSanitizer takes the range for freed: memset would be a finding
// there.
__attribute__((no_sanitize("address"))) static void write_zeros(void *start, size_t size_bytes)
{
    volatile size_t *words = start;
    for (size_t i = 0; i < size_bytes / sizeof words[0]; i++) {
        words[i] = 0;
    }
}

// Lets the kernel drop the memory of a range, which stays accessible.
static void drop(void *start, size_t size_bytes)
{
    if (madvise(start, size_bytes, MADV_DONTNEED) != 0 && errno != ENOMEM) {
        write_zeros(start, size_bytes); // Locked pages, for example, stay in memory.
    }
}

static void clear(void *world, void *start, size_t size_bytes)
{
    (void)world;
    int errno_before = errno;
    drop(start, size_bytes);
    errno = errno_before;
}

#ifdef __linux__
// Maps a range again, if a call that was to replace its mapping has failed and left none. The
// kernel checks its limits, the likely reason, before it unmaps anything. Otherwise, the kernel
// itself has run out of memory.
static void keep_mapped(void *start, size_t size_bytes)
{
    if (ch_window_is_mapped(start, size_bytes)) {
        return;
    }
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    if (mmap(start, size_bytes, PROT_READ | PROT_WRITE, flags, -1, 0) != start) {
        abort(); // A part of the heap is gone, and others may have mapped it.
    }
}

// Puts a new mapping in the place of a range, which other threads may be reading. Returns false iff
// there may be no more mappings.
static bool replace(void *start, size_t size_bytes)
{
    if (!ch_mappings_may_cut()) {
        return false;
    }
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
    if (mmap(start, size_bytes, PROT_READ, flags, -1, 0) != start) {
        keep_mapped(start, size_bytes);
        return false;
    }
    (void)madvise(start, size_bytes, MADV_DONTDUMP);
    return true;
}
#else
static bool replace(void *start, size_t size_bytes)
{
    (void)start, (void)size_bytes;
    return false;
}
#endif

static void decommit(void *world, void *start, size_t size_bytes)
{
    (void)world;
    int errno_before = errno;
    if (!replace(start, size_bytes)) {
        drop(start, size_bytes);
    }
    errno = errno_before;
}

static bool open_range(void *start, size_t size_bytes)
{
    bool is_open = ch_window_open(start, size_bytes);
#ifdef __linux__
    if (!is_open && ch_mappings_give()) {
        is_open = ch_window_open(start, size_bytes);
        ch_mappings_hold(); // Those that are left.
    }
#endif
    return is_open;
}

static bool commit(void *world, void *start, size_t size_bytes)
{
    (void)world;
    int errno_before = errno;
    bool is_committed = open_range(start, size_bytes);
    if (!is_committed && ch_window_is_mapped(start, size_bytes)) {
        (void)replace(start, size_bytes); // The kernel may have opened a part of it.
    }
    errno = errno_before;
    return is_committed;
}

static void release(void *world, void *start, size_t size_bytes)
{
    (void)world;
    (void)munmap(start, size_bytes);
    ch_window_drop(start);
}

#ifdef MREMAP_DONTUNMAP
// A move cuts at most two mappings in two. The kernel allows a process 65,530. After this many
// moves a quarter of them may be ours, and from then on the heap copies.
#define MOVES_MOST 8192U

// Returns whether a moved range can still be used at its old address, as a kernel allows. An
// emulator that passes the flag on may take the range for unmapped, and end the process at the next
// access. So the kernel is asked to write there, and the emulator reports a bad address.
static bool find_out_leaving(unsigned char *range, size_t page_bytes)
{
    unsigned char *other = range + page_bytes;
    range[0] = 1;
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
    return mremap(range, page_bytes, page_bytes, flags, other) == other &&
           uname((struct utsname *)(void *)range) == 0 && other[0] == 1;
}

// Returns the result of that test, run once in a process. Threads that run it together get the same
// result. If there is no memory for the test, the result stays unknown.
static bool leaves_pages(void)
{
    enum { UNKNOWN, LEAVES, LEAVES_NOTHING };
    static atomic_int found;
    int known = atomic_load_explicit(&found, memory_order_relaxed);
    if (known == UNKNOWN) {
        size_t page_bytes = os_page_bytes(NULL);
        void *range =
            mmap(NULL, 2 * page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (range == MAP_FAILED) {
            return false;
        }
        known = find_out_leaving(range, page_bytes) ? LEAVES : LEAVES_NOTHING;
        atomic_store_explicit(&found, known, memory_order_relaxed);
        (void)munmap(range, 2 * page_bytes);
    }
    return known == LEAVES;
}

// Returns whether a range is part of one mapping, and not locked in memory. Of several mappings an
// older kernel moves none, and reports it too late; a newer one might move some. Moving locked
// pages would unlock the rest of their mapping.
static bool can_leave(void *start, size_t size_bytes)
{
    if (syscall(SYS_msync, start, size_bytes, MS_ASYNC | MS_INVALIDATE) != 0) {
        return false; // EBUSY: locked. (msync itself is a cancellation point.)
    }
    // Can it grow? EFAULT: there are several mappings. ENOMEM: there is one, and something lies
    // behind it.
    size_t larger_bytes = size_bytes + os_page_bytes(NULL);
    void *grown = mremap(start, size_bytes, larger_bytes, 0);
    if (grown == MAP_FAILED) {
        return errno == ENOMEM;
    }
    (void)mremap(start, larger_bytes, size_bytes, 0);
    return true;
}

static bool move(void *world, void *from, void *to, size_t size_bytes)
{
    static atomic_uint moves;
    (void)world;
    int errno_before = errno;
    bool is_moved = false;
    if (atomic_load_explicit(&moves, memory_order_relaxed) < MOVES_MOST && leaves_pages() &&
        can_leave(from, size_bytes)) {
        int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
        is_moved = mremap(from, size_bytes, size_bytes, flags, to) == to;
        if (is_moved) {
            (void)atomic_fetch_add_explicit(&moves, 1, memory_order_relaxed);
        } else {
            keep_mapped(to, size_bytes);
        }
    }
    errno = errno_before;
    return is_moved;
}
#endif

void ch_print_error(const char *text, size_t length)
{
#ifdef __linux__
    (void)syscall(SYS_write, STDERR_FILENO, text, length);
#else
    int before;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    ssize_t written = write(STDERR_FILENO, text, length);
    (void)written;
    (void)pthread_setcancelstate(before, NULL);
#endif
}

const struct ch_pages ch_pages_os = {
    .os_page_bytes = os_page_bytes,
    .reserve = reserve,
    .commit = commit,
    .decommit = decommit,
    .release = release,
    .clear = clear,
    .commits_zeros = true,
#ifdef MREMAP_DONTUNMAP
    .move = move,
#endif
};
