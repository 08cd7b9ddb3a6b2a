// The spy as an object: its effect on each call, in Pre and Post methods. Each method first holds
// its arguments against the law, in spy_expect.c.

#include "com/spy.h"

#include <string.h>

#include "com/com_oracle.h"
#include "com/spy_expect.h"
#include "com/spy_methods.h"
#include "com/spy_ways.h"
#include "laws/model.h"
#include "world/world.h"

#define OWN_BYTES 8U
#define REFUSED_ONE_IN 7U

static struct {
    unsigned ways;
    enum spy_kind kind;
    struct heap *heap;
    bool is_inside; // A call of its own is under way.
    void *block;    // Of the last call that was not its own.
    unsigned own_blocks;
} spy;

static bool does(enum spy_way way)
{
    return (spy.ways & way) != 0;
}

static void *inner(void *pointer, BOOL is_spied)
{
    return is_spied ? (char *)pointer - spy_front_bytes(spy.ways) : pointer;
}

static void *outer(void *pointer)
{
    return pointer != NULL ? (char *)pointer + spy_front_bytes(spy.ways) : NULL;
}

// Returns the functions for the spy's own calls, which are no request of the caller's.
static const struct extension *calls(void)
{
    return spy.heap->extension;
}

static void ask_owner(const void *block)
{
    if (spy.heap->subject->port.owns != NULL) {
        (void)calls()->owns(spy.heap, block);
    }
}

// Makes and frees a block of the spy's own. Every second time it reallocates from NULL and to
// nothing, of which the spy has to hear the same.
static void make_own_block(void)
{
    bool reallocates = spy.own_blocks++ % 2 == 1;
    void *own = reallocates ? calls()->reallocate(spy.heap, FACE_TASK, NULL, OWN_BYTES)
                            : calls()->allocate(spy.heap, FACE_IMALLOC, OWN_BYTES);
    if (own == NULL) {
        return;
    }
    model_pass(spy_asked_bytes(spy.ways, OWN_BYTES));
    (void)calls()->size(spy.heap, FACE_IMALLOC, own);
    ask_owner(own);
    if (reallocates) {
        (void)calls()->reallocate(spy.heap, FACE_IMALLOC, own, 0);
    } else {
        calls()->free(spy.heap, FACE_TASK, own);
    }
}

// Makes calls of the spy's own inside a caller's call: about a block, and for one that comes and
// goes. Pages that the world refuses meanwhile do not count as the caller's.
static void reenter(void *block)
{
    if (spy.is_inside || !does(SPY_REENTERS)) {
        return;
    }
    uint64_t refusals = world_refusals();
    uint64_t refusals_before = spy.heap->refusals_before;
    spy.is_inside = true;
    if (block != NULL) {
        (void)calls()->size(spy.heap, FACE_IMALLOC, block);
        ask_owner(block);
    }
    make_own_block();
    spy.is_inside = false;
    spy.heap->refusals_before = refusals_before + (world_refusals() - refusals);
}

// Runs in each Pre method. The Post method queries the same block, which may be gone then.
static void enter_call(void *block)
{
    if (!spy.is_inside) {
        spy.block = block;
    }
    reenter(block);
}

// Runs in each method of a call that changes the set of live blocks.
static void revoke_itself(void)
{
    if (!spy.is_inside && does(SPY_REVOKES)) {
        (void)spy_revoke(spy.heap);
    }
}

static bool refuses(size_t size_bytes)
{
    return does(SPY_REFUSES) && size_bytes % REFUSED_ONE_IN == 3;
}

static SIZE_T STDMETHODCALLTYPE pre_alloc(SPY_THIS, SIZE_T cbRequest)
{
    SPY_EXPECT_PRE(SPY_CALL_ALLOC, NULL, cbRequest, false);
    revoke_itself();
    enter_call(NULL);
    bool is_refused = refuses(cbRequest);
    spy_expect_asked(is_refused);
    return is_refused ? 0 : spy_asked_bytes(spy.ways, cbRequest);
}

static void *STDMETHODCALLTYPE post_alloc(SPY_THIS, void *pActual)
{
    void *pointer = outer(pActual);
    SPY_EXPECT_POST(SPY_CALL_ALLOC, (uintptr_t)pActual, false, (uintptr_t)pointer);
    revoke_itself();
    reenter(pointer);
    return pointer;
}

static void *STDMETHODCALLTYPE pre_free(SPY_THIS, void *pRequest, BOOL fSpyed)
{
    SPY_EXPECT_PRE(SPY_CALL_FREE, pRequest, 0, fSpyed);
    revoke_itself();
    enter_call(pRequest);
    spy_expect_asked(false);
    return inner(pRequest, fSpyed);
}

static void STDMETHODCALLTYPE post_free(SPY_THIS, BOOL fSpyed)
{
    SPY_EXPECT_POST(SPY_CALL_FREE, 0, fSpyed, 0);
    revoke_itself();
    reenter(spy.block);
}

