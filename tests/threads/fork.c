// Forks a process whose other threads use the heap at that moment. The child has only the thread
// that forked, and can go on with that thread's blocks and with new ones. It can use the task heap,
// minimize, start a thread of its own, and take the thread caches of the threads that it lost. It
// can also go on when the fork comes while another thread makes the task heap. A child that waits
// forever is a failure. Fork handlers that the program registers before the library does may use
// the heaps.
//
// No thread begins or ends while the process forks: a sanitizer allocates for it, and can't be
// forked in the middle of that.
//
//     fork [FORKS [FORKS_AT_FIRST_USE [SEED]]]

#include "crew.h"
#include "held.h"

#include <comheap/taskmem.h>

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HAMMERS 3U
#define HEAPS 2U
#define SLOTS 64U
#define CHILD_SECONDS 10U
#define LARGE_BYTES (100 * KIB)

struct forks {
    struct ch_heap *heaps[HEAPS];
    uint64_t seed;
    struct crew_meeting meeting; // Of the hammers and the forking thread.
    _Atomic bool is_over;
    atomic_size_t steps;
};

static struct forks *in_use;   // NULL: there are no heaps yet.
static _Atomic size_t handled; // Handlers that this process has run since it has its heaps.

static void use(struct ch_heap *heap, struct held *held, uint64_t *random)
{
    size_t size_bytes = held_any_size(random, LARGE_BYTES);
    uint64_t serial = crew_random(random);
    if (held->block == NULL) {
        CLAIM(held_allocate(heap, held, size_bytes, serial), "%zu bytes were refused", size_bytes);
    } else if (serial % 3 == 0) {
        CLAIM(held_resize(heap, held, size_bytes, serial), "%zu bytes were refused", size_bytes);
    } else {
        held_free(heap, held);
    }
}

static void use_task_memory(size_t size_bytes)
{
    unsigned char *block = CoTaskMemAlloc(size_bytes);
    CLAIM(block != NULL, "%zu bytes of task memory were refused", size_bytes);
    block = CoTaskMemRealloc(block, 3 * size_bytes);
    CLAIM(block != NULL, "%zu bytes of task memory were refused", 3 * size_bytes);
    CoTaskMemFree(block);
}

// Uses both heaps and the task heap until the end.
static void hammer(unsigned number, void *argument)
{
    struct forks *forks = argument;
    uint64_t random = forks->seed * 1000 + number;
    struct held held[HEAPS][SLOTS] = {{{0}}};
    crew_meet(&forks->meeting, HAMMERS + 1);
    while (!atomic_load_explicit(&forks->is_over, memory_order_relaxed)) {
        for (unsigned heap = 0; heap < HEAPS; heap++) {
            use(forks->heaps[heap], &held[heap][crew_below(&random, SLOTS)], &random);
        }
        use_task_memory(crew_below(&random, 1000) + 1);
        if (crew_below(&random, 1000) == 0) {
            ch_heap_minimize(forks->heaps[number % HEAPS]);
        }
        atomic_fetch_add_explicit(&forks->steps, 1, memory_order_relaxed);
    }
    for (unsigned heap = 0; heap < HEAPS; heap++) {
        for (unsigned i = 0; i < SLOTS; i++) {
            if (held[heap][i].block != NULL) {
                held_free(forks->heaps[heap], &held[heap][i]);
            }
        }
    }
}

// As the hammers do, but it ends.
static void use_for_a_while(unsigned number, void *argument)
{
    struct forks *forks = argument;
    uint64_t random = number;
    for (unsigned heap = 0; heap < HEAPS; heap++) {
        struct held held[8] = {{0}};
        for (unsigned i = 0; i < 200; i++) {
            use(forks->heaps[heap], &held[crew_below(&random, 8)], &random);
        }
        for (unsigned i = 0; i < 8; i++) {
            if (held[i].block != NULL) {
                held_free(forks->heaps[heap], &held[i]);
            }
        }
        ch_heap_minimize(forks->heaps[heap]);
    }
    use_task_memory(100);
}

static void use_in_handler(void)
{
    if (in_use == NULL) {
        return;
    }
    for (unsigned heap = 0; heap < HEAPS; heap++) {
        for (size_t size_bytes = 1; size_bytes <= LARGE_BYTES; size_bytes *= 3) {
            ch_heap_free(in_use->heaps[heap], ch_heap_alloc(in_use->heaps[heap], size_bytes));
        }
        ch_heap_minimize(in_use->heaps[heap]);
    }
    struct ch_heap *own = ch_heap_create(&(struct ch_config){.arena_bytes = MIB});
    CLAIM(own != NULL, "a handler is refused a heap");
    ch_heap_free(own, ch_heap_alloc(own, 10));
    ch_heap_destroy(own);
    use_task_memory(100);
    atomic_fetch_add_explicit(&handled, 1, memory_order_relaxed);
}

// Registered before the library's own constructors. Of the handlers that run before fork, these run
// last.
__attribute__((constructor(101))) static void register_handlers(void)
{
    int error = pthread_atfork(use_in_handler, use_in_handler, use_in_handler);
    CLAIM(error == 0, "handlers of fork can't be registered: error %d", error);
}

