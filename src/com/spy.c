// The registered spy: which calls it hears, the record of its blocks, and when it goes.
//
//     call -> lock -> Pre method -> heap in use -> Post method -> unlock
//                     (calls of the spy's own go the same way, on the same thread)
//
// A call holds the spy's lock from before the Pre method until after the Post method. Its thread
// may take the lock again, for the calls that the spy makes. A revoked spy goes when the outermost
// call is over and no spied block is left. References are released after the lock, so a spy may do
// anything then.
//
// fork waits until a call that the spy hears is over. So a child finds the spy between two calls,
// or in the call in which its own thread forks. Notes change under a second lock, inside the first.
//
// The file does not know where blocks come from.

#include "com/spy.h"

#include <comheap/heap.h>
#include <comheap/mallocspy.h>

#include "com/direct.h"
#include "com/pointers.h"
#include "com/source.h"
#include "pages/threads.h"

// The arena of the notes below. The table of a set takes at most half of it, beside the table that
// it grew out of.
#define NOTES_BYTES ((size_t)(SIZE_MAX > UINT32_MAX ? 0x40000000 : 0x4000000))

static struct ch_fork_lock known; // Guards the variables of this group.
static IMallocSpy *spy;           // NULL: no spy is registered, and there are no notes.
static bool is_revoked;
static struct ch_heap *notes;     // Holds both sets: a spy adds nothing to the task heap.
static struct ch_pointers spied;  // The pointers that callers hold, wherever their blocks lie.
static struct ch_pointers longer; // Blocks that are a byte longer than the spy requested.

static struct ch_fork_lock calls;      // Held around a call that the spy hears.
static CH_THREAD_LOCAL unsigned depth; // How many times the calling thread holds it.
static int cancel_before;              // Of the thread that holds it.

// A child may be forked before any call, so this can't wait for the first call.
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

// A spy that prints is a cancellation point. A thread that ended there would keep the lock.
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

// Returns false, and lets the next calls take the short way, iff no spy is registered.
static bool enter_with_spy(void)
{
    enter();
    if (spy != NULL) {
        return true;
    }
    ch_direct_set(ch_source_heap());
    leave();
    return false;
}

static BOOL is_spied(const void *pointer)
{
    return ch_pointers_has(&spied, pointer) ? TRUE : FALSE;
}

// Every pointer that a caller gets is spied. Without memory for the record, the caller gets none
// (row W11).
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

// A spy that puts a header before each block returns the end of the header for a request of 0
// bytes. If the block ended there, another block could start at that address, and two callers would
// hold it. So the block is a byte longer, and neither the spy nor the caller sees that byte (row
// S3_4_7a).
static void *alloc_actual(size_t size_bytes, size_t wanted_bytes)
{
    if (size_bytes == 0 && wanted_bytes != 0 && wanted_bytes % CH_GRANULE_BYTES == 0) {
        return alloc_longer(wanted_bytes);
    }
    void *actual = ch_source_alloc(wanted_bytes);
    ch_pointers_remove(&longer, actual); // A heap that was replaced may have had one there.
    return actual;
}

// A block that is a byte longer has a size of some whole granules and one byte.
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

// The old pointer leaves the set before the Post method, as its address may be another block's by
// then. The new one enters after it, as only then is it known.
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

// To a spy, too, Reallocate of NULL is Alloc, and Reallocate of a block to 0 bytes is Free (row
// S3_4_3).
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

// If QueryInterface registers a spy itself, that spy comes first.
static HRESULT register_found(IMallocSpy *found)
{
    HRESULT result = CO_E_OBJISREG;
    take_known();
    if (spy == NULL) {
        result = open_notes() ? S_OK : E_OUTOFMEMORY;
    }
    if (result == S_OK) {
        spy = found;
        ch_direct_set(NULL);
    }
    give_known();
    return result;
}

// Stores the reference that the caller has to release, or NULL.
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

HRESULT ch_spy_register(IMallocSpy *candidate)
{
    if (candidate == NULL) {
        return E_INVALIDARG;
    }
    IMallocSpy *unwanted = NULL;
    enter();
    HRESULT result = spy != NULL ? CO_E_OBJISREG : find_and_register(candidate, &unwanted);
    leave();
    if (unwanted != NULL) {
        int before = ch_threads_defer_cancel();
        (void)IMallocSpy_Release(unwanted);
        ch_threads_restore_cancel(before);
    }
    return result;
}

HRESULT ch_spy_revoke(void)
{
    enter();
    HRESULT result = CO_E_OBJNOTREG;
    if (spy != NULL) {
        is_revoked = true; // leave() does the rest.
        result = depth == 1 && spied.count == 0 ? S_OK : E_ACCESSDENIED;
    }
    leave();
    return result;
}
