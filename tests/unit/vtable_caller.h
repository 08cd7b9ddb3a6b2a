// The C side of vtable.cpp. It calls each object through the C macros, one call for each function.
#ifndef TESTS_UNIT_VTABLE_CALLER_H
#define TESTS_UNIT_VTABLE_CALLER_H

#include <comheap/atlmem.h>
#include <comheap/taskmem.h>

#ifdef __cplusplus
extern "C" {
#endif

void *manager_allocate(IAtlMemMgr *manager, size_t size_bytes);
void manager_free(IAtlMemMgr *manager, void *block);
void *manager_reallocate(IAtlMemMgr *manager, void *block, size_t size_bytes);
size_t manager_size_bytes(IAtlMemMgr *manager, void *block);

HRESULT unknown_query_interface(IUnknown *unknown, const IID *iid, void **face);
ULONG unknown_add_ref(IUnknown *unknown);
ULONG unknown_release(IUnknown *unknown);

HRESULT malloc_query_interface(IMalloc *allocator, const IID *iid, void **face);
ULONG malloc_add_ref(IMalloc *allocator);
ULONG malloc_release(IMalloc *allocator);
void *malloc_alloc(IMalloc *allocator, size_t size_bytes);
void *malloc_realloc(IMalloc *allocator, void *block, size_t size_bytes);
void malloc_free(IMalloc *allocator, void *block);
size_t malloc_size_bytes(IMalloc *allocator, void *block);
int malloc_did_alloc(IMalloc *allocator, void *block);
void malloc_heap_minimize(IMalloc *allocator);

#ifdef __cplusplus
}
#endif

#endif
