// A plugin that contains the static library and uses task memory.

#include "plugin.h"

#include <comheap/heap.h>

static void *alloc(size_t size_bytes)
{
    return CoTaskMemAlloc(size_bytes);
}

static void *resize(void *block, size_t size_bytes)
{
    return CoTaskMemRealloc(block, size_bytes);
}

static void end(void *block)
{
    CoTaskMemFree(block);
}

static IMalloc *allocator(void)
{
    IMalloc *found = NULL;
    return CoGetMalloc(MEMCTX_TASK, &found) == S_OK ? found : NULL;
}

static struct ch_heap *use(struct ch_heap *heap)
{
    return ch_task_heap_use(heap);
}

static struct ch_heap *heap(void)
{
    return ch_heap_create(&(struct ch_config){.arena_bytes = 0});
}

static HRESULT spy(struct ch_leak_spy *made)
{
    return CoRegisterMallocSpy(ch_leak_spy_object(made));
}

static HRESULT revoke(void)
{
    return CoRevokeMallocSpy();
}

static struct ch_leak_spy *make_spy(void)
{
    return ch_leak_spy_create();
}

static size_t spied_bytes(struct ch_leak_spy *made)
{
    return ch_leak_spy_counts(made).live_bytes;
}

CH_API extern const struct plugin plugin;
const struct plugin plugin = {
    .alloc = alloc,
    .resize = resize,
    .end = end,
    .allocator = allocator,
    .use = use,
    .heap = heap,
    .spy = spy,
    .revoke = revoke,
    .make_spy = make_spy,
    .spied_bytes = spied_bytes,
};
