// The choice between copies of the library. A process may have several, of which plugins contain
// one each, and task memory is one allocator all the same. So the first copy that stays loaded
// serves all that were loaded after it.
//
//     first copy    call -> direct heap
//     another one   call -> direct is NULL -> this file -> IMalloc of the first copy
//
// The copies share nothing but the offer: COM's interface, two functions for spies, and two for
// forks. A heap is used only by the copy that made it, because the threads have other numbers in
// each. So the copies may be of different versions.
//
// The choice is made when the loader calls prepare, or at a use before that, and never changes. The
// drop-in has no task memory, so it is no copy.
//
// A copy that can't share says so at its first use. One that was given a heap by ch_task_heap_use
// serves itself meanwhile.

#include "com/copies.h"

#include <comheap/mallocspy.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

#include "com/source.h"
#include "com/spy.h"
#include "pages/copies.h"
#include "pages/print.h"
#include "pages/threads.h"

// The layout has the number that pages/copies_elf.c puts into the note.
struct ch_copy_offer {
    IMalloc *allocator;
    HRESULT (*register_spy)(IMallocSpy *spy);
    HRESULT (*revoke_spy)(void);
    const struct ch_fork_steps *fork_steps;
};

__attribute__((used)) // By the note.
const struct ch_copy_offer ch_copy_offer = {
    .allocator = &ch_task_allocator,
    .register_spy = ch_spy_register,
    .revoke_spy = ch_spy_revoke,
    .fork_steps = &ch_fork_steps,
};

static _Atomic(const struct ch_copy_offer *) chosen; // NULL: not chosen yet.
static atomic_bool has_to_say; // Another copy has task memory of its own, and nobody said so yet.

static const struct ch_copy_offer *choose(void)
{
    struct ch_copies copies = ch_copies_find();
    const struct ch_copy_offer *before = NULL;
    const struct ch_copy_offer *now = copies.first != NULL ? copies.first : &ch_copy_offer;
    if (atomic_compare_exchange_strong(&chosen, &before, now)) {
        atomic_store(&has_to_say, copies.is_second);
        if (copies.first != NULL) { // It calls spies of ours while it holds its lock.
            ch_fork_steps_nest(now->fork_steps);
        }
    }
    return atomic_load(&chosen);
}

// Chooses before there is a second thread: a child that is forked meanwhile could find the loader's
// lock taken.
__attribute__((constructor)) static void prepare(void)
{
    if (atomic_load(&chosen) == NULL) {
        (void)choose();
    }
}

static void say(void)
{
    if (atomic_exchange(&has_to_say, false)) {
        int errno_before = errno; // A call that returns NULL leaves errno alone (spec A13).
        char line[128];
        int length = snprintf(line, sizeof line,
                              "comheap: two plugins contain this library and have separate task "
                              "memory: %s\n",
                              ch_copies_remedy);
        ch_print_error(line, (size_t)length);
        errno = errno_before;
    }
}

// Returns the offer of the copy that serves this one, or NULL iff it serves itself.
static const struct ch_copy_offer *other_copy(void)
{
    const struct ch_copy_offer *offer = atomic_load_explicit(&chosen, memory_order_acquire);
    if (offer == NULL) {
        offer = choose();
    }
    if (atomic_load_explicit(&has_to_say, memory_order_relaxed)) {
        say();
    }
    return offer == &ch_copy_offer || ch_source_is_chosen() ? NULL : offer;
}

IMalloc *ch_long_allocator(void)
{
    const struct ch_copy_offer *other = other_copy();
    return other != NULL ? other->allocator : &ch_task_allocator;
}

void *ch_long_alloc(size_t size_bytes)
{
    const struct ch_copy_offer *other = other_copy();
    return other != NULL ? IMalloc_Alloc(other->allocator, size_bytes) : ch_spy_alloc(size_bytes);
}

void *ch_long_realloc(void *pointer, size_t size_bytes)
{
    const struct ch_copy_offer *other = other_copy();
    return other != NULL ? IMalloc_Realloc(other->allocator, pointer, size_bytes)
                         : ch_spy_realloc(pointer, size_bytes);
}

void ch_long_free(void *pointer)
{
    const struct ch_copy_offer *other = other_copy();
    if (other != NULL) {
        IMalloc_Free(other->allocator, pointer);
    } else {
        ch_spy_free(pointer);
    }
}

size_t ch_long_size_bytes(void *pointer)
{
    const struct ch_copy_offer *other = other_copy();
    return other != NULL ? IMalloc_GetSize(other->allocator, pointer) : ch_spy_size_bytes(pointer);
}

int ch_long_did_alloc(void *pointer)
{
    const struct ch_copy_offer *other = other_copy();
    return other != NULL ? IMalloc_DidAlloc(other->allocator, pointer) : ch_spy_did_alloc(pointer);
}

void ch_long_minimize(void)
{
    const struct ch_copy_offer *other = other_copy();
    if (other != NULL) {
        IMalloc_HeapMinimize(other->allocator);
    } else {
        ch_spy_minimize();
    }
}

HRESULT CH_COM(CoRegisterMallocSpy)(LPMALLOCSPY pMallocSpy)
{
    const struct ch_copy_offer *other = other_copy();
    return other != NULL ? other->register_spy(pMallocSpy) : ch_spy_register(pMallocSpy);
}

HRESULT CH_COM(CoRevokeMallocSpy)(void)
{
    const struct ch_copy_offer *other = other_copy();
    return other != NULL ? other->revoke_spy() : ch_spy_revoke();
}
