// The task allocator as a COM object: one IMalloc for the process, and the identifiers of the
// interfaces. It owns no memory and no state. Its methods forward to task.c, to the heap in use, or
// to copies.c. Where another copy of the library serves this one, the allocator is that copy's.

#include <comheap/heap.h>
#include <comheap/mallocspy.h>
#include <comheap/taskmem.h>

#include <string.h>

#include "com/copies.h"
#include "com/direct.h"

#ifndef _WIN32 // The system defines them there.
const IID IID_IUnknown = {0x00000000, 0x0000, 0x0000, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
const IID IID_IMalloc = {0x00000002, 0x0000, 0x0000, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
const IID IID_IMallocSpy = {0x0000001D, 0x0000, 0x0000, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
#endif

static bool is_same_iid(REFIID one, REFIID other)
{
    return memcmp(one, other, sizeof(IID)) == 0;
}

static HRESULT STDMETHODCALLTYPE query_interface(IMalloc *This, REFIID riid, void **ppv)
{
    if (ppv == NULL) {
        return E_POINTER;
    }
    if (!is_same_iid(riid, &IID_IUnknown) && !is_same_iid(riid, &IID_IMalloc)) {
        *ppv = NULL;
        return E_NOINTERFACE;
    }
    *ppv = This; // The object counts no references.
    return S_OK;
}

static ULONG STDMETHODCALLTYPE add_ref(IMalloc *This)
{
    (void)This;
    return 2;
}

static ULONG STDMETHODCALLTYPE release(IMalloc *This)
{
    (void)This;
    return 1;
}

static void *STDMETHODCALLTYPE alloc(IMalloc *This, SIZE_T cb)
{
    (void)This;
    return CoTaskMemAlloc(cb);
}

static void *STDMETHODCALLTYPE realloc_block(IMalloc *This, void *pv, SIZE_T cb)
{
    (void)This;
    return CoTaskMemRealloc(pv, cb);
}

static void STDMETHODCALLTYPE free_block(IMalloc *This, void *pv)
{
    (void)This;
    CoTaskMemFree(pv);
}

static SIZE_T STDMETHODCALLTYPE get_size(IMalloc *This, void *pv)
{
    (void)This;
    struct ch_heap *heap = ch_direct();
    return heap != NULL ? ch_heap_size_bytes(heap, pv) : ch_long_size_bytes(pv);
}

static int STDMETHODCALLTYPE did_alloc(IMalloc *This, void *pv)
{
    (void)This;
    if (pv == NULL) {
        return -1;
    }
    struct ch_heap *heap = ch_direct();
    if (heap == NULL) {
        return ch_long_did_alloc(pv);
    }
    return ch_heap_owns(heap, pv) ? 1 : 0;
}

static void STDMETHODCALLTYPE heap_minimize(IMalloc *This)
{
    (void)This;
    struct ch_heap *heap = ch_direct();
    if (heap != NULL) {
        ch_heap_minimize(heap);
    } else {
        ch_long_minimize();
    }
}

static const IMallocVtbl vtable = {
    .QueryInterface = query_interface,
    .AddRef = add_ref,
    .Release = release,
    .Alloc = alloc,
    .Realloc = realloc_block,
    .Free = free_block,
    .GetSize = get_size,
    .DidAlloc = did_alloc,
    .HeapMinimize = heap_minimize,
};

IMalloc ch_task_allocator = {&vtable};

HRESULT CoGetMalloc(DWORD dwMemContext, LPMALLOC *ppMalloc)
{
    if (ppMalloc == NULL) {
        return E_INVALIDARG;
    }
    if (dwMemContext != MEMCTX_TASK) {
        *ppMalloc = NULL;
        return E_INVALIDARG;
    }
    *ppMalloc = ch_long_allocator();
    return S_OK;
}
