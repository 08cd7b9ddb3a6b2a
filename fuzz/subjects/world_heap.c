// A heap of this library over the harness's pages, and its promises behind any manager.

#include "subjects/world_heap.h"

// A heap has this many thread caches, and fewer where its arena is too small: the harness uses the
// first, the second and the last.
#define THREAD_CACHES 3

static struct ch_heap *heap;
static struct ch_pages heap_pages;
static const char *raised;
static const void *raised_at;

static void on_fault(void *context, enum ch_fault fault, const void *block)
{
    (void)context;
    raised = raised == NULL ? ch_fault_sentence(fault) : "more than one fault";
    raised_at = block;
}

struct ch_heap *world_heap_open(const struct heapfuzz_pages *pages, size_t arena_bytes)
{
    struct ch_config config = {
        .arena_bytes = arena_bytes,
        .thread_caches = THREAD_CACHES,
        .pages = &heap_pages,
        .world = pages->context,
        .on_fault = on_fault,
    };
    heap_pages = (struct ch_pages){
        .os_page_bytes = pages->os_page_bytes,
        .reserve = pages->reserve,
        .commit = pages->commit,
        .decommit = pages->decommit,
        .release = pages->release,
        .move = pages->move,
    };
    raised = NULL;
    heap = ch_heap_create(&config);
    return heap;
}

void world_heap_close(void)
{
    ch_heap_destroy(heap);
    heap = NULL;
}

#define PAGE_BYTES ((size_t)4096)
#define SPAN_BYTES (4096 * CH_GRANULE_BYTES)
#define SMALL_BYTES ((size_t)1024 * CH_GRANULE_BYTES)

// Returns true where a grant is certain in any order of calls: there is room even if every block
// granted since the heap was new has pages of its own. A block takes at most a quarter and a
// granule more than its size, or less than a page. Each class may hold one span that is not full,
// and a small block an eighth of its span's tail. The tables take a size tag a granule of every
// page, and 34 bytes more a page. Up to three pages are lost to where spans may start. Where
// pointers have 32 bits, only half of the pages may be spans.
bool world_heap_must_grant(size_t arena_bytes, size_t since_empty_bytes, size_t since_empty_blocks)
{
    size_t spans_bytes = 40 * SPAN_BYTES;
    size_t tables_bytes = arena_bytes / 6 + 20 * PAGE_BYTES;
    size_t room_bytes = (arena_bytes - tables_bytes) / (sizeof(void *) == 8 ? 1 : 2);
    size_t blocks_bytes = since_empty_blocks * PAGE_BYTES;
    if (room_bytes < spans_bytes || room_bytes - spans_bytes < blocks_bytes) {
        return false;
    }
    size_t left_bytes = room_bytes - spans_bytes - blocks_bytes;
    return since_empty_bytes <= left_bytes - left_bytes / 3;
}

// Returns the granules of a small block. Above eight they are a multiple of an eighth of the next
// power of two.
static size_t class_granules(size_t size_bytes)
{
    size_t granules = size_bytes == 0 ? 1 : (size_bytes - 1) / CH_GRANULE_BYTES + 1;
    size_t step = 1;
    while (granules > 8 * step) {
        step *= 2;
    }
    return (granules + step - 1) / step * step;
}

// A small block keeps its place within its class. A large block keeps its place while it is large
// and has no more pages than before.
bool world_heap_must_resize(size_t old_bytes, size_t size_bytes)
{
    bool was_small = old_bytes <= SMALL_BYTES;
    if (was_small != (size_bytes <= SMALL_BYTES)) {
        return false;
    }
    return was_small ? class_granules(old_bytes) == class_granules(size_bytes)
                     : (size_bytes - 1) / PAGE_BYTES <= (old_bytes - 1) / PAGE_BYTES;
}

// With nothing live, only the pages that the heap keeps for itself are in the way, and those go
// first. So a block of everything except the tables fits. Large arenas promise no such block: there
// the world takes longer to note its pages than most programs run.
size_t world_heap_largest(size_t arena_bytes)
{
    const size_t asked_bytes = (size_t)1024 * 1024 * 1024;
    size_t tables_bytes = arena_bytes / 6 + 20 * PAGE_BYTES;
    return arena_bytes <= asked_bytes ? arena_bytes - tables_bytes : 0;
}

