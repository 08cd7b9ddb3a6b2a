// CCRTHeap: malloc behind IAtlMemMgr, with the size in front of each block, for no C library has to
// tell it and most tell more than was asked for.
//
//     malloc -> | size | ...  block  ... |
//
// Has nothing to do with heaps of this library.

#include <comheap/atlheaps.h>

#include <errno.h>
#include <stdlib.h>

// What the block is aligned to, as far as malloc's answer is.
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

// Whether there is room in a size_t for the header beside it.
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
    if (nBytes == 0) { // C libraries differ in what realloc makes of it.
        free_block(This, p);
        return NULL;
    }
    return may_ask_for(nBytes) ? begin(realloc(header_of(p), HEADER_BYTES + nBytes), nBytes) : NULL;
}

static size_t get_size(IAtlMemMgr *This, void *p)
{
    (void)This;
    if (p == NULL) { // _msize, once the handler of invalid parameters has returned.
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
