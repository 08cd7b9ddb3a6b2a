// Subjects as other people write them: with members left out, in turn and all at once, with blocks
// elsewhere in each run, with rounded sizes. The harness works with each of them, and blames none
// for anything. It also asks an allocator for sizes above its limit.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/cmocka_headers.h"
#include "com/com.h"
#include "com/com_calls.h"
#include "findings/report.h"
#include "language/text.h"
#include "runner/trial.h"
#include "subjects/foreign_heap.h"
#include "subjects/subjects.h"

static trial_verdict verdict_of(struct plan plan, const char *text)
{
    struct program program = {0};
    struct text_error error;
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "rb");
    assert_non_null(file);
    assert_true(text_read(file, &program, &error));
    (void)fclose(file);
    plan.runs_twice = true;
    plan.walks_always = true;
    trial_verdict verdict = trial_run(&plan, &program);
    program_close(&program);
    return verdict;
}

static trial_verdict verdict_alone(const struct subject *subject, const char *text)
{
    struct plan plan = {.subject = subject, .extension = &com_faces_and_spies, .misuses = true};
    return verdict_of(plan, text);
}

static const int same_broken = FINDING_FIRST_STATUS + (int)LAW_SAME;
static const int limit_broken = FINDING_FIRST_STATUS + (int)LAW_LIMIT;

// Members left out.

// Every kind of op: refused, spied on, misused, made on another lane, and in other worlds.
static const char everything[] = "allocate b0 100\nallocate b1 0\nallocate b2 40000\n"
                                 "reallocate b0 5000\nreallocate b2 page*40\nreallocate b1 0\n"
                                 "size b0\nsize b1\nowns b0 0\nowns b0 1\nowns b5 0\n"
                                 "owns_address 16\ncheck b0\nwrite b0\npattern b2 7\nminimize\n"
                                 "allocate b3 INT_MAX\nallocate b3 SIZE_MAX-1\n"
                                 "reallocate b0 SIZE_MAX-40\nallocate b4 MiB*60\n"
                                 "get_malloc 1\nget_malloc 2\nquery 1\nquery 2\n"
                                 "spy 0\ntask_allocate b6 24\ntask_reallocate b6 60\n"
                                 "imalloc_size b6\nowns b6 0\nminimize\ntask_free b6\nrevoke\n"
                                 "spy 31\nimalloc_allocate b7 24\nimalloc_reallocate b7 90\n"
                                 "imalloc_free b7\nrevoke\n"
                                 "free b0\nbad_free b0 0\nbad_free b2 8\nbad_reallocate b2 16\n"
                                 "bad_address 4096\nscribble b0 64\n"
                                 "lane 2\nallocate b8 32\nlane 1\nfree b8\nlane 0\n"
                                 "allocate b9 64\nreallocate b9 5000\nlane 1\nminimize\n"
                                 "refuse 0\nallocate b10 MiB*1\nreallocate b2 page*80\n"
                                 "world page*200 0\nrepeat 99\nallocate b0 page*2\n"
                                 "reallocate b0 page*1\nrepeat 99\nfree b0\nallocate b0 page*9\n"
                                 "world MiB*1 3\nallocate b0 page*8\n";

enum member {
    MUST_GRANT,
    MUST_RESIZE,
    LARGEST,
    MOST_COMMITTED,
    COM,
    OWNS,
    MINIMIZE,
    COUNT,
    CHECK_INVARIANTS,
    FAULT,
    MISUSE,
    SELECT_LANE,
    ALIGNMENT,
    TASK_ALLOC,
    TASK_REALLOC,
    TASK_FREE,
    GET_MALLOC,
    REGISTER_SPY,
    REVOKE_SPY,
    MISUSE_FAULT,
    MISUSE_PAGES,
    MEMBERS
};

// A subject without some of its members, and the changed parts of it.
struct changed {
    struct subject subject;
    struct com_calls com;
    struct misuse_answers misuse;
};

static void leave_out_of_parts(struct changed *changed, enum member member)
{
    switch (member) {
    case TASK_ALLOC:
        changed->com.task_alloc = NULL;
        break;
    case TASK_REALLOC:
        changed->com.task_realloc = NULL;
        break;
    case TASK_FREE:
        changed->com.task_free = NULL;
        break;
    case GET_MALLOC:
        changed->com.get_malloc = NULL;
        break;
    case REGISTER_SPY:
        changed->com.register_spy = NULL;
        break;
    case REVOKE_SPY:
        changed->com.revoke_spy = NULL;
        break;
    case MISUSE_FAULT:
        changed->misuse.fault = NULL;
        break;
    case MISUSE_PAGES:
        changed->misuse.pages = NULL;
        break;
    default:
        fail_msg("no member %d", (int)member);
    }
}

