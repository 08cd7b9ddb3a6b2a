// CWin32Heap on the operating system's own pages, as they ship. The world is asked for each page,
// too: it may refuse it, counts it, and lends the addresses. So what the system still charges for
// can be held against what the heap has.
//
// It promises nothing about misuse: a write to pages that are given back ends the process.

#define _GNU_SOURCE // For MAP_NORESERVE.

#include "laws/subject.h"
#include "subjects/manager.h"
#include "subjects/world_heap.h"
#include "world/os.h"

#include <comheap/atlheaps.h>
#include <comheap/pages.h>

#include <stdlib.h>
#include <sys/mman.h>

static const struct heapfuzz_pages *world;
static struct heapfuzz_pages pages;
static unsigned char *start;
static size_t reserved_bytes;
static struct ch_win32_heap win32;

// Maps the range that the world lends anew. Ends the process iff that fails: the range is gone.
static void map(unsigned char *range, size_t size_bytes, int access)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
    if (mmap(range, size_bytes, access, flags, -1, 0) != range) {
        abort();
    }
}

// The range is accessible. A reservation of the system is not.
static void *reserve(void *context, size_t size_bytes)
{
    start = world->reserve(context, size_bytes);
    if (start != NULL) {
        reserved_bytes = size_bytes;
        map(start, size_bytes, PROT_NONE);
    }
    return start;
}

static bool commit(void *context, void *from, size_t size_bytes)
{
    if (!ch_pages_os.commit(NULL, from, size_bytes)) {
        return false;
    }
    bool is_granted = world->commit(context, from, size_bytes);
    if (!is_granted) {
        ch_pages_os.decommit(NULL, from, size_bytes);
    }
    return is_granted;
}

static void decommit(void *context, void *from, size_t size_bytes)
{
    world->decommit(context, from, size_bytes);
    ch_pages_os.decommit(NULL, from, size_bytes);
}

static void release(void *context, void *from, size_t size_bytes)
{
    world->release(context, from, size_bytes);
    map(start, reserved_bytes, PROT_READ | PROT_WRITE);
    reserved_bytes = 0;
}

static bool move(void *context, void *from, void *to, size_t size_bytes)
{
    (void)context;
    return ch_pages_os.move != NULL && ch_pages_os.move(NULL, from, to, size_bytes);
}

static size_t charged_bytes(void)
{
    return os_charged_bytes(start, reserved_bytes);
}

static bool open_heap(const struct heapfuzz_pages *fake, size_t arena_bytes)
{
    world = fake;
    pages = *fake;
    pages.reserve = reserve;
    pages.commit = commit;
    pages.decommit = decommit;
    pages.release = release;
    pages.move = move;
    struct ch_heap *heap = world_heap_open(&pages, arena_bytes);
    ch_win32_heap_init(&win32);
    return ch_win32_heap_attach(&win32, heap, false) && manager_use(ch_win32_heap_manager(&win32));
}

static void close_heap(void)
{
    ch_win32_heap_destroy(&win32);
    world_heap_close();
}

const struct subject_parts parts_system = {.charged_bytes = charged_bytes};

const struct heapfuzz_port port_system = {
    .sentence = "this project's CWin32Heap on the operating system's own pages",
    MANAGER_POLICIES,
    WORLD_HEAP_POLICIES,
    .policies.size_takes_null = HEAPFUZZ_YES,
    .policies.null_size_bytes = SIZE_MAX,
    .open_pages = open_heap,
    .close = close_heap,
    MANAGER_CALLS,
    .allocate_zeroed = world_heap_allocate_zeroed,
    .allocate_aligned = world_heap_allocate_aligned,
    .owns = world_heap_owns,
    WORLD_HEAP_PROMISES,
    WORLD_HEAP_MEMBERS,
};
