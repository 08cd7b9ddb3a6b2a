// A spy that comes and goes while threads use task memory. Its calls come one at a time, and each
// Pre method has its Post method. It hears the truth about a block whichever thread frees it, and
// it is released once, when the last spied block is gone. A process that is forked meanwhile has a
// child that can go on, also when a thread was in a call. When the spy forks in a call, other
// threads of the child wait for its end.
//
//     spy [ROUNDS [FORKS [SEED]]]

#define _DEFAULT_SOURCE // For usleep.

#include "../../fuzz/com/spy_methods.h"
#include "crew.h"

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HAMMERS 3U
#define SLOTS 32U
#define CHILD_SECONDS 10U
#define IN_CALL_MICROSECONDS 20000U

// Not atomic: the lock around the calls keeps threads apart.
struct counting_spy {
    IMallocSpy spy;
    bool is_inside;
    size_t live; // Spied blocks.
    size_t calls;
    SIZE_T request_bytes;
    atomic_uint references;
    bool forks; // In the next PreAlloc.
    pid_t child;
    struct crew_thread *caller; // Of the child, while the call is still under way.
};

struct hammered {
    uint64_t seed;
    _Atomic bool is_over;
    _Atomic bool is_paused; // No thread makes a block.
    atomic_size_t steps;
    _Atomic(unsigned char *) mailbox[SLOTS]; // One thread leaves a block, another may free it.
};

static struct counting_spy *of(IMallocSpy *This)
{
    return (struct counting_spy *)(void *)This;
}

static struct counting_spy *begin(IMallocSpy *This)
{
    struct counting_spy *spy = of(This);
    CLAIM(!spy->is_inside, "a call began before another was over");
    CLAIM(atomic_load(&spy->references) == 1, "a spy that is gone heard a call");
    spy->is_inside = true;
    spy->calls++;
    return spy;
}

static struct counting_spy *end(IMallocSpy *This)
{
    CLAIM(of(This)->is_inside, "a call was over before it began");
    of(This)->is_inside = false;
    return of(This);
}

static HRESULT query_interface(IMallocSpy *This, REFIID riid, void **ppv)
{
    (void)riid;
    atomic_fetch_add(&of(This)->references, 1);
    *ppv = This;
    return S_OK;
}

static ULONG add_ref(IMallocSpy *This)
{
    CLAIM(This == NULL, "a reference was added beside that of the query");
    return 0;
}

static ULONG release(IMallocSpy *This)
{
    CLAIM(!of(This)->is_inside && of(This)->live == 0, "the spy went with %zu blocks",
          of(This)->live);
    return (ULONG)atomic_fetch_sub(&of(This)->references, 1) - 1;
}

static void call_once(unsigned number, void *argument)
{
    (void)number, (void)argument;
    CoTaskMemFree(CoTaskMemAlloc(2));
}

static void fork_in_call(struct counting_spy *spy)
{
    spy->forks = false;
    spy->child = fork();
    if (spy->child == 0) {
        (void)alarm(CHILD_SECONDS);
        spy->caller = crew_start(call_once, 0, NULL);
        (void)usleep(IN_CALL_MICROSECONDS);
    }
}

static SIZE_T pre_alloc(IMallocSpy *This, SIZE_T cbRequest)
{
    begin(This)->request_bytes = cbRequest;
    if (of(This)->forks) {
        fork_in_call(of(This));
    }
    return cbRequest;
}

static void *post_alloc(IMallocSpy *This, void *pActual)
{
    CLAIM(pActual != NULL, "%zu bytes were refused", of(This)->request_bytes);
    end(This)->live++;
    return pActual;
}

static void *pre_free(IMallocSpy *This, void *pRequest, BOOL fSpyed)
{
    begin(This)->live -= fSpyed ? 1 : 0;
    return pRequest;
}

static void post_free(IMallocSpy *This, BOOL fSpyed)
{
    (void)fSpyed;
    (void)end(This);
}

