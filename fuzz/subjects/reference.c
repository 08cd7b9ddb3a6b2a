// The documented behavior of CComHeap and the task allocator, as naive as possible: malloc for
// small blocks, a mapping for each large one, and a tree of all live blocks. It is slow and
// obviously right, so subjects are compared with it. It is exact, has the limit and the COM face,
// and takes no part in the world.

#include "com/com_calls.h"
#include "laws/subject.h"
#include "subjects/foreign_heap.h"

#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "world/os.h"

#define SMALL_BYTES ((size_t)64 * 1024)

// The process can certainly hold this much beside everything else; more is refused. The kernel
// limits the number of mappings.
#define ROOM_BYTES ((size_t)(SIZE_MAX > UINT32_MAX ? (uint64_t)64 << 30 : (uint64_t)256 << 20))
#define ROOM_BLOCKS ((size_t)16 * 1024)

struct live {
    const void *block;
    size_t size_bytes;
};

static void *live_tree;
static size_t live_blocks, live_bytes;

static int compare(const void *left, const void *right)
{
    uintptr_t a = (uintptr_t)((const struct live *)left)->block;
    uintptr_t b = (uintptr_t)((const struct live *)right)->block;
    return (a > b) - (a < b);
}

static struct live *find(const void *block)
{
    const struct live key = {.block = block};
    struct live *const *found = tfind(&key, &live_tree, compare);
    return found == NULL ? NULL : *found;
}

static void *note(void *block, size_t size_bytes)
{
    struct live *live = malloc(sizeof *live);
    if (live == NULL) {
        abort();
    }
    *live = (struct live){block, size_bytes};
    if (tsearch(live, &live_tree, compare) == NULL) {
        abort();
    }
    live_blocks++;
    live_bytes += size_bytes;
    return block;
}

static void forget(struct live *live)
{
    live_blocks--;
    live_bytes -= live->size_bytes;
    (void)tdelete(live, &live_tree, compare);
    free(live);
}

static void *take(size_t size_bytes)
{
    if (size_bytes > ROOM_BYTES) {
        return NULL;
    }
    if (size_bytes <= SMALL_BYTES) {
        return malloc(size_bytes == 0 ? 1 : size_bytes);
    }
    return os_block(size_bytes);
}

static void give(void *block, size_t size_bytes)
{
    if (size_bytes <= SMALL_BYTES) {
        free(block);
    } else {
        os_block_end(block, size_bytes);
    }
}

static void *resize(void *block, size_t old_bytes, size_t size_bytes)
{
    if (old_bytes > SMALL_BYTES && size_bytes > SMALL_BYTES) { // Never a copy of 2 GiB.
        return size_bytes > ROOM_BYTES ? NULL : os_block_resize(block, old_bytes, size_bytes);
    }
    void *moved = take(size_bytes);
    if (moved != NULL) {
        memcpy(moved, block, old_bytes < size_bytes ? old_bytes : size_bytes);
        give(block, old_bytes);
    }
    return moved;
}

static void *task_alloc(size_t size_bytes)
{
    void *block = take(size_bytes);
    return block == NULL ? NULL : note(block, size_bytes);
}

static void task_free(void *block)
{
    if (block != NULL) {
        struct live *live = find(block);
        give(block, live->size_bytes);
        forget(live);
    }
}

static void *task_realloc(void *block, size_t size_bytes)
{
    if (block == NULL) {
        return task_alloc(size_bytes);
    }
    if (size_bytes == 0) {
        task_free(block);
        return NULL;
    }
    struct live *live = find(block);
    void *moved = resize(block, live->size_bytes, size_bytes);
    if (moved != NULL) {
        forget(live);
        (void)note(moved, size_bytes);
    }
    return moved;
}

static size_t size_of(void *block)
{
    const struct live *live = find(block);
    return live == NULL ? SIZE_MAX : live->size_bytes;
}

static int owns(const void *address)
{
    return address == NULL ? -1 : find(address) != NULL;
}

// IMalloc: the same.

static HRESULT query(IMalloc *This, REFIID riid, void **ppv)
{
    bool has_it = memcmp(riid, &IID_IUnknown, sizeof *riid) == 0 ||
                  memcmp(riid, &IID_IMalloc, sizeof *riid) == 0;
    *ppv = has_it ? This : NULL;
    return has_it ? S_OK : E_NOINTERFACE;
}

static ULONG add_ref(IMalloc *This)
{
    (void)This;
    return 2;
}

static ULONG release(IMalloc *This)
{
    (void)This;
    return 1;
}

static void *malloc_alloc(IMalloc *This, SIZE_T size_bytes)
{
    (void)This;
    return task_alloc(size_bytes);
}

static void *malloc_realloc(IMalloc *This, void *block, SIZE_T size_bytes)
{
    (void)This;
    return task_realloc(block, size_bytes);
}

static void malloc_free(IMalloc *This, void *block)
{
    (void)This;
    task_free(block);
}

static SIZE_T malloc_size(IMalloc *This, void *block)
{
    (void)This;
    return size_of(block);
}

static int malloc_did_alloc(IMalloc *This, void *block)
{
    (void)This;
    return owns(block);
}

static void malloc_minimize(IMalloc *This)
{
    (void)This;
}

static IMalloc allocator = {&(const IMallocVtbl){
    query,
    add_ref,
    release,
    malloc_alloc,
    malloc_realloc,
    malloc_free,
    malloc_size,
    malloc_did_alloc,
    malloc_minimize,
}};

static HRESULT get_malloc(DWORD context, IMalloc **malloc)
{
    *malloc = context == MEMCTX_TASK ? &allocator : NULL;
    return *malloc != NULL ? S_OK : E_INVALIDARG;
}

// The port. CComHeap refuses above its limit without a call of the task allocator.

static void *heap_allocate(size_t size_bytes)
{
    return size_bytes > INT_MAX ? NULL : task_alloc(size_bytes);
}

static void *heap_reallocate(void *block, size_t size_bytes)
{
    return size_bytes > INT_MAX ? NULL : task_realloc(block, size_bytes);
}

static bool must_grant(size_t arena_bytes, size_t since_empty_bytes, size_t since_empty_blocks)
{
    (void)arena_bytes;
    return since_empty_bytes <= ROOM_BYTES && since_empty_blocks <= ROOM_BLOCKS;
}

static void count(struct heapfuzz_counts *counts)
{
    *counts = (struct heapfuzz_counts){live_blocks, live_bytes, 0};
}

static const struct com_calls com = {
    .task_alloc = task_alloc,
    .task_realloc = task_realloc,
    .task_free = task_free,
    .get_malloc = get_malloc,
};

const struct subject_parts parts_reference = {.com = &com};

const struct heapfuzz_port port_reference = {
    .sentence = "the documented CComHeap, as naive as possible",
    FOREIGN_HEAP_POLICIES,
    .policies.limit_bytes = INT_MAX,
    .policies.size = HEAPFUZZ_SIZE_IS_EXACT,
    .policies.size_takes_null = HEAPFUZZ_YES,
    .policies.null_size_bytes = SIZE_MAX,
    .allocate = heap_allocate,
    .free = task_free,
    .reallocate = heap_reallocate,
    .size = size_of,
    .owns = owns,
    .count = count,
    .promises = &(const struct heapfuzz_promises){.must_grant = must_grant},
};
