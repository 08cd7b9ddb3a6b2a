// The COM extension: the COM function of each call, the spy's turn in it, and the verbs that only
// COM has. For one call, the spy's expectation begins, the face's function runs, and the
// expectation ends with its answer. Judges no answer of the heap's own calls.

#include "com/com.h"

#include "com/com_calls.h"
#include "com/com_oracle.h"
#include "com/spy.h"
#include "com/spy_expect.h"

static struct {
    IMalloc *malloc; // Of the open heap.
    HRESULT result;  // Of the last call that only COM has,
    void *object;    // and the pointer that it stored.
} com;

// INT_MAX is CComHeap's limit, not the task allocator's.
static size_t limit_bytes(const struct subject *subject, enum face face)
{
    return face == FACE_HEAP ? subject->port.policies.limit_bytes : SIZE_MAX;
}

static size_t null_size_bytes(const struct subject *subject, enum face face)
{
    return face == FACE_IMALLOC ? SIZE_MAX : subject->port.policies.null_size_bytes;
}

static void begin(struct heap *heap)
{
    com.malloc = NULL;
    (void)heap->subject->parts.com->get_malloc(MEMCTX_TASK, &com.malloc);
}

static void end(struct heap *heap)
{
    heap_own_call(heap, "RevokeMallocSpy", HEAP_NO_NUMBER);
    spy_close(heap);
    heap_own_call_done(heap);
}

// Above its limit CComHeap calls no task allocator, so no spy hears the call (spec S3.4-9).
static bool hears(struct heap *heap, enum face face, enum spy_call call, const void *block,
                  size_t size_bytes)
{
    return size_bytes <= limit_bytes(heap->subject, face) &&
           spy_expect_begin(heap, call, block, size_bytes);
}

static uintptr_t end_hearing(bool is_heard, uintptr_t answer)
{
    if (is_heard) {
        spy_expect_end(answer);
    }
    return answer;
}

static void *allocate(struct heap *heap, enum face face, size_t size_bytes)
{
    bool is_heard = hears(heap, face, SPY_CALL_ALLOC, NULL, size_bytes);
    void *block = face == FACE_HEAP   ? heap->subject->port.allocate(size_bytes)
                  : face == FACE_TASK ? heap->subject->parts.com->task_alloc(size_bytes)
                                      : IMalloc_Alloc(com.malloc, size_bytes);
    (void)end_hearing(is_heard, (uintptr_t)block);
    return block;
}

// Names the call that a spy hears for a reallocation (spec S3.4-3).
static enum spy_call call_of(const void *block, size_t size_bytes)
{
    return block == NULL ? SPY_CALL_ALLOC : size_bytes == 0 ? SPY_CALL_FREE : SPY_CALL_REALLOC;
}

static void *reallocate(struct heap *heap, enum face face, void *block, size_t size_bytes)
{
    bool is_heard = hears(heap, face, call_of(block, size_bytes), block, size_bytes);
    void *moved = face == FACE_HEAP   ? heap->subject->port.reallocate(block, size_bytes)
                  : face == FACE_TASK ? heap->subject->parts.com->task_realloc(block, size_bytes)
                                      : IMalloc_Realloc(com.malloc, block, size_bytes);
    (void)end_hearing(is_heard, (uintptr_t)moved);
    return moved;
}

static void free_block(struct heap *heap, enum face face, void *block)
{
    bool is_heard = block != NULL && spy_expect_begin(heap, SPY_CALL_FREE, block, 0);
    if (face == FACE_HEAP) {
        heap->subject->port.free(block);
    } else if (face == FACE_TASK) {
        heap->subject->parts.com->task_free(block);
    } else {
        IMalloc_Free(com.malloc, block);
    }
    (void)end_hearing(is_heard, 0);
}

static size_t get_size(struct heap *heap, enum face face, void *block)
{
    bool is_heard = block != NULL && spy_expect_begin(heap, SPY_CALL_SIZE, block, 0);
    size_t size_bytes =
        face == FACE_IMALLOC ? IMalloc_GetSize(com.malloc, block) : heap->subject->port.size(block);
    return end_hearing(is_heard, size_bytes);
}

