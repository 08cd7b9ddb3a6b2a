// Subjects as other people write them: with members left out, in turn and all at once, with blocks
// elsewhere in each run, with rounded sizes. The harness works with each of them, and blames none
// for anything. It also asks an allocator for sizes above its limit.
//
// Ports lack members before they become subjects: one over a range, one over pages, one over
// neither.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../ports/first-fit/first_fit.h"
#include "../unit/cmocka_headers.h"
#include "com/com.h"
#include "com/com_calls.h"
#include "findings/report.h"
#include "language/text.h"
#include "runner/trial.h"
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
    SELECT_CACHE,
    ALIGNMENT,
    REALLOCATE,
    SIZE,
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
    struct heapfuzz_faults faults;
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
        changed->faults.expected = NULL;
        break;
    case MISUSE_PAGES:
        changed->faults.pages = NULL;
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
        subject->promises.must_grant = NULL;
        break;
    case MUST_RESIZE:
        subject->promises.must_resize = NULL;
        break;
    case LARGEST:
        subject->promises.largest = NULL;
        break;
    case MOST_COMMITTED:
        subject->promises.most_committed = NULL;
        break;
    case COM:
        subject->parts.com = NULL;
        break;
    case OWNS:
        subject->port.owns = NULL;
        break;
    case MINIMIZE:
        subject->port.minimize = NULL;
        break;
    case COUNT:
        subject->port.count = NULL;
        break;
    case CHECK_INVARIANTS:
        subject->port.check = NULL;
        break;
    case FAULT:
        subject->port.fault = NULL;
        break;
    case MISUSE:
        subject->port.faults = NULL;
        break;
    case SELECT_CACHE:
        subject->port.select_cache = NULL;
        break;
    case ALIGNMENT:
        subject->port.policies.alignment_bytes = 1;
        break;
    case REALLOCATE:
        subject->port.reallocate = NULL;
        break;
    case SIZE:
        subject->port.size = NULL;
        subject->port.policies.size = HEAPFUZZ_SIZE_IS_NONE;
        break;
    default:
        leave_out_of_parts(changed, member);
    }
}

static void begin_change(struct changed *changed, const struct subject *subject)
{
    *changed = (struct changed){.subject = *subject};
    if (subject->parts.com != NULL) {
        changed->com = *subject->parts.com;
        changed->subject.parts.com = &changed->com;
    }
    if (subject->port.faults != NULL) {
        changed->faults = *subject->port.faults;
        changed->subject.port.faults = &changed->faults;
    }
}

// Alone, first and second of a pair.
static void expect_clean_after(const char *text, const struct subject *subject, const char *without)
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
        trial_verdict verdict = verdict_of(plan, text);
        if (verdict != TRIAL_CLEAN) {
            fail_msg("%s without member %s ends with %d", subject->name, without, verdict);
        }
    }
}

static void expect_clean(const struct subject *subject, int member)
{
    char number[16];
    (void)snprintf(number, sizeof number, "%d", member);
    expect_clean_after(everything, subject, number);
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
    const struct subject *subject;
    for (size_t i = 0; (subject = subject_at(i)) != NULL; i++) {
        begin_change(&changed, subject);
        for (int member = 0; member < TASK_ALLOC; member++) {
            leave_out(&changed, (enum member)member);
        }
        changed.subject.name = "bare";
        expect_clean(&changed.subject, MEMBERS);
    }
}

// Ports.

// Worlds of few and of odd bytes, at several places.
static const char ranges[] = "allocate b0 100\nworld 512 0\nallocate b0 100\nallocate b1 0\n"
                             "repeat 40\nallocate b2 16\nfree b0\nreallocate b1 200\n"
                             "world 777 1\nallocate b0 700\nallocate b1 300\nsize b1\n"
                             "world 65537 9\nallocate b0 32768\nrepeat 30\nallocate b1 777\n"
                             "owns b1 0\ncheck b1\nminimize\nworld 512 4095\n"
                             "reallocate b0 64\nreallocate b0 size*2+1\nworld 777 65535\n"
                             "allocate b0 777\nallocate b0 1\nfree b0\n";

// A heap in a range that has each member.

#define KEPT_BLOCKS 1024U

static struct {
    void *blocks[KEPT_BLOCKS];
    size_t count;
} kept;

static size_t find_kept(const void *block)
{
    size_t at = 0;
    while (at < kept.count && kept.blocks[at] != block) {
        at++;
    }
    return at;
}

static bool kept_open(void *range, size_t range_bytes)
{
    kept.count = 0;
    return first_fit_begin(range, range_bytes);
}

static void kept_close(void)
{
    kept.count = 0;
}

static void *kept_allocate(size_t size_bytes)
{
    void *block = kept.count == KEPT_BLOCKS ? NULL : first_fit_allocate(size_bytes);
    if (block != NULL) {
        kept.blocks[kept.count++] = block;
    }
    return block;
}

