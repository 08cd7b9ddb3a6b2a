// The thread caches of a heap. For each class a cache has a magazine of blocks, between the callers
// and the spans. So most allocations and frees touch neither a span nor a bitmap, and take no lock.
// A block in a cache is not live. A block may go to another cache than it came from.
//
//     thread 1 --- cache 1 | class 0: o o o | class 1: o | ... | class 35 |      o a block
//     thread 2 --- cache 2 | class 0: o     | class 1:   | ... | class 35 |
//     others   --- ch_cache_closed: every magazine is empty, and full
//
// magazine.h and fast.h have the paths without the lock; those here need it.
//
// A cache belongs to the thread that has its number. When that thread ends, the cache is an orphan,
// with its blocks. It stays one until a thread gets the number or the heap wants the blocks.
#ifndef COMHEAP_ENGINE_CACHE_H
#define COMHEAP_ENGINE_CACHE_H

#include "engine/magazine.h"

/// Opens the calling thread's cache, if the thread may have one and it is closed. The world may
/// refuse.
void ch_cache_open_mine(struct ch_heap *heap);

/// Returns a block of a class, for the caller alone; NULL iff ch_span_take gives none.
void *ch_cache_take(struct ch_heap *heap, unsigned class_index);

/// Keeps a block for the next request for its class.
void ch_cache_give(struct ch_heap *heap, unsigned class_index, void *block);

/// Puts every block of this thread's cache back into its span, and those of orphans, which it
/// closes. Returns whether there was such a block or an orphan.
bool ch_cache_flush(struct ch_heap *heap);

/// Closes this thread's cache, which is flushed. The next call that wants the cache opens it again.
void ch_cache_close_mine(struct ch_heap *heap);

/// Returns the next open thread cache after another one, or the first after NULL; NULL iff there is
/// none.
const struct ch_cache *ch_cache_next(const struct ch_heap *heap, const struct ch_cache *cache);

#endif
