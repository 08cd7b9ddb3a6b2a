// The leak spy: a COM object that records live blocks, in a heap of its own that also holds the
// spy.
//
//     PreAlloc, PreRealloc    keep the size, and the record of the block that is reallocated
//     PostAlloc, PostRealloc  add or move the record, since only now the pointer is known
//     PreFree                 ends the record
//
// The lock serializes these methods with the functions that list blocks. No function here calls
// task memory, so a lock suffices. The file does not know how records are linked: leaks.c does.

#include <comheap/leakspy.h>

#include <comheap/heap.h>

#include <stdint.h>
#include <string.h>

#include "com/leaks.h"
#include "pages/threads.h"

#define PRINTED_AT_ONCE 64U
#define ARENA_BYTES ((size_t)(SIZE_MAX > UINT32_MAX ? 0x100000000 : 0x4000000))

struct ch_leak_spy {
    IMallocSpy object; // First: a pointer to it points to the spy.
    atomic_uint references;
    struct ch_fork_lock lock;
    struct ch_leaks leaks;          // Its heap holds this structure, too.
    size_t request_bytes;           // Size in the current call, and the record
    struct ch_leak_record *request; // of the block it reallocates, if known.
};

static struct ch_leak_spy *take(struct ch_leak_spy *spy)
{
    ch_lock_take(&spy->lock.lock);
    return spy;
}

static void give(struct ch_leak_spy *spy)
{
    ch_lock_give(&spy->lock.lock);
}

static struct ch_leak_spy *take_object(IMallocSpy *object)
{
    return take((struct ch_leak_spy *)(void *)object);
}

static ULONG STDMETHODCALLTYPE add_ref(IMallocSpy *This)
{
    return (ULONG)atomic_fetch_add(&((struct ch_leak_spy *)(void *)This)->references, 1) + 1;
}

static ULONG STDMETHODCALLTYPE release(IMallocSpy *This)
{
    struct ch_leak_spy *spy = (struct ch_leak_spy *)(void *)This;
    ULONG left = (ULONG)atomic_fetch_sub(&spy->references, 1) - 1;
    if (left == 0) {
        ch_fork_lock_close(&spy->lock);
        ch_heap_destroy(spy->leaks.heap); // The spy lies in it and ends, too.
    }
    return left;
}

static HRESULT STDMETHODCALLTYPE query_interface(IMallocSpy *This, REFIID riid, void **ppv)
{
    if (ppv == NULL) {
        return E_POINTER;
    }
    if (memcmp(riid, &IID_IMallocSpy, sizeof(IID)) != 0 &&
        memcmp(riid, &IID_IUnknown, sizeof(IID)) != 0) {
        *ppv = NULL;
        return E_NOINTERFACE;
    }
    (void)add_ref(This);
    *ppv = This;
    return S_OK;
}

static SIZE_T STDMETHODCALLTYPE pre_alloc(IMallocSpy *This, SIZE_T cbRequest)
{
    struct ch_leak_spy *spy = take_object(This);
    spy->request_bytes = cbRequest;
    give(spy);
    return cbRequest;
}

static void *STDMETHODCALLTYPE post_alloc(IMallocSpy *This, void *pActual)
{
    struct ch_leak_spy *spy = take_object(This);
    if (pActual != NULL) {
        ch_leaks_add(&spy->leaks, pActual, spy->request_bytes);
    }
    give(spy);
    return pActual;
}

static void *STDMETHODCALLTYPE pre_free(IMallocSpy *This, void *pRequest, BOOL fSpyed)
{
    struct ch_leak_spy *spy = take_object(This);
    struct ch_leak_record *record = fSpyed ? ch_leaks_find(&spy->leaks, pRequest) : NULL;
    if (record != NULL) {
        ch_leaks_end(&spy->leaks, record);
    }
    give(spy);
    return pRequest;
}

static void STDMETHODCALLTYPE post_free(IMallocSpy *This, BOOL fSpyed)
{
    (void)This;
    (void)fSpyed;
}

static SIZE_T STDMETHODCALLTYPE pre_realloc(IMallocSpy *This, void *pRequest, SIZE_T cbRequest,
                                            void **ppNewRequest, BOOL fSpyed)
{
    struct ch_leak_spy *spy = take_object(This);
    spy->request_bytes = cbRequest;
    spy->request = fSpyed ? ch_leaks_find(&spy->leaks, pRequest) : NULL;
    give(spy);
    *ppNewRequest = pRequest;
    return cbRequest;
}

static void *STDMETHODCALLTYPE post_realloc(IMallocSpy *This, void *pActual, BOOL fSpyed)
{
    (void)fSpyed;
    struct ch_leak_spy *spy = take_object(This);
    struct ch_leak_record *record = spy->request;
    spy->request = NULL;
    if (pActual != NULL && record != NULL) {
        ch_leaks_move(&spy->leaks, record, pActual, spy->request_bytes);
    } else if (pActual != NULL) {
        ch_leaks_add(&spy->leaks, pActual, spy->request_bytes);
    }
    give(spy);
    return pActual;
}

