// The heap that task memory comes from, for the rest of this folder.
#ifndef COMHEAP_COM_TASK_H
#define COMHEAP_COM_TASK_H

struct ch_heap;

/// Returns the heap in use; makes the process's own if none is. Returns NULL iff that fails.
struct ch_heap *ch_task_heap(void);

#endif