// A live block holds its pages or its span. Tables reach as far as the heap once did: a size tag a
// granule, a quarter of the bytes where a granule has eight. With nothing live, a thread cache
// holds a span a class, and each block that waits there one of its own. A heap that was not
// minimized keeps up to 32 MiB of idle pages, and a quarter of the used ones; and those of a cache
// that it has emptied since the last block came back.
size_t world_heap_most_committed(const struct heapfuzz_load *load)
{
    uint64_t tables_bytes = load->peak_live_bytes / (sizeof(void *) == 8 ? 4 : 2) + 64 * PAGE_BYTES;
    uint64_t blocks_bytes =
        load->live_blocks * (uint64_t)(SPAN_BYTES + PAGE_BYTES) + load->live_bytes;
    uint64_t waiting_bytes = load->waiting_blocks * (uint64_t)SPAN_BYTES;
    uint64_t caches_bytes = THREAD_CACHES * UINT64_C(40) * SPAN_BYTES + waiting_bytes;
    uint64_t used_bytes = load->fresh_bytes + tables_bytes + caches_bytes;
    uint64_t kept_bytes = caches_bytes + used_bytes / 4 + 8192 * PAGE_BYTES;
    uint64_t idle_bytes = load->live_blocks == 0 ? kept_bytes : 0;
    uint64_t most_bytes = load->fresh_bytes + tables_bytes + blocks_bytes + idle_bytes;
    return most_bytes < SIZE_MAX ? (size_t)most_bytes : SIZE_MAX;
}

int world_heap_owns(const void *address)
{
    return address == NULL ? -1 : ch_heap_owns(heap, address);
}

void *world_heap_allocate_zeroed(size_t count, size_t size_bytes)
{
    bool fits = size_bytes == 0 || count <= SIZE_MAX / size_bytes;
    return fits ? ch_heap_alloc_zeroed(heap, count * size_bytes) : NULL;
}

// The heap rounds the size of an aligned block up. Resizing in place makes it exact.
void *world_heap_allocate_aligned(size_t alignment_bytes, size_t size_bytes)
{
    void *block = ch_heap_alloc_aligned(heap, size_bytes, alignment_bytes);
    if (block != NULL) {
        (void)ch_heap_resize(heap, block, size_bytes); // The law of exact sizes sees a failure.
    }
    return block;
}

void world_heap_minimize(void)
{
    ch_heap_minimize(heap);
}

void world_heap_count(struct heapfuzz_counts *counts)
{
    struct ch_stats stats = ch_heap_stats(heap);
    *counts = (struct heapfuzz_counts){stats.live_blocks, stats.live_bytes, stats.committed_bytes};
}

const char *world_heap_check(const void **where)
{
    struct ch_broken broken = ch_heap_check(heap);
    *where = broken.where;
    return broken.invariant == CH_INVARIANTS ? NULL : ch_invariant_sentence(broken.invariant);
}

const char *world_heap_fault(const void **where)
{
    const char *sentence = raised;
    *where = raised == NULL ? NULL : raised_at;
    raised = NULL;
    return sentence;
}

const char *world_heap_fault_of(enum heapfuzz_misuse misuse, enum heapfuzz_stray stray)
{
    static const enum ch_fault faults[][HEAPFUZZ_STRAYS] = {
        [HEAPFUZZ_MISUSE_FREE] = {CH_FAULT_FREE_TWICE, CH_FAULT_FREE_INTERIOR,
                                  CH_FAULT_FREE_FOREIGN},
        [HEAPFUZZ_MISUSE_REALLOCATE] = {CH_FAULT_REALLOC_STALE, CH_FAULT_REALLOC_INTERIOR,
                                        CH_FAULT_REALLOC_FOREIGN},
    };
    return ch_fault_sentence(faults[misuse][stray]);
}

void world_heap_pages(uintptr_t *begin, uintptr_t *end)
{
    struct ch_stats stats = ch_heap_stats(heap);
    *begin = (uintptr_t)stats.pages;
    *end = *begin + stats.pages_bytes;
}

bool world_heap_select_cache(unsigned cache)
{
    return ch_thread_cache_select(cache);
}
