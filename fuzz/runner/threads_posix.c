// The threads of a run, their slots, and their checks. Threads share the heap, the mailbox and the
// flags of `crew`, and nothing else.

#include "runner/threads.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "language/mix.h"
#include "language/size.h"
#include "language/text.h"
#include "laws/fill.h"
#include "laws/finding.h"
#include "laws/heap.h"
#include "runner/runner.h"
#include "runner/stop.h"
#include "world/world.h"

#define OPS_A_THREAD 20000U
#define SLOTS_A_THREAD 128U
#define MAIL 16U

// A granted block is at most this large, so that threads need no more memory than the world has.
#define BLOCK_MOST_BYTES ((size_t)64 * 1024)

// Larger alignments take more room than most ranges have.
#define ALIGN_MOST_BYTES ((size_t)4096)

struct block {
    unsigned char *start; ///< NULL: there is none.
    size_t size_bytes;
    struct fill fill;
    unsigned thread; ///< The last one that wrote to it.
};

struct thread {
    unsigned number; ///< From 1.
    const struct program *program;
    size_t op_index;
    uint64_t random, fills;
    size_t alignment_bytes; ///< That of the next block; 0: the heap's own.
    struct threads_work work;
    struct block *slots[SLOTS_A_THREAD]; ///< Each has a record, with a block or without.
    pthread_t id;
};

static struct {
    const struct subject *subject;
    const struct threads_plan *plan;
    struct thread *threads;
    struct block *blocks;
    size_t block_count;
    _Atomic(struct block *) mail[MAIL]; ///< Records wait here for another thread.
    atomic_uint waiting;                ///< The threads that wait for all to begin.
    atomic_bool is_broken;
    bool has_ended;            ///< All threads have.
    struct threads_work *work; ///< Of the run.
} crew;

// A race that ThreadSanitizer sees is a finding: the process ends there.
#if defined(__SANITIZE_THREAD__)
#define HAS_TSAN
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_TSAN
#endif
#endif
#ifdef HAS_TSAN
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "halt_on_error=1:allocator_may_return_null=1";
}
#endif

static _Thread_local struct thread *own; // NULL: this is the main thread.
static _Thread_local bool reports;

static bool is_on(enum law law)
{
    return crew.subject->laws_off[law] == NULL;
}

// Lets one finding or stop be reported: a thread that has another at the same time waits for the
// end.
static void begin_report(void)
{
    while (atomic_exchange(&crew.is_broken, true)) {
        (void)pause();
    }
    reports = true;
}

