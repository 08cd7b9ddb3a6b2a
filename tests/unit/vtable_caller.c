// Calls memory managers and task allocators through the macros that C users have.

#include "vtable_caller.h"

void *manager_allocate(IAtlMemMgr *manager, size_t size_bytes)
{
    return IAtlMemMgr_Allocate(manager, size_bytes);
}

void manager_free(IAtlMemMgr *manager, void *block)
{
    IAtlMemMgr_Free(manager, block);
}

void *manager_reallocate(IAtlMemMgr *manager, void *block, size_t size_bytes)
{
    return IAtlMemMgr_Reallocate(manager, block, size_bytes);
}

size_t manager_size_bytes(IAtlMemMgr *manager, void *block)
{
    return IAtlMemMgr_GetSize(manager, block);
}

HRESULT unknown_query_interface(IUnknown *unknown, const IID *iid, void **face)
{
    return IUnknown_QueryInterface(unknown, iid, face);
}

ULONG unknown_add_ref(IUnknown *unknown)
{
    return IUnknown_AddRef(unknown);
}

ULONG unknown_release(IUnknown *unknown)
{
    return IUnknown_Release(unknown);
}

HRESULT malloc_query_interface(IMalloc *allocator, const IID *iid, void **face)
{
    return IMalloc_QueryInterface(allocator, iid, face);
}

ULONG malloc_add_ref(IMalloc *allocator)
{
    return IMalloc_AddRef(allocator);
}

ULONG malloc_release(IMalloc *allocator)
{
    return IMalloc_Release(allocator);
}

void *malloc_alloc(IMalloc *allocator, size_t size_bytes)
{
    return IMalloc_Alloc(allocator, size_bytes);
}

void *malloc_realloc(IMalloc *allocator, void *block, size_t size_bytes)
{
    return IMalloc_Realloc(allocator, block, size_bytes);
}

void malloc_free(IMalloc *allocator, void *block)
{
    IMalloc_Free(allocator, block);
}

size_t malloc_size_bytes(IMalloc *allocator, void *block)
{
    return IMalloc_GetSize(allocator, block);
}

int malloc_did_alloc(IMalloc *allocator, void *block)
{
    return IMalloc_DidAlloc(allocator, block);
}

void malloc_heap_minimize(IMalloc *allocator)
{
    IMalloc_HeapMinimize(allocator);
}
