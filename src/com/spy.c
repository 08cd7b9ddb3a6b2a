// The spy: who is registered, what it is told of each call, and when it goes.
//
// A call takes the spy's lock, from before the Pre method until after the Post method, and a thread
// that has it may take it again: calls that the spy makes meanwhile go the same way. The spy goes
// when the outermost call is over, if it is revoked and no spied block is left. References are
// given back after the lock, so a spy may do then what it likes.
//
// Forking waits until a call that the spy hears is over, so a child finds the spy between two
// calls; or in the one in which its own thread forks. Notes change under a second lock, within the
// first.
//
// Does not know where blocks come from.

#include "com/spy.h"

#include <comheap/heap.h>
#include <comheap/mallocspy.h>

#include "com/pointers.h"
#include "com/source.h"
#include "com/task.h"
#include "pages/threads.h"

// Addresses for the notes below. A set's table takes half of them at most, beside the one that it
// grew out of.
#define NOTES_BYTES ((size_t)(SIZE_MAX > UINT32_MAX ? 0x40000000 : 0x4000000))

static struct ch_fork_lock known; // Guards what stands here.
static IMallocSpy *spy;           // NULL: none is registered, and there are no notes.
static bool is_revoked;
static struct ch_heap *notes;     // For both sets: a spy costs nothing in the heap it looks at.
static struct ch_pointers spied;  // What callers hold, whatever the blocks behind that are.
static struct ch_pointers longer; // Blocks that have a byte more than the spy asked for.

static struct ch_fork_lock calls;      // Held around a call that the spy hears.
static CH_THREAD_LOCAL unsigned depth; // How often the calling thread has it.
static int cancel_before;              // Of the thread that has it.

// A child may be forked before any call, so this can't wait for the first one.
__attribute__((constructor)) static void prepare(void)
{
    ch_fork_lock_open(&calls);
    ch_fork_lock_open(&known);
}

static void take_known(void)
{
    ch_lock_take(&known.lock);
}

static void give_known(void)
{
    ch_lock_give(&known.lock);
}

// A spy that prints would be a cancellation point, where a thread ends with the lock.
static void enter(void)
{
    if (depth == 0) {
        int before = ch_threads_defer_cancel();
        ch_lock_take(&calls.lock);
        cancel_before = before;
    }
    depth++;
}

static void close_notes(void)
{
    ch_heap_destroy(notes);
    notes = NULL;
    spied = (struct ch_pointers){0};
    longer = (struct ch_pointers){0};
}

static bool open_notes(void)
{
    notes = ch_heap_create(&(struct ch_config){.arena_bytes = NOTES_BYTES});
    if (notes == NULL || !ch_pointers_open(&spied, notes, &known.lock) ||
        !ch_pointers_open(&longer, notes, &known.lock)) {
        close_notes();
        return false;
    }
    return true;
}

static IMallocSpy *forget_spy(void)
{
    take_known();
    IMallocSpy *gone = spy;
    spy = NULL;
    is_revoked = false;
    close_notes();
    give_known();
    return gone; // The next call opens the short way.
}

static void leave(void)
{
    IMallocSpy *gone = NULL;
    if (depth == 1 && is_revoked && spied.count == 0) {
        gone = forget_spy();
    }
    int before = cancel_before;
    depth--;
    bool is_outermost = depth == 0;
    if (is_outermost) {
        ch_lock_give(&calls.lock);
    }
    if (gone != NULL) {
        (void)IMallocSpy_Release(gone);
    }
    if (is_outermost) {
        ch_threads_restore_cancel(before);
    }
}

// Returns false, and lets the next calls go the short way, iff there is nobody to tell of this one.
static bool enter_with_spy(void)
{
    enter();
    if (spy != NULL) {
        return true;
    }
    ch_task_set_direct(ch_source_heap());
    leave();
    return false;
}

static BOOL is_spied(const void *pointer)
{
    return ch_pointers_has(&spied, pointer) ? TRUE : FALSE;
}

// Whatever the caller gets is spied. What can't be is not given out (spec S3.5 W11).
static void *give_out(void *pointer, bool is_reserved)
{
    if (!is_reserved) {
        return NULL;
    }
    ch_pointers_settle(&spied, pointer);
    return pointer;
}

static void *alloc_longer(size_t size_bytes)
{
    if (!ch_pointers_reserve(&longer)) {
        return NULL;
    }
    void *actual = ch_source_alloc(size_bytes + 1);
    ch_pointers_settle(&longer, actual);
    return actual;
}

// A spy that puts a header before each block answers a request for 0 bytes with the header's end.
// Where that is the end of a block, another one may start there, and two callers would hold one
// address: so the block has a byte more, and nobody is told of it (spec S3.4-7a).
static void *alloc_actual(size_t size_bytes, size_t wanted_bytes)
{
    if (size_bytes == 0 && wanted_bytes != 0 && wanted_bytes % CH_GRANULE_BYTES == 0) {
        return alloc_longer(wanted_bytes);
    }
    void *actual = ch_source_alloc(wanted_bytes);
    ch_pointers_remove(&longer, actual); // A heap that was replaced may have had one there.
    return actual;
}

// One that is longer has a byte more than some granules.
static size_t actual_bytes(void *request)
{
    size_t size_bytes = ch_source_size_bytes(request);
    bool is_longer = size_bytes % CH_GRANULE_BYTES == 1 && ch_pointers_has(&longer, request);
    return is_longer ? size_bytes - 1 : size_bytes;
}

