// Task memory without a spy, for the rest of this folder.
#ifndef COMHEAP_COM_SOURCE_H
#define COMHEAP_COM_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct ch_heap;

/// Returns the heap in use. Makes the process's own iff none is in use. Returns NULL iff that
/// fails.
struct ch_heap *ch_source_heap(void);

/// Puts another heap into use, where NULL stands for the process's own. Returns the former heap,
/// with the same meaning of NULL.
struct ch_heap *ch_source_use(struct ch_heap *heap);

/// Returns whether the heap in use is another than the process's own.
bool ch_source_is_chosen(void);

/// Do the calls on task memory with the heap in use. For reallocation, 0 is a size like any other.
/// Without a heap, every call finds no memory and no block.
void *ch_source_alloc(size_t size_bytes);
void *ch_source_realloc(void *block, size_t size_bytes);
void ch_source_free(void *block);
size_t ch_source_size_bytes(void *block);
int ch_source_did_alloc(void *block);
void ch_source_minimize(void);

#endif
