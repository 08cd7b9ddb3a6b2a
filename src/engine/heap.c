// Heaps: creating and destroying one, the heap of the process, minimizing, and statistics.
//
// This file does not know single blocks: block.c does.

#include "engine/heap.h"

#include "engine/arena.h"
#include "engine/cache.h"
#include "engine/count.h"
#include "engine/fault.h"
#include "engine/process.h"
#include "engine/supply.h"

struct ch_heap *ch_heap_create(const struct ch_config *config)
{
    struct ch_config full = config == NULL ? (struct ch_config){0} : *config;
    if (full.pages == NULL) {
        full.pages = &ch_pages_os;
    }
    if (full.on_fault == NULL) {
        full.on_fault = ch_fault_abort;
    }
    return ch_arena_open(&full);
}

static struct ch_fork_lock making; // Held while a heap of the process is created.

__attribute__((constructor)) static void prepare(void)
{
    ch_fork_lock_open(&making);
}

// Threads that come at the same time wait for one of them, for a few system calls, once in a
// process. A race in which the losers destroy their heaps would be wrong: if two arenas don't fit
// side by side, the smaller one could win.
struct ch_heap *ch_heap_make_once(struct ch_heap **own)
{
    struct ch_heap *heap = __atomic_load_n(own, __ATOMIC_ACQUIRE);
    if (heap == NULL) {
        ch_lock_take(&making.lock);
        heap = __atomic_load_n(own, __ATOMIC_RELAXED);
        if (heap == NULL) {
            heap = ch_heap_create(NULL);
            __atomic_store_n(own, heap, __ATOMIC_RELEASE);
        }
        ch_lock_give(&making.lock);
    }
    return heap;
}

struct ch_heap ch_process_none; // Never written.
_Atomic(struct ch_heap *) ch_process_heap = &ch_process_none;
CH_THREAD_LOCAL struct ch_cache *ch_process_cache = &ch_cache_closed;

// A thread's cache is that of its number. So it is forgotten when the number changes, as it does
// when the thread ends.
void ch_process_forget_cache(void)
{
    ch_process_cache = &ch_cache_closed;
}

struct ch_heap *ch_heap_of_process(void)
{
    static struct ch_heap *own;
    struct ch_heap *heap = ch_heap_make_once(&own);
    if (heap != NULL) { // Threads that come at the same time set the same heap.
        ch_threads_on_change(
            ch_process_forget_cache); // Before any thread can have a thread cache of it.
        atomic_store_explicit(&ch_process_heap, heap, memory_order_release);
    }
    return heap;
}

void ch_heap_destroy(struct ch_heap *heap)
{
    if (heap != NULL) {
        ch_arena_close(heap);
    }
}

void ch_heap_minimize(struct ch_heap *heap)
{
    ch_lock_take(&heap->lock.lock);
    (void)ch_cache_flush(heap);
    ch_cache_close_mine(heap);
    ch_supply_drop_idle(heap);
    ch_lock_give(&heap->lock.lock);
}

struct ch_stats ch_heap_stats(struct ch_heap *heap)
{
    ch_lock_take(&heap->lock.lock);
    struct ch_live live = ch_count_live(heap);
    struct ch_stats stats = {
        .live_blocks = live.blocks,
        .live_bytes = live.bytes,
        .committed_bytes = heap->committed_pages << heap->page_log2,
        .arena_bytes = heap->config.arena_bytes,
        .pages = heap->pages,
        .pages_bytes = (size_t)heap->page_count << heap->page_log2,
    };
    ch_lock_give(&heap->lock.lock);
    return stats;
}

size_t ch_heap_committed_bytes(struct ch_heap *heap)
{
    ch_lock_take(&heap->lock.lock);
    size_t committed_bytes = heap->committed_pages << heap->page_log2;
    ch_lock_give(&heap->lock.lock);
    return committed_bytes;
}

bool ch_thread_cache_select(unsigned number)
{
    return ch_thread_choose(number);
}
