// CLocalHeap and CGlobalHeap: blocks that keep their address and have room to grow. It owns the
// heap that the two share.
//
//     | size bytes in use | room for as many more |    a new block
//     | grown, in place ............... |     |        the same block, reallocated
//
// The heap decides which sizes fit in a place.

#include <comheap/atlheaps.h>
#include <comheap/heap.h>

static const struct ch_fixed_heap *fixed_of(const IAtlMemMgr *This)
{
    return (const struct ch_fixed_heap *)(const void *)This;
}

static struct ch_heap *heap_of(const IAtlMemMgr *This)
{
    static struct ch_heap *own; // Not that of task memory: neither may free the other's blocks.
    const struct ch_fixed_heap *fixed = fixed_of(This);
    return fixed->heap != NULL ? fixed->heap : ch_heap_make_once(&own);
}

// Returns a block with room for twice its size, or of its size alone where there is no more room.
static void *allocate_roomy(struct ch_heap *heap, size_t size_bytes)
{
    void *block = size_bytes <= SIZE_MAX / 2 ? ch_heap_alloc(heap, 2 * size_bytes) : NULL;
    if (block == NULL) {
        return ch_heap_alloc(heap, size_bytes);
    }
    (void)ch_heap_resize(heap, block, size_bytes); // A shrink always succeeds.
    return block;
}

static void *allocate(IAtlMemMgr *This, size_t nBytes)
{
    const struct ch_fixed_heap *fixed = fixed_of(This);
    struct ch_heap *heap = heap_of(This);
    size_t size_bytes = nBytes == 0 ? fixed->zero_bytes : nBytes;
    if (heap == NULL) {
        return NULL;
    }
    return fixed->is_strict ? ch_heap_alloc(heap, size_bytes) : allocate_roomy(heap, size_bytes);
}

static void free_block(IAtlMemMgr *This, void *p)
{
    struct ch_heap *heap = heap_of(This);
    if (heap != NULL) {
        ch_heap_free(heap, p);
    }
}

static void *reallocate(IAtlMemMgr *This, void *p, size_t nBytes)
{
    if (p == NULL) {
        return allocate(This, nBytes);
    }
    if (nBytes == 0) {
        free_block(This, p);
        return NULL;
    }
    struct ch_heap *heap = heap_of(This);
    bool may_grant = heap != NULL && !fixed_of(This)->is_strict;
    return may_grant && ch_heap_resize(heap, p, nBytes) ? p : NULL;
}

static size_t get_size(IAtlMemMgr *This, void *p)
{
    struct ch_heap *heap = heap_of(This);
    size_t size_bytes = heap != NULL ? ch_heap_size_bytes(heap, p) : SIZE_MAX;
    return size_bytes != SIZE_MAX ? size_bytes : 0; // As for an invalid handle.
}

static const IAtlMemMgrVtbl vtable = {
    .Allocate = allocate,
    .Free = free_block,
    .Reallocate = reallocate,
    .GetSize = get_size,
};

static struct ch_fixed_heap local_heap = {.manager = {&vtable}, .zero_bytes = 0};
static struct ch_fixed_heap global_heap = {.manager = {&vtable}, .zero_bytes = 1};

IAtlMemMgr *ch_local_heap(void)
{
    return &local_heap.manager;
}

IAtlMemMgr *ch_global_heap(void)
{
    return &global_heap.manager;
}

void ch_local_heap_init(struct ch_fixed_heap *fixed, struct ch_heap *heap, bool is_strict)
{
    *fixed = (struct ch_fixed_heap){
        .manager = {&vtable}, .heap = heap, .is_strict = is_strict, .zero_bytes = 0};
}

void ch_global_heap_init(struct ch_fixed_heap *fixed, struct ch_heap *heap, bool is_strict)
{
    *fixed = (struct ch_fixed_heap){
        .manager = {&vtable}, .heap = heap, .is_strict = is_strict, .zero_bytes = 1};
}

IAtlMemMgr *ch_fixed_heap_manager(struct ch_fixed_heap *fixed)
{
    return &fixed->manager;
}