#define HOLD(id, condition, ...)                                                                   \
    do {                                                                                           \
        own_work()->checks++;                                                                      \
        if (__builtin_expect(!(condition), 0) && is_on(LAW_##id)) {                                \
            begin_report();                                                                        \
            law_broken_##id(__VA_ARGS__);                                                          \
        }                                                                                          \
    } while (0)

static struct threads_work *own_work(void)
{
    return own == NULL ? crew.work : &own->work;
}

static void tell_thread(const struct thread *thread)
{
    char text[TEXT_OP_BYTES];
    if (thread->op_index >= thread->program->count) {
        fprintf(stderr, "thread %u of %u at its end", thread->number, crew.plan->count);
        return;
    }
    text_print_op(thread->program->ops[thread->op_index], text);
    fprintf(stderr, "thread %u of %u in op %zu of its %zu, %s", thread->number, crew.plan->count,
            thread->op_index + 1, thread->program->count, text);
}

// The main thread is the one that a timer stops.
static void tell_where(void)
{
    if (own != NULL) {
        fprintf(stderr, "by ");
        tell_thread(own);
    } else if (crew.has_ended) {
        fprintf(stderr, "after all %u threads had ended", crew.plan->count);
    } else {
        fprintf(stderr, "while the threads ran:");
        for (unsigned i = 0; i < crew.plan->count; i++) {
            fprintf(stderr, "\n  ");
            tell_thread(&crew.threads[i]);
        }
        fprintf(stderr, "\n  ");
        return;
    }
    fprintf(stderr, ": ");
}

static void tell_finding(const struct finding *finding)
{
    fflush(stdout);
    fprintf(stderr, "law %s broken ", finding->law);
    tell_where();
    fprintf(stderr, "%s\n  %s: %s\n", finding->sentence, crew.subject->name, finding->seen);
}

static bool tell_stop(const char *who)
{
    if (reports) { // It is a stop in its own report.
        return false;
    }
    begin_report();
    fflush(stdout);
    fprintf(stderr, "%s stopped %s ", who, crew.subject->name);
    tell_where();
    return true;
}

static CHECK void check_bytes(const struct block *block)
{
    size_t wrong = fill_find_wrong(block->start, block->size_bytes, block->fill, block->size_bytes);
    HOLD(BYTES, wrong == SIZE_MAX,
         "byte %zu of a block of %zu bytes is 0x%02x, and thread %u has written 0x%02x", wrong,
         block->size_bytes, block->start[wrong], block->thread, fill_byte(block->fill, wrong));
}

// Writes new bytes, which no other block has.
static void write_block(struct block *block)
{
    block->fill = fill_of((uint64_t)own->number << 40 | own->fills++);
    block->thread = own->number;
    fill_write(block->start, block->size_bytes, block->fill);
}

static CHECK void check_size(const struct block *block)
{
    if (crew.subject->port.size != NULL) {
        size_t answer = crew.subject->port.size(block->start);
        own->work.calls++;
        HOLD(EXACT_SIZE, subject_size_agrees(crew.subject, answer, block->size_bytes),
             "GetSize is %zu for a block of %zu bytes", answer, block->size_bytes);
    }
}

static CHECK void check_granted(const struct block *block, size_t alignment_bytes)
{
    const struct heapfuzz_policies *policies = &crew.subject->port.policies;
    const void *poisoned;
    HOLD(LIMIT, block->size_bytes <= policies->limit_bytes, "%zu bytes are granted, above %zu",
         block->size_bytes, policies->limit_bytes);
    HOLD(ALIGNED, (uintptr_t)block->start % alignment_bytes == 0,
         "a block of %zu bytes is not aligned to %zu", block->size_bytes, alignment_bytes);
    if (!subject_ignores_world(crew.subject)) {
        HOLD(INSIDE, world_holds(block->start, block->size_bytes),
             "a block of %zu bytes is outside", block->size_bytes);
    }
    poisoned = fill_find_poisoned(block->start, block->size_bytes);
    HOLD(WRITABLE, poisoned == NULL, "byte %zu of %zu can't be written",
         (size_t)((const unsigned char *)poisoned - block->start), block->size_bytes);
    check_size(block);
}

static CHECK void check_zeros(const struct block *block)
{
    static const struct fill zeros;
    size_t wrong = fill_find_wrong(block->start, block->size_bytes, zeros, block->size_bytes);
    HOLD(ZEROED, wrong == SIZE_MAX, "byte %zu of a block of %zu bytes is not 0", wrong,
         block->size_bytes);
}

static CHECK void check_prefix(const struct block *old, const unsigned char *start, size_t kept)
{
    size_t wrong = fill_find_wrong(start, old->size_bytes, old->fill, kept);
    HOLD(PREFIX, wrong == SIZE_MAX, "byte %zu of %zu is 0x%02x, and was 0x%02x before", wrong, kept,
         start[wrong], fill_byte(old->fill, wrong));
}

static void release(struct block *block)
{
    if (block->start != NULL) {
        check_bytes(block);
        crew.subject->port.free(block->start);
        own_work()->calls++;
        block->start = NULL;
    }
}

// Frees a slot's block; or gives it to whichever thread comes next, and frees that thread's.
static void free_slot(struct block **slot)
{
    if (draw(&own->random, 2) == 0) {
        _Atomic(struct block *) *place = &crew.mail[draw(&own->random, MAIL)];
        *slot = atomic_exchange_explicit(place, *slot, memory_order_acq_rel);
    }
    release(*slot);
}

static void allocate(struct block *block, enum verb verb, size_t size_bytes)
{
    const struct heapfuzz_port *port = &crew.subject->port;
    bool is_zeroed = verb == VERB_ALLOCATE_ZEROED && port->allocate_zeroed != NULL;
    bool is_aligned = !is_zeroed && own->alignment_bytes > 0 && port->allocate_aligned != NULL;
    size_t alignment_bytes = port->policies.alignment_bytes;
    if (is_aligned && own->alignment_bytes > alignment_bytes) {
        alignment_bytes = own->alignment_bytes;
    }
    block->start = is_zeroed    ? port->allocate_zeroed(1, size_bytes)
                   : is_aligned ? port->allocate_aligned(own->alignment_bytes, size_bytes)
                                : port->allocate(size_bytes);
    own->work.calls++;
    own->alignment_bytes = 0;
    if (block->start != NULL) {
        bool is_zero = size_bytes == 0 && subject_is_exact(crew.subject);
        block->size_bytes = is_zero ? port->policies.zero_size_bytes : size_bytes;
        check_granted(block, alignment_bytes);
        if (is_zeroed) {
            check_zeros(block);
        }
        write_block(block);
    }
}

// A block is never reallocated to no bytes: heaps differ there, which is no matter of threads.
static void reallocate(struct block *block, size_t size_bytes)
{
    const struct heapfuzz_port *port = &crew.subject->port;
    size_t asked_bytes = size_bytes == 0 ? 1 : size_bytes;
    if (block->start == NULL || port->reallocate == NULL) {
        release(block);
        allocate(block, VERB_ALLOCATE, asked_bytes);
        return;
    }
    check_bytes(block);
    unsigned char *moved = port->reallocate(block->start, asked_bytes);
    own->work.calls++;
    if (moved == NULL) {
        check_bytes(block);
        return;
    }
    check_prefix(block, moved, asked_bytes < block->size_bytes ? asked_bytes : block->size_bytes);
    block->start = moved;
    block->size_bytes = asked_bytes;
    check_granted(block, port->policies.alignment_bytes);
    write_block(block);
}

static size_t held_bytes(const void *context, uint32_t slot)
{
    const struct thread *thread = context;
    const struct block *block = thread->slots[slot % SLOTS_A_THREAD];
    return block->start == NULL ? 0 : block->size_bytes;
}

// Returns a size that the heap has to refuse, or one that is not too large.
static size_t size_for(struct op op)
{
    size_t asked_bytes = size_resolve(op.size_code, op.slot, held_bytes, own);
    size_t size_bytes = subject_allowed_bytes(crew.subject, asked_bytes);
    bool is_over = size_bytes > crew.subject->port.policies.limit_bytes;
    return is_over || size_bytes <= BLOCK_MOST_BYTES ? size_bytes : size_bytes % BLOCK_MOST_BYTES;
}

static CHECK void check_owns(const struct block *block)
{
    if (crew.subject->port.owns != NULL) {
        int answer = crew.subject->port.owns(block->start);
        own->work.calls++;
        HOLD(MEMBER, answer == 1, "DidAlloc is %d for a live block", answer);
    }
}

static void run_op(struct op op)
{
    struct block **slot = &own->slots[op.slot % SLOTS_A_THREAD];
    struct block *block = *slot;
    if (verb_allocates(op.verb)) {
        free_slot(slot);
        allocate(*slot, op.verb, size_for(op));
    } else if (verb_reallocates(op.verb)) {
        reallocate(block, size_for(op));
    } else if (verb_frees(op.verb)) {
        free_slot(slot);
    } else if (op.verb == VERB_ALIGN) {
        size_t alignment_bytes = align_bytes(op.slot);
        own->alignment_bytes =
            alignment_bytes < ALIGN_MOST_BYTES ? alignment_bytes : ALIGN_MOST_BYTES;
    } else if (op.verb == VERB_MINIMIZE && crew.subject->port.minimize != NULL) {
        crew.subject->port.minimize();
        own->work.calls++;
    } else if (block->start != NULL && verb_takes_slot(op.verb)) {
        check_bytes(block);
        if (op.verb == VERB_WRITE) {
            write_block(block);
        } else if (op.verb == VERB_OWNS) {
            check_owns(block);
        } else {
            check_size(block);
        }
    }
}

static void *run_thread(void *thread)
{
    own = thread;
    atomic_fetch_add(&crew.waiting, 1);
    while (atomic_load(&crew.waiting) < crew.plan->count) {
        (void)sched_yield();
    }
    for (size_t done = 0; done < OPS_A_THREAD;) {
        for (own->op_index = 0; own->op_index < own->program->count; own->op_index++, done++) {
            run_op(own->program->ops[own->op_index]);
        }
    }
    return NULL;
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "heapfuzz: %s\n", what);
    _Exit(2); // exit is the subject's.
}