static int owns(struct heap *heap, const void *address)
{
    bool is_heard = address != NULL && spy_expect_begin(heap, SPY_CALL_OWNS, address, 0);
    return (int)end_hearing(is_heard, (uintptr_t)heap->subject->port.owns(address));
}

// A spy hears only IMalloc::HeapMinimize.
static void minimize(struct heap *heap)
{
    if (spy_expect_begin(heap, SPY_CALL_MINIMIZE, NULL, 0)) {
        IMalloc_HeapMinimize(com.malloc);
        spy_expect_end(0);
    } else {
        heap->subject->port.minimize();
    }
}

static unsigned interface_of(struct op op)
{
    return op.slot % 3;
}

static bool call_with_spies(struct heap *heap, struct op op, size_t size_bytes, int *answer)
{
    static const IID unknown = {0x12345678, 0, 0, {0, 0, 0, 0, 0, 0, 0, 0}};
    const IID *const interfaces[] = {&IID_IUnknown, &IID_IMalloc, &unknown};
    com.object = &com; // Neither NULL nor the allocator.
    switch (op.verb) {
    case VERB_GET_MALLOC: {
        IMalloc *malloc = com.object;
        com.result = heap->subject->parts.com->get_malloc((DWORD)size_bytes, &malloc);
        com.object = malloc;
        break;
    }
    case VERB_QUERY:
        com.result = IMalloc_QueryInterface(com.malloc, interfaces[interface_of(op)], &com.object);
        break;
    case VERB_SPY:
        com.result = spy_register(heap, op.slot);
        break;
    default: // VERB_REVOKE
        com.result = spy_revoke(heap);
    }
    *answer = com.result;
    return true;
}

static bool call(struct heap *heap, struct op op, size_t size_bytes, int *answer)
{
    return op.verb != VERB_SPY && op.verb != VERB_REVOKE &&
           call_with_spies(heap, op, size_bytes, answer);
}

static bool call_if_spies(struct heap *heap, struct op op, size_t size_bytes, int *answer)
{
    return com_has_spies(heap->subject) ? call_with_spies(heap, op, size_bytes, answer)
                                        : call(heap, op, size_bytes, answer);
}

// Judges no answer of a spy's verbs: spy.c does so when the spy's last method has returned.
static void judge(struct heap *heap, struct op op, size_t size_bytes)
{
    if (op.verb == VERB_GET_MALLOC) {
        com_oracle_got_malloc(com.malloc, (DWORD)size_bytes, com.result, com.object);
    } else if (op.verb == VERB_QUERY) {
        com_oracle_queried(heap->subject->parts.com, com.malloc, interface_of(op), com.result,
                           com.object, &com);
    }
}

static const char *faces_off(const struct subject *subject, enum law law)
{
    if (law != LAW_COM) {
        return NULL;
    }
    return !com_has_faces(subject)            ? "it has no COM face"
           : subject->parts.com->leaves_query ? "a failed QueryInterface may leave the pointer"
                                              : NULL;
}

static const char *faces_and_spies_off(const struct subject *subject, enum law law)
{
    bool has_none = law == LAW_SPY && !com_has_spies(subject);
    return has_none ? "it has no spies" : faces_off(subject, law);
}

#define COM_MEMBERS                                                                                \
    .is_offered = com_has_faces, .limit_bytes = limit_bytes, .null_size_bytes = null_size_bytes,   \
    .begin = begin, .end = end, .allocate = allocate, .reallocate = reallocate,                    \
    .free = free_block, .size = get_size, .owns = owns, .minimize = minimize, .judge = judge,      \
    .free_names = {NULL, "CoTaskMemFree", "IMalloc::Free"},                                        \
    .reallocate_names = {NULL, "CoTaskMemRealloc", "IMalloc::Realloc"},                            \
    .size_names = {NULL, NULL, "IMalloc::GetSize"}

const struct extension com_faces = {COM_MEMBERS, .law_off = faces_off, .call = call};
const struct extension com_faces_and_spies = {COM_MEMBERS, .law_off = faces_and_spies_off,
                                              .call = call_if_spies};