static void *alloc_with_spy(size_t size_bytes)
{
    size_t wanted_bytes = IMallocSpy_PreAlloc(spy, size_bytes);
    if (size_bytes != 0 && wanted_bytes == 0) {
        return NULL;
    }
    bool is_reserved = ch_pointers_reserve(&spied);
    void *actual = is_reserved ? alloc_actual(size_bytes, wanted_bytes) : NULL;
    return give_out(IMallocSpy_PostAlloc(spy, actual), is_reserved);
}

void *ch_spy_alloc(size_t size_bytes)
{
    if (!enter_with_spy()) {
        return ch_source_alloc(size_bytes);
    }
    void *pointer = alloc_with_spy(size_bytes);
    leave();
    return pointer;
}

static void free_with_spy(void *pointer)
{
    BOOL was_spied = is_spied(pointer);
    void *request = IMallocSpy_PreFree(spy, pointer, was_spied);
    ch_pointers_remove(&longer, request);
    ch_source_free(request);
    ch_pointers_remove(&spied, pointer);
    IMallocSpy_PostFree(spy, was_spied);
}

void ch_spy_free(void *pointer)
{
    if (pointer == NULL) {
        return;
    }
    if (!enter_with_spy()) {
        ch_source_free(pointer);
        return;
    }
    free_with_spy(pointer);
    leave();
}

// The old pointer goes before the Post method, in which its address may already be another block's,
// and the new one comes after it, for only then is it known.
static void *realloc_with_spy(void *pointer, size_t size_bytes)
{
    BOOL was_spied = is_spied(pointer);
    void *request = pointer;
    size_t wanted_bytes = IMallocSpy_PreRealloc(spy, pointer, size_bytes, &request, was_spied);
    if (wanted_bytes == 0) {
        return NULL;
    }
    bool is_reserved = ch_pointers_reserve(&spied);
    void *actual = is_reserved ? ch_source_realloc(request, wanted_bytes) : NULL;
    if (actual != NULL) {
        ch_pointers_remove(&longer, request);
        ch_pointers_remove(&longer, actual);
        ch_pointers_remove(&spied, pointer);
    }
    return give_out(IMallocSpy_PostRealloc(spy, actual, was_spied), is_reserved);
}

// To a spy, too, a block comes from nothing by Alloc, and comes to nothing by Free (spec S3.4-3).
void *ch_spy_realloc(void *pointer, size_t size_bytes)
{
    if (pointer == NULL) {
        return ch_spy_alloc(size_bytes);
    }
    if (size_bytes == 0) {
        ch_spy_free(pointer);
        return NULL;
    }
    if (!enter_with_spy()) {
        return ch_source_realloc(pointer, size_bytes);
    }
    void *moved = realloc_with_spy(pointer, size_bytes);
    leave();
    return moved;
}

size_t ch_spy_size_bytes(void *pointer)
{
    if (pointer == NULL || !enter_with_spy()) {
        return ch_source_size_bytes(pointer);
    }
    BOOL was_spied = is_spied(pointer);
    size_t size_bytes = actual_bytes(IMallocSpy_PreGetSize(spy, pointer, was_spied));
    size_bytes = IMallocSpy_PostGetSize(spy, size_bytes, was_spied);
    leave();
    return size_bytes;
}

int ch_spy_did_alloc(void *pointer)
{
    if (pointer == NULL || !enter_with_spy()) {
        return ch_source_did_alloc(pointer);
    }
    BOOL was_spied = is_spied(pointer);
    int actual = ch_source_did_alloc(IMallocSpy_PreDidAlloc(spy, pointer, was_spied));
    int answer = IMallocSpy_PostDidAlloc(spy, pointer, was_spied, actual);
    leave();
    return answer;
}

void ch_spy_minimize(void)
{
    if (!enter_with_spy()) {
        ch_source_minimize();
        return;
    }
    IMallocSpy_PreHeapMinimize(spy);
    ch_source_minimize();
    IMallocSpy_PostHeapMinimize(spy);
    leave();
}

// A QueryInterface that registers a spy itself comes first.
static HRESULT register_found(IMallocSpy *found)
{
    HRESULT result = CO_E_OBJISREG;
    take_known();
    if (spy == NULL) {
        result = open_notes() ? S_OK : E_OUTOFMEMORY;
    }
    if (result == S_OK) {
        spy = found;
        ch_task_set_direct(NULL);
    }
    give_known();
    return result;
}

// Leaves a reference to give back, or NULL.
static HRESULT find_and_register(IMallocSpy *candidate, IMallocSpy **unwanted)
{
    void *found = NULL;
    if (FAILED(IMallocSpy_QueryInterface(candidate, &IID_IMallocSpy, &found)) || found == NULL) {
        return E_INVALIDARG;
    }
    HRESULT result = register_found(found);
    *unwanted = result == S_OK ? NULL : found;
    return result;
}

HRESULT CH_COM(CoRegisterMallocSpy)(LPMALLOCSPY pMallocSpy)
{
    if (pMallocSpy == NULL) {
        return E_INVALIDARG;
    }
    IMallocSpy *unwanted = NULL;
    enter();
    HRESULT result = spy != NULL ? CO_E_OBJISREG : find_and_register(pMallocSpy, &unwanted);
    leave();
    if (unwanted != NULL) {
        int before = ch_threads_defer_cancel();
        (void)IMallocSpy_Release(unwanted);
        ch_threads_restore_cancel(before);
    }
    return result;
}

HRESULT CH_COM(CoRevokeMallocSpy)(void)
{
    enter();
    HRESULT result = CO_E_OBJNOTREG;
    if (spy != NULL) {
        is_revoked = true; // Leaving does the rest.
        result = depth == 1 && spied.count == 0 ? S_OK : E_ACCESSDENIED;
    }
    leave();
    return result;
}