// Gives each slot, and each place of the mailbox, a record without a block.
static void make_crew(const struct threads_plan *plan)
{
    crew.plan = plan;
    crew.subject = plan->subject;
    crew.block_count = plan->count * SLOTS_A_THREAD + MAIL;
    crew.threads = calloc(plan->count, sizeof *crew.threads);
    crew.blocks = calloc(crew.block_count, sizeof *crew.blocks);
    if (crew.threads == NULL || crew.blocks == NULL) {
        fail("there is no memory for the threads");
    }
    struct block *block = crew.blocks;
    for (unsigned i = 0; i < MAIL; i++) {
        atomic_init(&crew.mail[i], block++);
    }
    for (unsigned i = 0; i < plan->count; i++) {
        struct thread *thread = &crew.threads[i];
        thread->number = i + 1;
        thread->program = &plan->programs[i];
        thread->random = (plan->seed + i + 1) * 0x9e3779b97f4a7c15U;
        for (unsigned slot = 0; slot < SLOTS_A_THREAD; slot++) {
            thread->slots[slot] = block++;
        }
    }
    atomic_store(&crew.waiting, 0);
}

static void run_all(void)
{
    for (unsigned i = 0; i < crew.plan->count; i++) {
        if (pthread_create(&crew.threads[i].id, NULL, run_thread, &crew.threads[i]) != 0) {
            fail("the system refuses a thread");
        }
    }
    for (unsigned i = 0; i < crew.plan->count; i++) {
        (void)pthread_join(crew.threads[i].id, NULL);
        crew.work->calls += crew.threads[i].work.calls;
        crew.work->checks += crew.threads[i].work.checks;
    }
    crew.has_ended = true;
}

