// Makes the calls to the heap under test: straight to its port, or through an extension. Judges
// nothing.

#include "laws/heap.h"

#include "world/world.h"

static bool open_port(const struct heapfuzz_port *port, size_t arena_bytes, uint32_t place)
{
    const struct heapfuzz_policies *policies = &port->policies;
    if (port->open != NULL) {
        void *range = world_range(arena_bytes, place, policies->range_alignment_bytes,
                                  policies->range_is_zeroed);
        return port->open(range, arena_bytes);
    }
    if (port->open_pages != NULL) {
        return port->open_pages(&world_pages, arena_bytes);
    }
    if (port->reset != NULL) {
        port->reset();
    }
    return true;
}

bool heap_open(struct heap *heap, size_t arena_bytes, uint32_t place)
{
    heap->arena_bytes = arena_bytes;
    heap->ranges = 1;
    heap->rolling = 0;
    heap_own_call(heap, "open in an arena of bytes: ", arena_bytes);
    heap->is_open = open_port(&heap->subject->port, arena_bytes, place);
    heap_own_call_done(heap);
    if (!heap->is_open) {
        return false;
    }
    heap->fresh_committed_bytes = world_committed_bytes();
    if (heap->extension != NULL) {
        heap->extension->begin(heap);
    }
    return true;
}

void heap_add_range(struct heap *heap, size_t size_bytes, uint32_t steps)
{
    const struct heapfuzz_port *port = &heap->subject->port;
    if (!subject_takes_range(heap->subject) || port->add_range == NULL) {
        return;
    }
    void *range = world_add_range(size_bytes, steps, port->policies.range_alignment_bytes,
                                  port->policies.range_is_zeroed);
    if (range != NULL) {
        heap_own_call(heap, "add_range of bytes: ", size_bytes);
        bool is_taken = port->add_range(range, size_bytes);
        heap_own_call_done(heap);
        heap->ranges += is_taken;
        if (!is_taken) {
            world_drop_range(range);
        }
    }
}

void heap_close(struct heap *heap)
{
    if (heap->subject->port.close != NULL) {
        heap_own_call(heap, "close", HEAP_NO_NUMBER);
        heap->subject->port.close();
        heap_own_call_done(heap);
    }
    heap->is_open = false;
}

static void begin_request(struct heap *heap, size_t size_bytes)
{
    heap->request = (struct request){.held_bytes = size_bytes, .asked_bytes = size_bytes};
    heap->refusals_before = world_refusals();
}

void *heap_allocate(struct heap *heap, enum face face, size_t size_bytes)
{
    begin_request(heap, size_bytes);
    return heap->extension == NULL ? heap->subject->port.allocate(size_bytes)
                                   : heap->extension->allocate(heap, face, size_bytes);
}

void *heap_allocate_zeroed(struct heap *heap, size_t count, size_t size_bytes)
{
    bool fits = size_bytes == 0 || count <= SIZE_MAX / size_bytes;
    begin_request(heap, fits ? count * size_bytes : SIZE_MAX);
    heap->request.is_zeroed = true;
    return heap->subject->port.allocate_zeroed(count, size_bytes);
}

void *heap_allocate_aligned(struct heap *heap, size_t alignment_bytes, size_t size_bytes)
{
    begin_request(heap, size_bytes);
    heap->request.alignment_bytes = alignment_bytes;
    return heap->subject->port.allocate_aligned(alignment_bytes, size_bytes);
}

void *heap_reallocate(struct heap *heap, enum face face, void *block, size_t size_bytes)
{
    begin_request(heap, size_bytes);
    return heap->extension == NULL ? heap->subject->port.reallocate(block, size_bytes)
                                   : heap->extension->reallocate(heap, face, block, size_bytes);
}

void *heap_reallocate_aligned(struct heap *heap, void *block, size_t alignment_bytes,
                              size_t size_bytes)
{
    begin_request(heap, size_bytes);
    heap->request.alignment_bytes = alignment_bytes;
    return heap->subject->port.reallocate_aligned(block, alignment_bytes, size_bytes);
}

void heap_free(struct heap *heap, enum face face, void *block)
{
    if (heap->extension == NULL) {
        heap->subject->port.free(block);
    } else {
        heap->extension->free(heap, face, block);
    }
}

size_t heap_size(struct heap *heap, enum face face, void *block)
{
    if (heap->subject->port.size == NULL) {
        return SIZE_MAX;
    }
    return heap->extension == NULL ? heap->subject->port.size(block)
                                   : heap->extension->size(heap, face, block);
}

int heap_owns(struct heap *heap, const void *address)
{
    return heap->extension == NULL ? heap->subject->port.owns(address)
                                   : heap->extension->owns(heap, address);
}

void heap_minimize(struct heap *heap)
{
    if (heap->extension == NULL) {
        heap->subject->port.minimize();
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
    return face == FACE_HEAP ? "Free" : heap->extension->free_names[face];
}

const char *heap_reallocate_name(const struct heap *heap, enum face face)
{
    return face == FACE_HEAP ? "Reallocate" : heap->extension->reallocate_names[face];
}

const char *heap_size_name(const struct heap *heap, enum face face)
{
    return face == FACE_HEAP ? "GetSize" : heap->extension->size_names[face];
}

size_t heap_limit_bytes(const struct subject *subject, const struct extension *extension,
                        enum face face)
{
    return extension == NULL || face == FACE_HEAP ? subject->port.policies.limit_bytes
                                                  : extension->limit_bytes(subject, face);
}

size_t heap_null_size_bytes(const struct subject *subject, const struct extension *extension,
                            enum face face)
{
    return extension == NULL || face == FACE_HEAP ? subject->port.policies.null_size_bytes
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