static void leave_out(struct changed *changed, enum member member)
{
    struct subject *subject = &changed->subject;
    switch (member) {
    case MUST_GRANT:
        subject->must_grant = NULL;
        break;
    case MUST_RESIZE:
        subject->must_resize = NULL;
        break;
    case LARGEST:
        subject->largest = NULL;
        break;
    case MOST_COMMITTED:
        subject->most_committed = NULL;
        break;
    case COM:
        subject->com = NULL;
        break;
    case OWNS:
        subject->owns = NULL;
        break;
    case MINIMIZE:
        subject->minimize = NULL;
        break;
    case COUNT:
        subject->count = NULL;
        break;
    case CHECK_INVARIANTS:
        subject->check = NULL;
        break;
    case FAULT:
        subject->fault = NULL;
        break;
    case MISUSE:
        subject->misuse = NULL;
        break;
    case SELECT_LANE:
        subject->select_lane = NULL;
        break;
    case ALIGNMENT:
        subject->policies.alignment_bytes = 0;
        break;
    default:
        leave_out_of_parts(changed, member);
    }
}

static void begin_change(struct changed *changed, const struct subject *subject)
{
    *changed = (struct changed){.subject = *subject};
    if (subject->com != NULL) {
        changed->com = *subject->com;
        changed->subject.com = &changed->com;
    }
    if (subject->misuse != NULL) {
        changed->misuse = *subject->misuse;
        changed->subject.misuse = &changed->misuse;
    }
}

// Alone, first and second of a pair.
static void expect_clean(const struct subject *subject, int member)
{
    const struct subject *other = subject_find("libc");
    const struct subject *pairs[][2] = {{subject, NULL}, {subject, other}, {other, subject}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct plan plan = {
            .subject = pairs[i][0],
            .other = pairs[i][1],
            .extension = i == 0 ? &com_faces_and_spies : &com_faces,
            .misuses = i == 0,
        };
        trial_verdict verdict = verdict_of(plan, everything);
        if (verdict != TRIAL_CLEAN) {
            fail_msg("%s without member %d ends with %d", subject->name, member, verdict);
        }
    }
}

static void what_may_be_null_is_left_out_in_turn(void **state)
{
    (void)state;
    static const char *const names[] = {"comheap", "reference", "local"};
    static struct changed changed;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct subject *subject = subject_find(names[i]);
        for (int member = 0; member < MEMBERS; member++) {
            begin_change(&changed, subject);
            leave_out(&changed, (enum member)member);
            expect_clean(&changed.subject, member);
        }
    }
}

static void all_of_it_is_left_out_at_once(void **state)
{
    (void)state;
    static struct changed changed;
    for (size_t i = 0; subjects[i] != NULL; i++) {
        begin_change(&changed, subjects[i]);
        for (int member = 0; member < TASK_ALLOC; member++) {
            leave_out(&changed, (enum member)member);
        }
        changed.subject.name = "bare";
        expect_clean(&changed.subject, MEMBERS);
    }
}

// Blocks that are elsewhere in each run.

#define PLACES 64U
static struct {
    _Alignas(16) unsigned char bytes[64 * 1024];
    size_t sizes[PLACES]; // SIZE_MAX: no block is live there.
    size_t stride_bytes;
    unsigned runs, next;
} placed;

static void *place_at(size_t index)
{
    return placed.bytes + index * placed.stride_bytes;
}

static size_t index_of(const void *block)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (block == place_at(i) && placed.sizes[i] != SIZE_MAX) {
            return i;
        }
    }
    return PLACES;
}

static void *place_alloc(size_t size_bytes)
{
    if (size_bytes > placed.stride_bytes || placed.next == PLACES) {
        return NULL;
    }
    placed.sizes[placed.next] = size_bytes;
    return place_at(placed.next++);
}

static void place_free(void *block)
{
    if (block != NULL) {
        placed.sizes[index_of(block)] = SIZE_MAX;
    }
}

static void *place_realloc(void *block, size_t size_bytes)
{
    if (block == NULL) {
        return place_alloc(size_bytes);
    }
    if (size_bytes == 0) {
        place_free(block);
        return NULL;
    }
    if (size_bytes > placed.stride_bytes) {
        return NULL;
    }
    placed.sizes[index_of(block)] = size_bytes;
    return block;
}

static size_t place_size_of(void *block)
{
    return block == NULL ? 0 : placed.sizes[index_of(block)];
}

static int place_owns(const void *address)
{
    return address == NULL ? -1 : index_of(address) != PLACES;
}

static IAtlMemMgr *place_open(size_t arena_bytes)
{
    (void)arena_bytes;
    placed.stride_bytes = placed.runs++ % 2 == 0 ? 32 : 1024;
    placed.next = 0;
    memset(placed.sizes, 0xff, sizeof placed.sizes);
    return foreign_heap_open(SIZE_MAX, place_alloc, place_realloc, place_free, place_size_of);
}

static struct subject make_placed(void)
{
    return (struct subject){
        .name = "placed",
        .sentence = "blocks that lie closer in every other run",
        .policies = {.limit_bytes = SIZE_MAX,
                     .alignment_bytes = 16,
                     .size_is_exact = true,
                     .stays_in_place = true,
                     .ignores_world = true},
        .open = place_open,
        .owns = place_owns,
    };
}

