// CCRTHeap: malloc behind IAtlMemMgr. It owns a header before each block, which holds the size. C
// libraries need not report the size, and most report more than the caller requested.
//
//     malloc -> | size | ...  block  ... |
//
// The file does not use heaps of this library.

#include <comheap/atlheaps.h>

#include <errno.h>
#include <stdlib.h>

// The alignment of a block, as far as malloc provides it.
#define HEADER_BYTES (2 * sizeof(void *))

static size_t *header_of(void *block)
{
    return (size_t *)(void *)((char *)block - HEADER_BYTES);
}

static void *begin(size_t *header, size_t size_bytes)
{
    if (header == NULL) {
        return NULL;
    }
    *header = size_bytes;
    return (char *)header + HEADER_BYTES;
}

// Returns whether the size leaves room for the header in a size_t. Otherwise sets errno.
static bool may_ask_for(size_t size_bytes)
{
    if (size_bytes > CH_CRT_MAX_BYTES) {
        errno = ENOMEM;
        return false;
    }
    return true;
}

static void *allocate(IAtlMemMgr *This, size_t nBytes)
{
    (void)This;
    return may_ask_for(nBytes) ? begin(malloc(HEADER_BYTES + nBytes), nBytes) : NULL;
}

static void free_block(IAtlMemMgr *This, void *p)
{
    (void)This;
    if (p != NULL) {
        free(header_of(p));
    }
}

static void *reallocate(IAtlMemMgr *This, void *p, size_t nBytes)
{
    if (p == NULL) {
        return allocate(This, nBytes);
    }
    if (nBytes == 0) { // C libraries differ in realloc to 0.
        free_block(This, p);
        return NULL;
    }
    return may_ask_for(nBytes) ? begin(realloc(header_of(p), HEADER_BYTES + nBytes), nBytes) : NULL;
}

static size_t get_size(IAtlMemMgr *This, void *p)
{
    (void)This;
    if (p == NULL) { // As _msize does after its invalid-parameter handler returned.
        errno = EINVAL;
        return SIZE_MAX;
    }
    return *header_of(p);
}

static const IAtlMemMgrVtbl vtable = {
    .Allocate = allocate,
    .Free = free_block,
    .Reallocate = reallocate,
    .GetSize = get_size,
};

static IAtlMemMgr crt_heap = {&vtable};

IAtlMemMgr *ch_crt_heap(void)
{
    return &crt_heap;
}
