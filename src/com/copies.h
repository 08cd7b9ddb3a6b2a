// The long way to task memory, for the rest of this folder. It leads to the copy of the library
// that serves this one, or to this copy's spy.
#ifndef COMHEAP_COM_COPIES_H
#define COMHEAP_COM_COPIES_H

#include <comheap/taskmem.h>

#include <stddef.h>

/// The task allocator of this copy.
extern IMalloc ch_task_allocator;

/// Returns the task allocator of the copy that serves this one.
IMalloc *ch_long_allocator(void);

void *ch_long_alloc(size_t size_bytes);
void *ch_long_realloc(void *pointer, size_t size_bytes);
void ch_long_free(void *pointer);
size_t ch_long_size_bytes(void *pointer);
int ch_long_did_alloc(void *pointer);
void ch_long_minimize(void);

#endif