static _Noreturn void be_child(struct forks *forks, struct held held[HEAPS], unsigned number)
{
    (void)alarm(CHILD_SECONDS);
    for (unsigned cache = 0; cache < CH_THREAD_CACHES; cache++) {
        CLAIM(ch_thread_cache_select(cache), "thread cache %u is that of a thread that is gone",
              cache);
    }
    for (unsigned heap = 0; heap < HEAPS; heap++) {
        struct held *mine = &held[heap];
        CLAIM(held_resize(forks->heaps[heap], mine, mine->size_bytes * 2 + 1, number),
              "the child was refused a larger block");
        held_free(forks->heaps[heap], mine);
    }
    use_for_a_while(number, forks);
    struct crew_thread *thread = crew_start(use_for_a_while, number + 1, forks);
    use_for_a_while(number + 2, forks);
    crew_join(thread);
    _exit(0);
}

static void claim_ended_well(pid_t child, const char *name, unsigned number)
{
    CLAIM(child >= 0, "%s %u can't be forked", name, number);
    int status = -1;
    CLAIM(waitpid(child, &status, 0) == child, "%s %u can't be waited for", name, number);
    CLAIM(!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM,
          "%s %u hung: it was stopped after %u seconds", name, number, CHILD_SECONDS);
    CLAIM(!WIFSIGNALED(status), "%s %u ended by signal %d", name, number, WTERMSIG(status));
    CLAIM(WEXITSTATUS(status) == 0, "%s %u ended with status %d", name, number,
          WEXITSTATUS(status));
}

static void fork_once(struct forks *forks, struct held held[HEAPS], unsigned number)
{
    pid_t child = fork();
    if (child == 0) {
        be_child(forks, held, number);
    }
    claim_ended_well(child, "child", number);
    for (unsigned heap = 0; heap < HEAPS; heap++) { // The child's blocks are not seen here.
        held_look(forks->heaps[heap], &held[heap]);
    }
}

static void fork_often(struct forks *forks, unsigned count)
{
    uint64_t random = forks->seed;
    struct held held[HEAPS] = {{0}};
    for (unsigned i = 0; i < count; i++) {
        for (unsigned heap = 0; heap < HEAPS; heap++) {
            size_t size_bytes = held_any_size(&random, LARGE_BYTES);
            CLAIM(held_allocate(forks->heaps[heap], &held[heap], size_bytes, i),
                  "%zu bytes were refused", size_bytes);
        }
        fork_once(forks, held, i);
        for (unsigned heap = 0; heap < HEAPS; heap++) {
            held_free(forks->heaps[heap], &held[heap]);
        }
    }
}

static void use_first(unsigned number, void *meeting)
{
    (void)number;
    crew_meet(meeting, 2);
    use_task_memory(100);
}

// In a process that has not used task memory yet, one thread starts to use it, and one forks.
static _Noreturn void fork_at_first_use(unsigned number)
{
    struct crew_meeting meeting = {0};
    struct crew_thread *thread = crew_start(use_first, 0, &meeting);
    crew_meet(&meeting, 2);
    for (volatile unsigned i = 0; i < number * 10; i++) {
    }
    pid_t child = fork();
    if (child == 0) {
        (void)alarm(CHILD_SECONDS);
        use_task_memory(100);
        _exit(0);
    }
    claim_ended_well(child, "grandchild", number);
    crew_join(thread);
    _exit(0);
}

static void fork_at_first_uses(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        pid_t child = fork();
        if (child == 0) {
            fork_at_first_use(i);
        }
        claim_ended_well(child, "child", i);
    }
}

int main(int argc, char **argv)
{
    static struct forks forks;
    unsigned count = (unsigned)crew_operand(argc, argv, 1, 200);
    unsigned first_count = (unsigned)crew_operand(argc, argv, 2, 0);
    forks.seed = crew_operand(argc, argv, 3, 1);
    fork_at_first_uses(first_count); // While there is one thread, and no task heap.
    for (unsigned i = 0; i < HEAPS; i++) {
        forks.heaps[i] =
            ch_heap_create(&(struct ch_config){.arena_bytes = 64 * MIB, .on_fault = crew_no_fault});
        CLAIM(forks.heaps[i] != NULL, "there is no heap");
    }
    in_use = &forks;
    struct crew_thread *threads[HAMMERS];
    for (unsigned i = 0; i < HAMMERS; i++) {
        threads[i] = crew_start(hammer, i, &forks);
    }
    crew_meet(&forks.meeting, HAMMERS + 1);
    fork_often(&forks, count);
    atomic_store_explicit(&forks.is_over, true, memory_order_relaxed);
    for (unsigned i = 0; i < HAMMERS; i++) {
        crew_join(threads[i]);
    }
    size_t steps = atomic_load(&forks.steps);
    printf("fork %u %" PRIu64 ": %zu steps of other threads meanwhile\n", count, forks.seed, steps);
    CLAIM(atomic_load(&handled) == 2 * (size_t)count, "a handler of fork did not run");
    CLAIM(count == 0 || steps > count, "the other threads did nothing");
    for (unsigned i = 0; i < HEAPS; i++) {
        held_claim_all(forks.heaps[i], NULL, 0);
        held_claim_invariants(forks.heaps[i]);
        ch_heap_destroy(forks.heaps[i]);
    }
    return 0;
}
