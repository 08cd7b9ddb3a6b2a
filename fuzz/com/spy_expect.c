// The calls under way, and the methods that each has made the spy hear. The heap's work between the
// two methods of a call. The references to the spy, and the moment when it must go. The model knows
// which blocks are spied. Does not know the effects of a spy.

#include "com/spy_expect.h"

#include "laws/model.h"
#include "laws/oracle.h"
#include "laws/place.h"
#include "laws/reach.h"
#include "world/world.h"

#define DEEPEST 4U

// The counts of the heap are compared around every call while at most so many blocks are live.
#define COUNTED_A_CALL 64U

// The progress of a call.
enum stage { STAGE_CALLED, STAGE_ASKED, STAGE_REFUSED, STAGE_TOLD };

struct call {
    enum spy_call call;
    enum stage stage;
    const void *block;
    size_t size_bytes;
    size_t real_bytes;   // Of the block; SIZE_MAX: it is not known.
    size_t spare_bytes;  // The part of these that no spy hears of.
    size_t wanted_bytes; // The bytes of the heap for it after the call.
    bool is_spied;
    bool is_counted;               // The heap's counts are compared:
    struct heapfuzz_counts before; // those after the Pre method.
    uintptr_t answer;              // The spy's; 0 before its Post method.
};

static struct {
    struct heap *heap; // Of the outermost call.
    bool is_registered, is_pending;
    unsigned ways; // Of the registered spy.
    unsigned references, queries;
    struct call calls[DEEPEST];
    unsigned depth;
    const void *own_block; // The block that the spy made for itself.
    size_t own_bytes;
    size_t counts_due;
} expect;

static const char *const pre_names[] = {"PreAlloc",   "PreFree",     "PreRealloc",
                                        "PreGetSize", "PreDidAlloc", "PreHeapMinimize",
                                        "nothing",    "nothing"};
static const char *const post_names[] = {"PostAlloc",   "PostFree",     "PostRealloc",
                                         "PostGetSize", "PostDidAlloc", "PostHeapMinimize",
                                         "nothing",     "nothing"};

static struct call *innermost(void)
{
    return expect.depth == 0 ? NULL : &expect.calls[expect.depth - 1];
}

// Returns the name of the method whose turn it is.
static const char *due(void)
{
    const struct call *call = innermost();
    return call == NULL                  ? "nothing"
           : call->stage == STAGE_CALLED ? pre_names[call->call]
           : call->stage == STAGE_ASKED  ? post_names[call->call]
                                         : "nothing";
}

static bool is_about_block(enum spy_call call)
{
    return call >= SPY_CALL_FREE && call <= SPY_CALL_OWNS;
}

static bool grants(const struct call *call)
{
    return (call->call == SPY_CALL_ALLOC || call->call == SPY_CALL_REALLOC) && call->answer != 0;
}

// Returns whether the call ends its block, or has another one in its place.
static bool ends_block(const struct call *call)
{
    return call->call == SPY_CALL_FREE || (call->call == SPY_CALL_REALLOC && grants(call));
}

// Returns the live block at an address. A block that the outermost call has ended is not live in
// its Post method, although the model learns that later.
static const struct held *live_at(const void *address)
{
    const struct call *outer = &expect.calls[0];
    bool has_ended = expect.depth > 0 && outer->stage == STAGE_TOLD && outer->block == address &&
                     ends_block(outer);
    return address == NULL || has_ended ? NULL : model_at(address);
}

// Returns the size that the heap receives where a caller requests this one.
static size_t real_bytes_for(size_t size_bytes)
{
    size_t asked_bytes = spy_asked_bytes(expect.ways, size_bytes);
    return asked_bytes + model_spare_bytes(size_bytes, asked_bytes);
}

bool spy_expect_begin(struct heap *heap, enum spy_call call, const void *block, size_t size_bytes)
{
    bool is_request = call == SPY_CALL_ALLOC || call == SPY_CALL_REALLOC;
    if (expect.depth == 0 && is_request && expect.is_registered) {
        heap->request.held_bytes = spy_held_bytes(expect.ways, size_bytes);
        heap->request.asked_bytes = real_bytes_for(size_bytes);
    }
    if (!expect.is_registered && call != SPY_CALL_REGISTER) {
        return false;
    }
    expect.heap = heap;
    const struct held *held = live_at(block);
    bool is_own = block != NULL && block == expect.own_block;
    expect.queries = 0;
    expect.calls[expect.depth++] = (struct call){
        .call = call,
        .block = block,
        .size_bytes = size_bytes,
        .real_bytes = is_own         ? expect.own_bytes
                      : held == NULL ? SIZE_MAX
                                     : model_real_bytes(held),
        .spare_bytes = held != NULL ? held->spare_bytes : 0,
        .wanted_bytes = real_bytes_for(size_bytes),
        .is_spied = is_own || (held != NULL && held->is_wrapped),
    };
    return true;
}