static const char asks_past_the_end[] = "allocate b0 16\nallocate b1 16\nowns b0 32\n";

static void an_address_past_a_block_is_not_compared(void **state)
{
    (void)state;
    struct subject subject = make_placed();
    assert_int_equal(verdict_alone(&subject, asks_past_the_end), TRIAL_CLEAN);
    assert_int_equal(verdict_alone(&subject, "allocate b0 16\nallocate b1 16\nbad_free b0 32\n"),
                     TRIAL_CLEAN);
    assert_int_equal(verdict_alone(&subject, "allocate b0 16\nallocate b1 16\nfree b0\n"
                                             "repeat 40\nowns b0 32\n"),
                     TRIAL_CLEAN);
}

static void room_that_hangs_on_the_place_is_not_compared(void **state)
{
    (void)state;
    struct subject subject = make_placed();
    assert_int_equal(verdict_alone(&subject, "allocate b0 16\nreallocate b0 512\nsize b0\n"
                                             "allocate b1 size(b0)+0\n"),
                     TRIAL_CLEAN);
    assert_int_equal(verdict_alone(&subject, "repeat 3\nallocate b0 512\nfree b0\nsize b0\n"),
                     TRIAL_CLEAN);
}

static void a_repeatable_subject_is_held_to_its_places(void **state)
{
    (void)state;
    struct subject subject = make_placed();
    subject.policies.is_repeatable = true;
    assert_int_equal(verdict_alone(&subject, asks_past_the_end), same_broken);
}

// Sizes above the limit. An allocator that adds to them takes them for small ones.

static void *add_and_alloc(size_t size_bytes)
{
    return malloc(size_bytes + 64);
}

static void *add_and_realloc(void *block, size_t size_bytes)
{
    if (size_bytes == 0 && block != NULL) {
        free(block);
        return NULL;
    }
    return realloc(block, size_bytes + 64);
}

static size_t any_size(void *block)
{
    return block == NULL ? 0 : 1 << 20;
}

static IAtlMemMgr *add_open(size_t arena_bytes)
{
    (void)arena_bytes;
    return foreign_heap_open(SIZE_MAX, add_and_alloc, add_and_realloc, free, any_size);
}

static void what_is_above_the_limit_is_asked_for(void **state)
{
    (void)state;
    const struct subject adds = {
        .name = "adds",
        .sentence = "malloc of a sum that overflows",
        .policies = {.limit_bytes = (size_t)PTRDIFF_MAX,
                     .alignment_bytes = 2 * sizeof(void *),
                     .ignores_world = true},
        .open = add_open,
    };
    assert_int_equal(verdict_alone(&adds, "allocate b0 40\nfree b0\n"), TRIAL_CLEAN);
    assert_int_equal(verdict_alone(&adds, "allocate b0 SIZE_MAX-8\n"), limit_broken);
    assert_int_equal(verdict_alone(&adds, "allocate b0 40\nreallocate b0 SIZE_MAX-8\n"),
                     limit_broken);
}

// A heap that survives misuse, and rounds the sizes that it reports.

static IAtlMemMgr *exact;

static void *round_alloc(size_t size_bytes)
{
    return IAtlMemMgr_Allocate(exact, size_bytes);
}

static void *round_realloc(void *block, size_t size_bytes)
{
    return IAtlMemMgr_Reallocate(exact, block, size_bytes);
}

static void round_free(void *block)
{
    IAtlMemMgr_Free(exact, block);
}

static size_t round_size(void *block)
{
    size_t size_bytes = IAtlMemMgr_GetSize(exact, block);
    return size_bytes == SIZE_MAX ? SIZE_MAX : (size_bytes + 16) / 16 * 16;
}

static IAtlMemMgr *round_open(size_t arena_bytes)
{
    exact = subject_find("win32")->open(arena_bytes);
    return exact == NULL
               ? NULL
               : foreign_heap_open(SIZE_MAX, round_alloc, round_realloc, round_free, round_size);
}

static void a_heap_that_rounds_may_be_misused(void **state)
{
    (void)state;
    struct subject rounds = *subject_find("win32");
    rounds.policies.size_is_exact = false;
    rounds.open = round_open;
    assert_int_equal(verdict_alone(&rounds, everything), TRIAL_CLEAN);
    assert_int_equal(verdict_alone(&rounds, "allocate b0 5\nbad_free b0 1\nbad_reallocate b0 1\n"),
                     TRIAL_CLEAN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_be_null_is_left_out_in_turn),
        cmocka_unit_test(all_of_it_is_left_out_at_once),
        cmocka_unit_test(an_address_past_a_block_is_not_compared),
        cmocka_unit_test(room_that_hangs_on_the_place_is_not_compared),
        cmocka_unit_test(a_repeatable_subject_is_held_to_its_places),
        cmocka_unit_test(what_is_above_the_limit_is_asked_for),
        cmocka_unit_test(a_heap_that_rounds_may_be_misused),
    };
    return cmocka_run_group_tests_name("foreign", tests, NULL, NULL);
}