// It ignores misuse.
static void kept_free(void *block)
{
    size_t at = find_kept(block);
    if (at < kept.count) {
        kept.blocks[at] = kept.blocks[kept.count - 1];
        kept.count--;
        first_fit_free(block);
    }
}

static void *kept_reallocate(void *block, size_t size_bytes)
{
    if (block == NULL) {
        return kept_allocate(size_bytes);
    }
    size_t at = find_kept(block);
    void *moved = at == kept.count ? NULL : first_fit_reallocate(block, size_bytes);
    if (moved != NULL) {
        kept.blocks[at] = moved;
    }
    return moved;
}

static void *kept_allocate_zeroed(size_t count, size_t size_bytes)
{
    bool wraps = size_bytes > 0 && count > SIZE_MAX / size_bytes;
    void *block = wraps ? NULL : kept_allocate(count * size_bytes);
    return block == NULL ? NULL : memset(block, 0, count * size_bytes);
}

static void *kept_allocate_aligned(size_t alignment_bytes, size_t size_bytes)
{
    return alignment_bytes > 2 * sizeof(void *) ? NULL : kept_allocate(size_bytes);
}

static int kept_owns(const void *address)
{
    return address == NULL ? -1 : find_kept(address) < kept.count;
}

static void kept_minimize(void)
{
    // It holds nothing back.
}

static void kept_count(struct heapfuzz_counts *counts)
{
    counts->live_blocks = kept.count;
}

static const char *kept_check(const void **where)
{
    (void)where;
    return kept.count > KEPT_BLOCKS ? "there are more blocks than places" : NULL;
}

static const char *kept_fault(const void **where)
{
    (void)where;
    return NULL;
}

static const struct heapfuzz_port kept_port = {
    .name = "kept",
    .sentence = "first fit in a range, with a list of its blocks",
    .policies = {.alignment_bytes = 2 * sizeof(void *),
                 .limit_bytes = SIZE_MAX,
                 .zero = HEAPFUZZ_ZERO_IS_BLOCK,
                 .reallocate_to_zero = HEAPFUZZ_TO_ZERO_SHRINKS,
                 .size = HEAPFUZZ_SIZE_IS_AT_LEAST,
                 .free_takes_null = HEAPFUZZ_YES,
                 .reallocate_takes_null = HEAPFUZZ_YES,
                 .size_takes_null = HEAPFUZZ_NO,
                 .capacity_returns = HEAPFUZZ_YES,
                 .addresses_repeat = HEAPFUZZ_YES},
    .open = kept_open,
    .close = kept_close,
    .allocate = kept_allocate,
    .free = kept_free,
    .reallocate = kept_reallocate,
    .allocate_zeroed = kept_allocate_zeroed,
    .allocate_aligned = kept_allocate_aligned,
    .size = first_fit_size,
    .owns = kept_owns,
    .minimize = kept_minimize,
    .count = kept_count,
    .check = kept_check,
    .fault = kept_fault,
    .misuses =
        &(const struct heapfuzz_misuses){
            .free = {HEAPFUZZ_IGNORED, HEAPFUZZ_IGNORED, HEAPFUZZ_IGNORED, HEAPFUZZ_IGNORED},
            .reallocate = {HEAPFUZZ_IGNORED, HEAPFUZZ_IGNORED, HEAPFUZZ_IGNORED, HEAPFUZZ_IGNORED},
            .survives_freed_writes = true},
};

#define PORT_MEMBER(name)                                                                          \
    {                                                                                              \
        offsetof(struct heapfuzz_port, name), sizeof kept_port.name, #name                         \
    }

// The members of a port that may be left out, by their places in it.
static const struct {
    size_t offset, size_bytes;
    const char *name;
} port_members[] = {
    PORT_MEMBER(name),
    PORT_MEMBER(sentence),
    PORT_MEMBER(policies),
    PORT_MEMBER(close),
    PORT_MEMBER(reset),
    PORT_MEMBER(reallocate),
    PORT_MEMBER(allocate_zeroed),
    PORT_MEMBER(allocate_aligned),
    PORT_MEMBER(size),
    PORT_MEMBER(owns),
    PORT_MEMBER(minimize),
    PORT_MEMBER(count),
    PORT_MEMBER(check),
    PORT_MEMBER(fault),
    PORT_MEMBER(select_cache),
    PORT_MEMBER(promises),
    PORT_MEMBER(faults),
    PORT_MEMBER(misuses),
};

#define PORT_MEMBERS (sizeof port_members / sizeof port_members[0])

// Promises hold of a heap with its policies, such as its limit: without these they go, too.
static void leave_out_of_port(struct heapfuzz_port *port, size_t member)
{
    if (port_members[member].offset == offsetof(struct heapfuzz_port, policies)) {
        port->promises = NULL;
    }
    memset((char *)port + port_members[member].offset, 0, port_members[member].size_bytes);
}