static CHECK void check_counts(size_t live_blocks, size_t live_bytes)
{
    struct heapfuzz_counts counts = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    if (crew.subject->port.count != NULL) {
        crew.subject->port.count(&counts);
        HOLD(COUNTS, counts.live_blocks == SIZE_MAX || counts.live_blocks == live_blocks,
             "it counts %zu live blocks of %zu", counts.live_blocks, live_blocks);
        HOLD(COUNTS, counts.live_bytes == SIZE_MAX || counts.live_bytes == live_bytes,
             "it counts %zu live bytes of %zu", counts.live_bytes, live_bytes);
    }
}

static CHECK void check_invariants(void)
{
    const struct heapfuzz_port *port = &crew.subject->port;
    const void *where = NULL;
    const char *fault = port->fault == NULL ? NULL : port->fault(&where);
    const char *broken = port->check == NULL ? NULL : port->check(&where);
    HOLD(FAULTLESS, fault == NULL, "a fault was raised: %s", fault);
    HOLD(INVARIANT, broken == NULL, "%s", broken);
}

static CHECK void check_empty(void)
{
    struct heapfuzz_counts counts = {SIZE_MAX, SIZE_MAX, SIZE_MAX};
    if (crew.subject->port.count != NULL) {
        crew.subject->port.count(&counts);
        HOLD(EMPTY, counts.live_blocks == SIZE_MAX || counts.live_blocks == 0,
             "every block is freed, and it counts %zu as live", counts.live_blocks);
    }
}

// Holds the heap against its laws while the blocks of ended threads live, and when none does.
static void end_all(void)
{
    size_t live_blocks = 0;
    size_t live_bytes = 0;
    for (size_t i = 0; i < crew.block_count; i++) {
        live_blocks += crew.blocks[i].start != NULL;
        live_bytes += crew.blocks[i].start != NULL ? crew.blocks[i].size_bytes : 0;
    }
    check_invariants();
    check_counts(live_blocks, live_bytes);
    for (size_t i = 0; i < crew.block_count; i++) {
        release(&crew.blocks[i]);
    }
    if (crew.subject->port.minimize != NULL) {
        crew.subject->port.minimize();
    }
    check_invariants();
    check_empty();
}

void threads_run(const struct threads_plan *plan, struct threads_work *work)
{
    static const struct finding_hooks hooks = {.law_broken = tell_finding};
    const struct heapfuzz_policies *policies = &plan->subject->port.policies;
    struct heap heap = {.subject = plan->subject};
    make_crew(plan);
    crew.work = work;
    finding_call(&hooks);
    stop_tell_by(tell_stop);
    world_open(0);
    if (!heap_open(&heap,
                   subject_takes_range(plan->subject) ? policies->range_usual_bytes
                                                      : RUN_ARENA_BYTES,
                   0)) {
        fail("open refuses the usual range or arena");
    }
    run_all();
    end_all();
    heap_close(&heap);
    world_close();
    free(crew.blocks);
    free(crew.threads);
}