// A block from before the spy has none of its bytes in front. So a spy that shifts refuses it.
static SIZE_T STDMETHODCALLTYPE pre_realloc(SPY_THIS, void *pRequest, SIZE_T cbRequest,
                                            void **ppNewRequest, BOOL fSpyed)
{
    SPY_EXPECT_PRE(SPY_CALL_REALLOC, pRequest, cbRequest, fSpyed);
    revoke_itself();
    enter_call(pRequest);
    bool is_refused = (!fSpyed && does(SPY_SHIFTS)) || refuses(cbRequest);
    spy_expect_asked(is_refused);
    *ppNewRequest = inner(pRequest, fSpyed);
    return is_refused ? 0 : spy_asked_bytes(spy.ways, cbRequest);
}

static void *STDMETHODCALLTYPE post_realloc(SPY_THIS, void *pActual, BOOL fSpyed)
{
    void *pointer = outer(pActual);
    SPY_EXPECT_POST(SPY_CALL_REALLOC, (uintptr_t)pActual, fSpyed, (uintptr_t)pointer);
    revoke_itself();
    reenter(spy.block);
    return pointer;
}

static void *STDMETHODCALLTYPE pre_get_size(SPY_THIS, void *pRequest, BOOL fSpyed)
{
    SPY_EXPECT_PRE(SPY_CALL_SIZE, pRequest, 0, fSpyed);
    enter_call(pRequest);
    spy_expect_asked(false);
    return inner(pRequest, fSpyed);
}

static SIZE_T STDMETHODCALLTYPE post_get_size(SPY_THIS, SIZE_T cbActual, BOOL fSpyed)
{
    size_t size_bytes =
        fSpyed ? cbActual - spy_front_bytes(spy.ways) - spy_tail_bytes(spy.ways) : cbActual;
    SPY_EXPECT_POST(SPY_CALL_SIZE, cbActual, fSpyed, size_bytes);
    reenter(spy.block);
    return size_bytes;
}

static void *STDMETHODCALLTYPE pre_did_alloc(SPY_THIS, void *pRequest, BOOL fSpyed)
{
    SPY_EXPECT_PRE(SPY_CALL_OWNS, pRequest, 0, fSpyed);
    enter_call(pRequest);
    spy_expect_asked(false);
    return inner(pRequest, fSpyed);
}

static int STDMETHODCALLTYPE post_did_alloc(SPY_THIS, void *pRequest, BOOL fSpyed, int fActual)
{
    SPY_EXPECT_POST(SPY_CALL_OWNS, (uintptr_t)pRequest, fSpyed, (uintptr_t)fActual);
    reenter(spy.block);
    return fActual;
}

static void STDMETHODCALLTYPE pre_heap_minimize(SPY_THIS)
{
    SPY_EXPECT_PRE(SPY_CALL_MINIMIZE, NULL, 0, false);
    enter_call(NULL);
    spy_expect_asked(false);
}

static void STDMETHODCALLTYPE post_heap_minimize(SPY_THIS)
{
    SPY_EXPECT_POST(SPY_CALL_MINIMIZE, 0, false, 0);
    reenter(spy.block);
}

static HRESULT STDMETHODCALLTYPE query_interface(IMallocSpy *This, REFIID riid, void **ppv);

static ULONG STDMETHODCALLTYPE add_ref(SPY_THIS)
{
    spy_expect_add();
    return 2;
}

static ULONG STDMETHODCALLTYPE release(SPY_THIS)
{
    spy_expect_release();
    return 0;
}

// `door` is registered, and its QueryInterface returns `object`. Only `object` has other methods.
static IMallocSpy object = {&(const IMallocSpyVtbl)SPY_METHODS};
static IMallocSpy door = {&(const IMallocSpyVtbl){.QueryInterface = query_interface}};

static HRESULT STDMETHODCALLTYPE query_interface(IMallocSpy *This, REFIID riid, void **ppv)
{
    bool is_found = spy.kind < SPY_UNFIT;
    bool is_spy = memcmp(riid, &IID_IMallocSpy, sizeof *riid) == 0;
    spy_expect_query(This == &door && is_spy, is_found);
    *ppv = is_found ? &object : NULL;
    return is_found ? S_OK : E_NOINTERFACE;
}

HRESULT spy_register(struct heap *heap, uint32_t number)
{
    spy.heap = heap;
    spy.kind = (enum spy_kind)(number / SPY_WAYS % SPY_KINDS);
    HRESULT expected = spy_expect_expected_register(spy.kind);
    bool is_heard = spy_expect_begin(heap, SPY_CALL_REGISTER, NULL, 0);
    HRESULT result = heap->subject->parts.com->register_spy(spy.kind == SPY_NULL ? NULL : &door);
    com_oracle_registered(result, expected);
    if (result == S_OK) {
        spy.ways = number % SPY_WAYS;
        spy.own_blocks = 0;
        spy_expect_registered(spy.ways);
    }
    if (is_heard) {
        spy_expect_end(0);
    }
    return result;
}

HRESULT spy_revoke(struct heap *heap)
{
    HRESULT expected = spy_expect_expected_revoke();
    bool is_heard = spy_expect_begin(heap, SPY_CALL_REVOKE, NULL, 0);
    HRESULT result = heap->subject->parts.com->revoke_spy();
    com_oracle_revoked(result, expected);
    if (result == E_ACCESSDENIED) {
        spy_expect_revoked();
    }
    if (is_heard) {
        spy_expect_end(0);
    }
    return result;
}

void spy_close(struct heap *heap)
{
    if (spy_expect_is_registered()) {
        (void)spy_revoke(heap);
    }
    spy.ways = 0;
}
