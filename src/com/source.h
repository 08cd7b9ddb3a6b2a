// What task memory does by itself, without a spy, for the rest of this folder.
#ifndef COMHEAP_COM_SOURCE_H
#define COMHEAP_COM_SOURCE_H

#include <stddef.h>

struct ch_heap;

/// Returns the heap in use; makes the process's own if none is. Returns NULL iff that fails.
struct ch_heap *ch_source_heap(void);

/// Puts another heap into use; NULL: the process's own. Returns the former one, likewise.
struct ch_heap *ch_source_use(struct ch_heap *heap);

/// The calls on task memory, as the heap in use answers them. To reallocate, 0 is a size like any
/// other. Where there is no heap, there is no memory and no block.
void *ch_source_alloc(size_t size_bytes);
void *ch_source_realloc(void *block, size_t size_bytes);
void ch_source_free(void *block);
size_t ch_source_size_bytes(void *block);
int ch_source_did_alloc(void *block);
void ch_source_minimize(void);

#endif
