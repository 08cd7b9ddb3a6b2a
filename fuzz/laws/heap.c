// Makes the calls to the heap under test: straight to its manager, or through an extension. Judges
// nothing.

#include "laws/heap.h"

#include "world/world.h"

bool heap_open(struct heap *heap, size_t arena_bytes)
{
    heap->arena_bytes = arena_bytes;
    heap->rolling = 0;
    heap_own_call(heap, "open in an arena of bytes: ", arena_bytes);
    heap->manager = heap->subject->open(arena_bytes);
    heap_own_call_done(heap);
    if (heap->manager == NULL) {
        return false;
    }
    heap->fresh_committed_bytes = world_committed_bytes();
    if (heap->extension != NULL) {
        heap->extension->begin(heap);
    }
    return true;
}

void heap_close(struct heap *heap)
{
    if (heap->subject->close != NULL) {
        heap_own_call(heap, "close", HEAP_NO_NUMBER);
        heap->subject->close();
        heap_own_call_done(heap);
    }
    heap->manager = NULL;
}

static void begin_request(struct heap *heap, size_t size_bytes)
{
    heap->request = (struct request){size_bytes, size_bytes, false};
    heap->refusals_before = world_refusals();
}

void *heap_allocate(struct heap *heap, enum face face, size_t size_bytes)
{
    begin_request(heap, size_bytes);
    return heap->extension == NULL ? IAtlMemMgr_Allocate(heap->manager, size_bytes)
                                   : heap->extension->allocate(heap, face, size_bytes);
}

void *heap_reallocate(struct heap *heap, enum face face, void *block, size_t size_bytes)
{
    begin_request(heap, size_bytes);
    return heap->extension == NULL ? IAtlMemMgr_Reallocate(heap->manager, block, size_bytes)
                                   : heap->extension->reallocate(heap, face, block, size_bytes);
}

void heap_free(struct heap *heap, enum face face, void *block)
{
    if (heap->extension == NULL) {
        IAtlMemMgr_Free(heap->manager, block);
    } else {
        heap->extension->free(heap, face, block);
    }
}

size_t heap_size(struct heap *heap, enum face face, void *block)
{
    return heap->extension == NULL ? IAtlMemMgr_GetSize(heap->manager, block)
                                   : heap->extension->size(heap, face, block);
}

int heap_owns(struct heap *heap, const void *address)
{
    return heap->extension == NULL ? heap->subject->owns(address)
                                   : heap->extension->owns(heap, address);
}

void heap_minimize(struct heap *heap)
{
    if (heap->extension == NULL) {
        heap->subject->minimize();
    } else {
        heap->extension->minimize(heap);
    }
}

unsigned heap_faces(const struct heap *heap)
{
    return heap->extension == NULL ? FACE_HEAP + 1 : FACES;
}

const char *heap_free_name(const struct heap *heap, enum face face)
{
    return face == FACE_HEAP ? "IAtlMemMgr::Free" : heap->extension->free_names[face];
}

const char *heap_reallocate_name(const struct heap *heap, enum face face)
{
    return face == FACE_HEAP ? "IAtlMemMgr::Reallocate" : heap->extension->reallocate_names[face];
}

const char *heap_size_name(const struct heap *heap, enum face face)
{
    return face == FACE_HEAP ? "IAtlMemMgr::GetSize" : heap->extension->size_names[face];
}

size_t heap_limit_bytes(const struct subject *subject, const struct extension *extension,
                        enum face face)
{
    return extension == NULL || face == FACE_HEAP ? subject->policies.limit_bytes
                                                  : extension->limit_bytes(subject, face);
}

size_t heap_null_size_bytes(const struct subject *subject, const struct extension *extension,
                            enum face face)
{
    return extension == NULL || face == FACE_HEAP ? subject->policies.null_size_bytes
                                                  : extension->null_size_bytes(subject, face);
}

void heap_own_call(struct heap *heap, const char *call, size_t number)
{
    heap->own_call = call;
    heap->own_call_number = number;
}

void heap_own_call_done(struct heap *heap)
{
    heap->own_call = NULL;
}
