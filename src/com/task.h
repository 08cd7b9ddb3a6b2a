// The short way to task memory, for the rest of this folder.
#ifndef COMHEAP_COM_TASK_H
#define COMHEAP_COM_TASK_H

struct ch_heap;

/// Returns the heap to call directly. Returns NULL iff the call has to go to com/spy.h. That is so
/// while a spy is registered, and before the first use of task memory.
struct ch_heap *ch_task_direct(void);

/// Opens the short way to a heap, or closes it with NULL. Outside of com/task.c only com/spy.c
/// calls it, under its lock.
void ch_task_set_direct(struct ch_heap *heap);

#endif
