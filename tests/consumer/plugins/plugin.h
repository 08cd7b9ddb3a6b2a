// The plugins of the test, and the program that loads them: all that a plugin shows.
#ifndef CONSUMER_PLUGIN_H
#define CONSUMER_PLUGIN_H

#include <comheap/leakspy.h>
#include <comheap/taskmem.h>

struct plugin {
    void *(*alloc)(size_t size_bytes);
    void *(*resize)(void *block, size_t size_bytes);
    void (*end)(void *block);
    IMalloc *(*allocator)(void);
    struct ch_heap *(*use)(struct ch_heap *heap);
    struct ch_heap *(*heap)(void);
    HRESULT (*spy)(struct ch_leak_spy *spy);
    HRESULT (*revoke)(void);
    struct ch_leak_spy *(*make_spy)(void);
    size_t (*spied_bytes)(struct ch_leak_spy *spy);
};

#endif