CHECK void spy_expect_check_pre_due(enum spy_call call)
{
    struct call *now = innermost();
    LAW(SPY, now != NULL && now->call == call && now->stage == STAGE_CALLED,
        "%s is called where %s is due", pre_names[call], due());
}

CHECK void spy_expect_check_block(enum spy_call call, const void *block)
{
    const struct call *now = innermost();
    LAW(SPY, block == now->block, "%s receives %s, the call was about %s", pre_names[call],
        place_name((uintptr_t)block), place_name((uintptr_t)now->block));
}

CHECK void spy_expect_check_size(enum spy_call call, size_t size_bytes)
{
    const struct call *now = innermost();
    LAW(SPY, size_bytes == now->size_bytes, "%s receives %zu bytes, the caller requested %zu",
        pre_names[call], size_bytes, now->size_bytes);
}

CHECK void spy_expect_check_spied(enum spy_call call, bool is_spied)
{
    const struct call *now = innermost();
    LAW(SPY, is_spied == now->is_spied, "%s hears that the block is %s, and it is %s",
        pre_names[call], is_spied ? "spied" : "not spied", now->is_spied ? "spied" : "not");
}

// Reads the counts of the heap itself, which no spy hears. Returns false iff it does not count.
static bool count(struct heapfuzz_counts *counts)
{
    const struct heapfuzz_port *port = &expect.heap->subject->port;
    if (port->count != NULL) {
        port->count(counts);
    }
    return port->count != NULL;
}

// Returns whether the counts are to be compared around a call. A heap may walk its blocks to count
// them. So a query is left out, since law counts sees one that changes them. Other calls are
// compared as often as sizes are: each while few blocks are live, less often with more.
static bool is_count_due(const struct call *call)
{
    if (call->call == SPY_CALL_SIZE || call->call == SPY_CALL_OWNS) {
        return false;
    }
    expect.counts_due += COUNTED_A_CALL;
    if (expect.counts_due < model.live_blocks) {
        return false;
    }
    expect.counts_due = 0;
    return true;
}

void spy_expect_asked(bool refuses)
{
    struct call *now = innermost();
    now->stage = refuses ? STAGE_REFUSED : STAGE_ASKED;
    now->is_counted = is_count_due(now) && count(&now->before);
    if (expect.depth == 1) {
        expect.heap->request.is_refused = refuses;
    }
}

CHECK void spy_expect_check_block_size(enum spy_call call, uintptr_t actual)
{
    const struct call *now = innermost();
    size_t asked_bytes = now->real_bytes - now->spare_bytes;
    if (call == SPY_CALL_SIZE) {
        LAW(SPY, actual == asked_bytes || now->real_bytes == SIZE_MAX,
            "PostGetSize receives %zu, the block has %zu bytes", (size_t)actual, asked_bytes);
    }
}

CHECK void spy_expect_check_asked_about(enum spy_call call, uintptr_t actual)
{
    const struct call *now = innermost();
    if (call == SPY_CALL_OWNS) {
        LAW(SPY, actual == (uintptr_t)now->block,
            "PostDidAlloc receives %s, the caller asked about %s", place_name(actual),
            place_name((uintptr_t)now->block));
    }
}

void spy_expect_answered(uintptr_t answer)
{
    struct call *now = innermost();
    now->stage = STAGE_TOLD;
    now->answer = answer;
}

// Checks that the call is done when its Post method runs, and that no part of it was done before
// the Pre method returned.
CHECK void spy_expect_check_done(void)
{
    const struct call *now = innermost();
    struct heapfuzz_counts counts;
    if (!now->is_counted || !count(&counts)) {
        return;
    }
    size_t blocks = now->before.live_blocks + grants(now) - ends_block(now);
    size_t bytes = now->before.live_bytes + (grants(now) ? now->wanted_bytes : 0) -
                   (ends_block(now) ? now->real_bytes : 0);
    LAW(SPY, counts.live_blocks == blocks && counts.live_bytes == bytes,
        "%s is called when %zu blocks of %zu bytes are live, expected %zu of %zu",
        post_names[now->call], counts.live_blocks, counts.live_bytes, blocks, bytes);
}

CHECK void spy_expect_check_pages(enum spy_call call)
{
    const struct heap *heap = expect.heap;
    struct heapfuzz_counts counts;
    if (call == SPY_CALL_MINIMIZE && count(&counts)) {
        LAW(SPY, world_committed_bytes() <= oracle_most_committed(heap),
            "PostHeapMinimize is called when the heap holds %zu bytes of pages, it may hold %zu",
            world_committed_bytes(), oracle_most_committed(heap));
    }
}

CHECK void spy_expect_check_post_due(enum spy_call call)
{
    struct call *now = innermost();
    LAW(SPY, now != NULL && now->call == call && now->stage == STAGE_ASKED,
        "%s is called where %s is due", post_names[call], due());
}