static void *STDMETHODCALLTYPE pre_question(IMallocSpy *This, void *pRequest, BOOL fSpyed)
{
    (void)This;
    (void)fSpyed;
    return pRequest;
}

static SIZE_T STDMETHODCALLTYPE post_get_size(IMallocSpy *This, SIZE_T cbActual, BOOL fSpyed)
{
    (void)This;
    (void)fSpyed;
    return cbActual;
}

static int STDMETHODCALLTYPE post_did_alloc(IMallocSpy *This, void *pRequest, BOOL fSpyed,
                                            int fActual)
{
    (void)This;
    (void)pRequest;
    (void)fSpyed;
    return fActual;
}

static void STDMETHODCALLTYPE around_heap_minimize(IMallocSpy *This)
{
    (void)This;
}

static const IMallocSpyVtbl vtable = {
    .QueryInterface = query_interface,
    .AddRef = add_ref,
    .Release = release,
    .PreAlloc = pre_alloc,
    .PostAlloc = post_alloc,
    .PreFree = pre_free,
    .PostFree = post_free,
    .PreRealloc = pre_realloc,
    .PostRealloc = post_realloc,
    .PreGetSize = pre_question,
    .PostGetSize = post_get_size,
    .PreDidAlloc = pre_question,
    .PostDidAlloc = post_did_alloc,
    .PreHeapMinimize = around_heap_minimize,
    .PostHeapMinimize = around_heap_minimize,
};

static struct ch_leak_spy *make_in(struct ch_heap *heap)
{
    struct ch_leak_spy *spy = ch_heap_alloc(heap, sizeof(*spy));
    if (spy == NULL) {
        return NULL;
    }
    *spy = (struct ch_leak_spy){.object = {&vtable}, .references = 1};
    if (!ch_leaks_open(&spy->leaks, heap)) {
        return NULL;
    }
    ch_fork_lock_open(&spy->lock);
    return spy;
}

struct ch_leak_spy *ch_leak_spy_create(void)
{
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){.arena_bytes = ARENA_BYTES});
    struct ch_leak_spy *spy = heap != NULL ? make_in(heap) : NULL;
    if (spy == NULL) {
        ch_heap_destroy(heap);
    }
    return spy;
}

IMallocSpy *ch_leak_spy_object(struct ch_leak_spy *spy)
{
    return &spy->object;
}

struct ch_leak_counts ch_leak_spy_counts(struct ch_leak_spy *spy)
{
    struct ch_leak_counts counts = take(spy)->leaks.counts;
    give(spy);
    return counts;
}

// Returns the record after that of the block, which may have ended. Returns NULL iff there is none.
static struct ch_leak_record *record_after(const struct ch_leaks *leaks, const struct ch_leak *leak)
{
    struct ch_leak_record *record = ch_leaks_find(leaks, leak->block);
    if (record != NULL && record->leak.number == leak->number) {
        return record->newer;
    }
    record = leaks->oldest;
    while (record != NULL && record->leak.number <= leak->number) {
        record = record->newer;
    }
    return record;
}

// Stores the records after a block, up to that number, and returns how many. A block with number 0
// comes before all others.
static size_t list(struct ch_leak_spy *spy, const struct ch_leak *after, size_t to_number,
                   struct ch_leak *leaks, size_t capacity)
{
    size_t count = 0;
    struct ch_leak_record *record = record_after(&take(spy)->leaks, after);
    while (record != NULL && record->leak.number <= to_number && count < capacity) {
        leaks[count++] = record->leak;
        record = record->newer;
    }
    give(spy);
    return count;
}

size_t ch_leak_spy_list(struct ch_leak_spy *spy, struct ch_leak *leaks, size_t capacity)
{
    return list(spy, &(struct ch_leak){0}, SIZE_MAX, leaks, capacity);
}

// Defers a cancellation, so a thread that is being cancelled prints every line. No call of the
// library ends a thread.
static void print(const struct ch_leak *leaks, size_t count, FILE *file)
{
    int cancel_before = ch_threads_defer_cancel();
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(file, "block #%zu of %zu byte%s leaked, at %p\n", leaks[i].number,
                      leaks[i].size_bytes, leaks[i].size_bytes == 1 ? "" : "s", leaks[i].block);
    }
    ch_threads_restore_cancel(cancel_before);
}

// Prints without the lock: a stream may wait for a thread that waits for the spy.
size_t ch_leak_spy_print(struct ch_leak_spy *spy, FILE *file)
{
    struct ch_leak leaks[PRINTED_AT_ONCE];
    struct ch_leak last = {0};
    size_t to_number = ch_leak_spy_counts(spy).allocations;
    size_t printed = 0;
    for (;;) {
        size_t count = list(spy, &last, to_number, leaks, PRINTED_AT_ONCE);
        if (count == 0) {
            break;
        }
        print(leaks, count, file);
        printed += count;
        last = leaks[count - 1];
    }
    return printed;
}

void ch_leak_spy_destroy(struct ch_leak_spy *spy)
{
    if (spy != NULL) {
        (void)release(&spy->object);
    }
}