static SIZE_T pre_realloc(IMallocSpy *This, void *pRequest, SIZE_T cbRequest, void **ppNewRequest,
                          BOOL fSpyed)
{
    CLAIM(*ppNewRequest == pRequest, "the spy got another block to reallocate");
    begin(This)->live += fSpyed ? 0 : 1;
    return cbRequest;
}

static void *post_realloc(IMallocSpy *This, void *pActual, BOOL fSpyed)
{
    (void)fSpyed;
    CLAIM(pActual != NULL, "a block was not reallocated");
    (void)end(This);
    return pActual;
}

static void *pre_get_size(IMallocSpy *This, void *pRequest, BOOL fSpyed)
{
    (void)fSpyed;
    (void)begin(This);
    return pRequest;
}

static SIZE_T post_get_size(IMallocSpy *This, SIZE_T cbActual, BOOL fSpyed)
{
    (void)fSpyed;
    (void)end(This);
    return cbActual;
}

static void *pre_did_alloc(IMallocSpy *This, void *pRequest, BOOL fSpyed)
{
    (void)fSpyed;
    (void)begin(This);
    return pRequest;
}

static int post_did_alloc(IMallocSpy *This, void *pRequest, BOOL fSpyed, int fActual)
{
    (void)pRequest;
    (void)fSpyed;
    (void)end(This);
    return fActual;
}

static void pre_heap_minimize(IMallocSpy *This)
{
    (void)begin(This);
}

static void post_heap_minimize(IMallocSpy *This)
{
    (void)end(This);
}

static const IMallocSpyVtbl vtable = SPY_METHODS;

static IMalloc *allocator(void)
{
    IMalloc *found = NULL;
    CLAIM(CoGetMalloc(MEMCTX_TASK, &found) == S_OK, "there is no task allocator");
    return found;
}

// Makes a block, changes it, and leaves it for the next thread that comes to the slot.
static void use(struct hammered *hammered, uint64_t *random)
{
    size_t size_bytes = 1 + crew_below(random, 500);
    bool is_alloc = crew_below(random, 2) == 0;
    unsigned char *block =
        is_alloc ? CoTaskMemAlloc(size_bytes) : CoTaskMemRealloc(NULL, size_bytes);
    CLAIM(block != NULL, "%zu bytes were refused", size_bytes);
    memset(block, (int)(size_bytes & 0xFF), size_bytes);
    block = CoTaskMemRealloc(block, size_bytes * 2);
    CLAIM(block != NULL && block[size_bytes - 1] == (size_bytes & 0xFF), "the bytes have changed");
    CLAIM(IMalloc_GetSize(allocator(), block) == size_bytes * 2, "the size is not exact");
    CLAIM(IMalloc_DidAlloc(allocator(), block) == 1, "a live block is not ours");
    unsigned char *former = atomic_exchange(&hammered->mailbox[crew_below(random, SLOTS)], block);
    if (former != NULL && !is_alloc) {
        (void)CoTaskMemRealloc(former, 0);
    } else {
        CoTaskMemFree(former);
    }
    if (crew_below(random, 500) == 0) {
        IMalloc_HeapMinimize(allocator());
    }
}

static void hammer(unsigned number, void *argument)
{
    struct hammered *hammered = argument;
    uint64_t random = hammered->seed * 1000 + number;
    while (!atomic_load_explicit(&hammered->is_over, memory_order_relaxed)) {
        if (!atomic_load_explicit(&hammered->is_paused, memory_order_relaxed)) {
            use(hammered, &random);
            atomic_fetch_add_explicit(&hammered->steps, 1, memory_order_relaxed);
        } else {
            (void)usleep(10);
        }
    }
}

static void wait_for_steps(struct hammered *hammered, size_t count)
{
    size_t until = atomic_load(&hammered->steps) + count;
    while (atomic_load(&hammered->steps) < until) {
        (void)usleep(10);
    }
}

static void empty_mailbox(struct hammered *hammered)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        CoTaskMemFree(atomic_exchange(&hammered->mailbox[i], NULL));
    }
}