CHECK void spy_expect_check_was_spied(enum spy_call call, bool is_spied)
{
    const struct call *now = innermost();
    LAW(SPY, is_spied == now->is_spied, "%s hears that the block %s, and it %s", post_names[call],
        is_spied ? "was spied" : "was not spied", now->is_spied ? "was" : "was not");
}

// Returns the number of spied blocks after the outermost call. The model learns it after the call.
static size_t spied_after(const struct call *call)
{
    bool is_gone = call->is_spied && ends_block(call);
    return model.wrapped_blocks + grants(call) - is_gone;
}

// Returns whether the spy must be gone after the outermost call.
static bool must_go(void)
{
    const struct call *call = &expect.calls[0];
    return (expect.is_pending || call->call == SPY_CALL_REVOKE) && spied_after(call) == 0;
}

void spy_expect_query(bool is_spy, bool is_found)
{
    const struct call *now = innermost();
    LAW(SPY, now != NULL && now->call == SPY_CALL_REGISTER && expect.queries++ == 0,
        "QueryInterface is called where %s is due, or again", due());
    LAW(SPY, is_spy, "QueryInterface is for another interface, or of another object");
    expect.references += is_found;
}

void spy_expect_add(void)
{
    LAW(SPY, false, "AddRef is called: QueryInterface has added the reference");
}

// A reference beyond that of the registered spy is one that a registration took in vain.
void spy_expect_release(void)
{
    const struct call *now = innermost();
    bool is_over = now != NULL && (now->stage >= STAGE_REFUSED || now->call == SPY_CALL_REVOKE);
    bool is_vain = now != NULL && now->call == SPY_CALL_REGISTER && expect.references > 1;
    LAW(SPY, is_vain || (is_over && expect.depth == 1 && must_go()),
        "Release is called where %s is due, with %zu spied blocks live", due(),
        model.wrapped_blocks);
    LAW(SPY, expect.references > 0, "Release is called once more than there are references");
    expect.references--;
}

static void check_answer(const struct call *call, uintptr_t answer)
{
    LAW(SPY, call->stage >= STAGE_REFUSED, "the call is over where %s is due", due());
    LAW(SPY, answer == call->answer,
        call->call == SPY_CALL_SIZE ? "the caller receives %zu, the spy returned %zu"
                                    : "the caller receives 0x%zx, the spy returned 0x%zx",
        (size_t)answer, (size_t)call->answer);
}

static void end_spying(void)
{
    expect.is_registered = false;
    expect.is_pending = false;
    model.is_wrapped = false;
    model.front_bytes = 0;
    model.tail_bytes = 0;
}

static void note_reached(const struct call *call)
{
    bool is_other = call->call == SPY_CALL_REALLOC && grants(call);
    reach_mark(REACH_SPIED_LATER, is_other && !call->is_spied);
    reach_mark(REACH_SPIED_BEFORE, call->call == SPY_CALL_FREE && !call->is_spied);
    reach_mark(REACH_SPIED_PENDING, grants(call) && expect.is_pending && !is_other);
    reach_mark(REACH_REVOKED_LATE, must_go() && call->is_spied);
}

// Ends an outermost call. The spy goes with it, if at all.
static void settle(const struct call *call)
{
    bool goes = must_go();
    note_reached(call);
    LAW(SPY, expect.references == (expect.is_registered && !goes),
        "%u references of the spy are held, expected %d", expect.references,
        expect.is_registered && !goes);
    if (goes) {
        end_spying();
    }
}

void spy_expect_end(uintptr_t answer)
{
    struct call *call = innermost();
    if (is_about_block(call->call) || call->call == SPY_CALL_ALLOC ||
        call->call == SPY_CALL_MINIMIZE) {
        check_answer(call, answer);
    }
    if (expect.depth == 1) {
        settle(call);
    } else if (call->call == SPY_CALL_ALLOC) {
        expect.own_block = (const void *)answer;
        expect.own_bytes = real_bytes_for(call->size_bytes);
    } else if (call->call == SPY_CALL_FREE) {
        expect.own_block = NULL;
    }
    expect.depth--;
}

HRESULT spy_expect_expected_register(enum spy_kind kind)
{
    return kind == SPY_NULL       ? E_INVALIDARG
           : expect.is_registered ? CO_E_OBJISREG
           : kind == SPY_UNFIT    ? E_INVALIDARG
                                  : S_OK;
}

HRESULT spy_expect_expected_revoke(void)
{
    bool is_busy = expect.depth > 0 || model.wrapped_blocks > 0;
    return !expect.is_registered ? CO_E_OBJNOTREG : is_busy ? E_ACCESSDENIED : S_OK;
}

void spy_expect_registered(unsigned ways)
{
    expect.is_registered = true;
    expect.counts_due = 0; // A replay compares the same calls.
    expect.ways = ways;
    model.is_wrapped = true;
    model.front_bytes = spy_front_bytes(ways);
    model.tail_bytes = spy_tail_bytes(ways);
}

void spy_expect_revoked(void)
{
    expect.is_pending = true;
}

bool spy_expect_is_registered(void)
{
    return expect.is_registered;
}
