// The short way to task memory, for the rest of this folder.
#ifndef COMHEAP_COM_TASK_H
#define COMHEAP_COM_TASK_H

struct ch_heap;

/// Returns the heap to call, with nobody to ask or to tell; NULL: the call has to go to com/spy.h,
/// for there is a spy, or nobody has used task memory yet.
struct ch_heap *ch_task_direct(void);

/// Opens the short way to a heap, or closes it with NULL. Only com/spy.c does, under its lock.
void ch_task_set_direct(struct ch_heap *heap);

#endif