static void expect_clean_port(const struct heapfuzz_port *port, const char *without)
{
    static struct subject subject;
    assert_null(subject_make(&subject, "port", port, NULL));
    expect_clean_after(everything, &subject, without);
    expect_clean_after(ranges, &subject, without);
}

static void leave_out_members_of(const struct heapfuzz_port *whole)
{
    struct heapfuzz_port bare = *whole;
    expect_clean_port(whole, "none");
    for (size_t member = 0; member < PORT_MEMBERS; member++) {
        struct heapfuzz_port port = *whole;
        leave_out_of_port(&port, member);
        expect_clean_port(&port, port_members[member].name);
        leave_out_of_port(&bare, member);
    }
    expect_clean_port(&bare, "all");
}

static void a_port_over_a_range_may_lack_members(void **state)
{
    (void)state;
    leave_out_members_of(&kept_port);
}

static void a_port_over_pages_may_lack_members(void **state)
{
    (void)state;
    leave_out_members_of(&subject_find("win32")->port);
}

static void a_port_over_neither_may_lack_members(void **state)
{
    (void)state;
    leave_out_members_of(&subject_find("libc")->port);
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

static void place_reset(void)
{
    placed.stride_bytes = placed.runs++ % 2 == 0 ? 32 : 1024;
    placed.next = 0;
    memset(placed.sizes, 0xff, sizeof placed.sizes);
}

static struct subject make_placed(void)
{
    static const struct heapfuzz_port port = {
        .sentence = "blocks that lie closer in every other run",
        .policies = {.alignment_bytes = 16,
                     .zero = HEAPFUZZ_ZERO_IS_BLOCK,
                     .reallocate_to_zero = HEAPFUZZ_TO_ZERO_FREES,
                     .size = HEAPFUZZ_SIZE_IS_EXACT,
                     .stays_in_place = HEAPFUZZ_YES},
        .reset = place_reset,
        .allocate = place_alloc,
        .free = place_free,
        .reallocate = place_realloc,
        .size = place_size_of,
        .owns = place_owns,
    };
    struct subject subject;
    assert_null(subject_make(&subject, "placed", &port, NULL));
    return subject;
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
    subject.port.policies.addresses_repeat = HEAPFUZZ_YES;
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

static void what_is_above_the_limit_is_asked_for(void **state)
{
    (void)state;
    static const struct heapfuzz_port port = {
        .sentence = "malloc of a sum that overflows",
        .policies = {.limit_bytes = (size_t)PTRDIFF_MAX},
        .allocate = add_and_alloc,
        .free = free,
        .reallocate = add_and_realloc,
        .size = any_size,
    };
    struct subject adds;
    assert_null(subject_make(&adds, "adds", &port, NULL));
    assert_int_equal(verdict_alone(&adds, "allocate b0 40\nfree b0\n"), TRIAL_CLEAN);
    assert_int_equal(verdict_alone(&adds, "allocate b0 SIZE_MAX-8\n"), limit_broken);
    assert_int_equal(verdict_alone(&adds, "allocate b0 40\nreallocate b0 SIZE_MAX-8\n"),
                     limit_broken);
}

// A heap that survives misuse, and rounds the sizes that it reports.

static size_t round_size(void *block)
{
    size_t size_bytes = subject_find("win32")->port.size(block);
    return size_bytes == SIZE_MAX ? SIZE_MAX : (size_bytes + 16) / 16 * 16;
}

static void a_heap_that_rounds_may_be_misused(void **state)
{
    (void)state;
    struct subject rounds = *subject_find("win32");
    rounds.port.policies.size = HEAPFUZZ_SIZE_IS_AT_LEAST;
    rounds.port.size = round_size;
    assert_int_equal(verdict_alone(&rounds, everything), TRIAL_CLEAN);
    assert_int_equal(verdict_alone(&rounds, "allocate b0 5\nbad_free b0 1\nbad_reallocate b0 1\n"),
                     TRIAL_CLEAN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_be_null_is_left_out_in_turn),
        cmocka_unit_test(all_of_it_is_left_out_at_once),
        cmocka_unit_test(a_port_over_a_range_may_lack_members),
        cmocka_unit_test(a_port_over_pages_may_lack_members),
        cmocka_unit_test(a_port_over_neither_may_lack_members),
        cmocka_unit_test(an_address_past_a_block_is_not_compared),
        cmocka_unit_test(room_that_hangs_on_the_place_is_not_compared),
        cmocka_unit_test(a_repeatable_subject_is_held_to_its_places),
        cmocka_unit_test(what_is_above_the_limit_is_asked_for),
        cmocka_unit_test(a_heap_that_rounds_may_be_misused),
    };
    return cmocka_run_group_tests_name("foreign", tests, NULL, NULL);
}
