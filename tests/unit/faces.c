// The three faces, each by the calls that its users make.

#include "faces.h"

#include <comheap/atlmem.h>

IMalloc *task_allocator(void)
{
    IMalloc *allocator = NULL;
    (void)CoGetMalloc(MEMCTX_TASK, &allocator);
    return allocator;
}

static void *imalloc_alloc(size_t size_bytes)
{
    return IMalloc_Alloc(task_allocator(), size_bytes);
}

static void *imalloc_realloc(void *block, size_t size_bytes)
{
    return IMalloc_Realloc(task_allocator(), block, size_bytes);
}

static void imalloc_free(void *block)
{
    IMalloc_Free(task_allocator(), block);
}

static size_t imalloc_size_bytes(void *block)
{
    return IMalloc_GetSize(task_allocator(), block);
}

static void *com_heap_alloc(size_t size_bytes)
{
    return IAtlMemMgr_Allocate(ch_com_heap(), size_bytes);
}

static void *com_heap_realloc(void *block, size_t size_bytes)
{
    return IAtlMemMgr_Reallocate(ch_com_heap(), block, size_bytes);
}

static void com_heap_free(void *block)
{
    IAtlMemMgr_Free(ch_com_heap(), block);
}

static size_t com_heap_size_bytes(void *block)
{
    return IAtlMemMgr_GetSize(ch_com_heap(), block);
}

const struct face face_CoTaskMem = {
    .alloc = CoTaskMemAlloc,
    .realloc = CoTaskMemRealloc,
    .free = CoTaskMemFree,
    .size_bytes = imalloc_size_bytes,
};

const struct face face_IMalloc = {
    .alloc = imalloc_alloc,
    .realloc = imalloc_realloc,
    .free = imalloc_free,
    .size_bytes = imalloc_size_bytes,
};

const struct face face_CComHeap = {
    .alloc = com_heap_alloc,
    .realloc = com_heap_realloc,
    .free = com_heap_free,
    .size_bytes = com_heap_size_bytes,
};