// Chance decides whether there is a spied block to wait for, and which thread frees the last.
static void come_and_go(struct hammered *hammered, struct counting_spy *spy, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        CLAIM(CoRegisterMallocSpy(&spy->spy) == S_OK, "round %u: it can't be registered", i);
        CLAIM(CoRegisterMallocSpy(&spy->spy) == CO_E_OBJISREG, "round %u: there are two", i);
        wait_for_steps(hammered, 50);
        HRESULT result = CoRevokeMallocSpy();
        CLAIM(result == S_OK || result == E_ACCESSDENIED, "round %u: revoke: %x", i,
              (unsigned)result);
        while (atomic_load(&spy->references) != 0) {
            atomic_store(&hammered->is_paused, true);
            empty_mailbox(hammered);
        }
        atomic_store(&hammered->is_paused, false);
    }
}

// The spy may be in the call of a thread that the child does not have, and so that call never ends.
static _Noreturn void be_child(struct hammered *hammered, struct counting_spy *spy)
{
    (void)alarm(CHILD_SECONDS);
    spy->is_inside = false;
    uint64_t random = 7;
    for (unsigned i = 0; i < 100; i++) {
        use(hammered, &random);
    }
    CLAIM(CoRegisterMallocSpy(&spy->spy) == CO_E_OBJISREG, "the child has no spy");
    CLAIM(CoRevokeMallocSpy() == E_ACCESSDENIED, "the child's spy has no blocks");
    _exit(0);
}

static void wait_for_child(pid_t child, const char *name, unsigned number)
{
    int status = -1;
    CLAIM(child > 0 && waitpid(child, &status, 0) == child, "%s %u can't be forked", name, number);
    CLAIM(!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM, "%s %u hung", name, number);
    CLAIM(status == 0, "%s %u ended with %d", name, number, status);
}

static void fork_in_a_call(struct counting_spy *spy)
{
    CLAIM(CoRegisterMallocSpy(&spy->spy) == S_OK, "it can't be registered");
    spy->forks = true;
    CoTaskMemFree(CoTaskMemAlloc(1));
    if (spy->child == 0) {
        crew_join(spy->caller);
        _exit(0);
    }
    wait_for_child(spy->child, "child of a call", 0);
    CLAIM(CoRevokeMallocSpy() == S_OK, "it can't be revoked");
}

static void fork_often(struct hammered *hammered, struct counting_spy *spy, unsigned count)
{
    CLAIM(CoRegisterMallocSpy(&spy->spy) == S_OK, "it can't be registered");
    for (unsigned i = 0; i < count; i++) {
        wait_for_steps(hammered, i % 5);
        pid_t child = fork();
        if (child == 0) {
            be_child(hammered, spy);
        }
        wait_for_child(child, "child", i);
    }
}

int main(int argc, char **argv)
{
    static struct hammered hammered;
    static struct counting_spy spy = {.spy = {&vtable}};
    unsigned rounds = (unsigned)crew_operand(argc, argv, 1, 200);
    unsigned forks = (unsigned)crew_operand(argc, argv, 2, 100);
    hammered.seed = crew_operand(argc, argv, 3, 1);
    struct crew_thread *threads[HAMMERS];
    fork_in_a_call(&spy);
    for (unsigned i = 0; i < HAMMERS; i++) {
        threads[i] = crew_start(hammer, i, &hammered);
    }
    come_and_go(&hammered, &spy, rounds);
    fork_often(&hammered, &spy, forks);
    atomic_store(&hammered.is_over, true);
    for (unsigned i = 0; i < HAMMERS; i++) {
        crew_join(threads[i]);
    }
    HRESULT result = CoRevokeMallocSpy();
    CLAIM(result == (spy.live == 0 ? S_OK : E_ACCESSDENIED), "revoke: %x", (unsigned)result);
    empty_mailbox(&hammered);
    CLAIM(atomic_load(&spy.references) == 0, "the spy is still there");
    CLAIM(CoRevokeMallocSpy() == CO_E_OBJNOTREG, "the spy is still registered");
    printf("spy %u %u %" PRIu64 ": %zu calls\n", rounds, forks, hammered.seed, spy.calls);
    CLAIM(spy.calls > rounds, "the spy heard nothing");
    return 0;
}
