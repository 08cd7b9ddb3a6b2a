// A policy excuses exactly its answers. Answers that a subject may give by its policies break no
// law, and those beside them do. A run names the laws that are off for it. A subject is misused as
// its promises say, and has to keep them.
//
// Each subject is the reference, with one answer changed.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/cmocka_headers.h"
#include "com/com.h"
#include "com/com_calls.h"
#include "findings/laws_off.h"
#include "findings/report.h"
#include "language/text.h"
#include "runner/trial.h"
#include "subjects/subjects.h"

static struct {
    struct heapfuzz_policies policies;
    bool shares_heap;
    int null_answer;  ///< DidAlloc of NULL,
    int other_answer; ///< and of a pointer that is no block of the reference.
    enum { STORES_NULL, STORES_ITSELF, STORES_NOTHING } on_failure; ///< A failed QueryInterface.
    struct heapfuzz_misuses misuses;
    bool has_fault; ///< It can be asked for faults.
    enum { IGNORES, RAISES, ABORTS, GRANTS, HARMS } on_misuse;
    unsigned char *harmed; ///< A block that a misuse changes where it harms.
} change;

static const char *raised;

static const struct subject *reference;

static int owns(const void *address)
{
    return address == NULL                      ? change.null_answer
           : reference->port.owns(address) == 0 ? change.other_answer
                                                : 1;
}

// Returns whether a pointer is misused. Then the subject has the effect that a test chose.
static bool is_misused(const void *block)
{
    if (block == NULL || reference->port.owns(block) == 1) {
        return false;
    }
    raised = change.on_misuse == RAISES ? "a fault of the test's" : NULL;
    if (change.on_misuse == ABORTS) {
        abort();
    }
    return true;
}

static const char *fault(const void **where)
{
    const char *sentence = raised;
    *where = NULL;
    raised = NULL;
    return sentence;
}

static void *allocate(size_t size_bytes)
{
    void *block = reference->port.allocate(size_bytes);
    change.harmed = change.harmed == NULL ? block : change.harmed;
    return block;
}

static void free_block(void *block)
{
    if (!is_misused(block)) {
        reference->port.free(block);
    } else if (change.on_misuse == HARMS) {
        *change.harmed ^= 1;
    }
}

static void *reallocate(void *block, size_t size_bytes)
{
    if (!is_misused(block)) {
        return reference->port.reallocate(block, size_bytes);
    }
    return change.on_misuse == GRANTS ? reference->port.allocate(size_bytes) : NULL;
}

static HRESULT STDMETHODCALLTYPE query(IMalloc *This, REFIID riid, void **ppv)
{
    bool has_it = memcmp(riid, &IID_IUnknown, sizeof *riid) == 0 ||
                  memcmp(riid, &IID_IMalloc, sizeof *riid) == 0;
    if (has_it || change.on_failure == STORES_ITSELF) {
        *ppv = This;
    } else if (change.on_failure == STORES_NULL) {
        *ppv = NULL;
    }
    return has_it ? S_OK : E_NOINTERFACE;
}

// Nothing else of it is called.
static IMalloc allocator = {&(const IMallocVtbl){.QueryInterface = query}};

static HRESULT get_malloc(DWORD context, IMalloc **malloc)
{
    *malloc = context == MEMCTX_TASK ? &allocator : NULL;
    return *malloc != NULL ? S_OK : E_INVALIDARG;
}

static struct com_calls com;

static struct subject make_changed(void)
{
    struct subject changed = *reference;
    changed.name = "changed";
    changed.port.policies = change.policies;
    changed.port.owns = owns;
    changed.port.allocate = allocate;
    changed.port.free = free_block;
    changed.port.reallocate = reallocate;
    changed.port.fault = change.has_fault ? fault : NULL;
    changed.port.misuses = &change.misuses;
    changed.promises.shares_heap = change.shares_heap;
    changed.parts.com = &com;
    return changed;
}

static int set_up(void **state)
{
    (void)state;
    memset(&change, 0, sizeof change);
    reference = subject_find("reference");
    com = *reference->parts.com;
    com.get_malloc = get_malloc;
    change.policies = reference->port.policies;
    change.null_answer = -1;
    return 0;
}

static trial_verdict verdict_of(const char *text)
{
    struct program program = {0};
    struct text_error error;
    struct subject changed = make_changed();
    bool is_misused_too = subject_promises_misuse(&changed); // Not by faces: they are as they were.
    struct plan plan = {.subject = &changed,
                        .extension = is_misused_too ? NULL : &com_faces,
                        .misuses = is_misused_too};
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "rb");
    assert_non_null(file);
    assert_true(text_read(file, &program, &error));
    (void)fclose(file);
    trial_verdict verdict = trial_run(&plan, &program);
    program_close(&program);
    return verdict;
}

static const int member_broken = FINDING_FIRST_STATUS + (int)LAW_MEMBER;
static const int com_broken = FINDING_FIRST_STATUS + (int)LAW_COM;

static void who_shares_a_heap_may_own_what_is_elsewhere(void **state)
{
    (void)state;
    change.other_answer = 1;
    assert_int_equal(verdict_of("owns_address 4096\n"), member_broken);
    change.shares_heap = true;
    assert_int_equal(verdict_of("owns_address 4096\n"), TRIAL_CLEAN);
    change.other_answer = 2;
    assert_int_equal(verdict_of("owns_address 4096\n"), member_broken);
}

static void who_shares_a_heap_may_own_what_was_freed(void **state)
{
    (void)state;
    change.other_answer = 1;
    assert_int_equal(verdict_of("allocate b0 13\nfree b0\n"), member_broken);
    change.shares_heap = true;
    assert_int_equal(verdict_of("allocate b0 13\nfree b0\n"), TRIAL_CLEAN);
    change.other_answer = 2;
    assert_int_equal(verdict_of("allocate b0 13\nfree b0\n"), member_broken);
}

static void who_shares_a_heap_does_not_own_null(void **state)
{
    (void)state;
    change.shares_heap = true;
    assert_int_equal(verdict_of("owns_address 0\n"), TRIAL_CLEAN);
    change.null_answer = 1;
    assert_int_equal(verdict_of("owns_address 0\n"), member_broken);
}

static void who_leaves_the_pointer_of_a_query_may_store_null_too(void **state)
{
    (void)state;
    assert_int_equal(verdict_of("query 2\n"), TRIAL_CLEAN);
    change.on_failure = STORES_NOTHING;
    assert_int_equal(verdict_of("query 2\n"), com_broken);
    com.leaves_query = true;
    assert_int_equal(verdict_of("query 2\n"), TRIAL_CLEAN);
    change.on_failure = STORES_NULL;
    assert_int_equal(verdict_of("query 2\n"), TRIAL_CLEAN);
}

static void who_leaves_the_pointer_of_a_query_stores_no_other(void **state)
{
    (void)state;
    com.leaves_query = true;
    change.on_failure = STORES_ITSELF;
    assert_int_equal(verdict_of("query 2\n"), com_broken);
}

static const int misuse_broken = FINDING_FIRST_STATUS + (int)LAW_MISUSE;

static const char foreign[] = "allocate b0 8\nbad_address 4096\n";
static const char again[] = "allocate b0 8\nfree b0\nbad_free b0 0\n";
static const char later[] = "allocate b0 8\nfree b0\nallocate b1 4000\nbad_free b0 0\n";
static const char inside[] = "allocate b0 8\nbad_free b0 1\n";

static void who_promises_one_misuse_is_misused_so_alone(void **state)
{
    (void)state;
    change.on_misuse = ABORTS;
    change.misuses.free.freed = HEAPFUZZ_IGNORED;
    assert_int_equal(verdict_of(later), TRIAL_CLEAN);
    assert_int_equal(verdict_of(inside), TRIAL_CLEAN);
    assert_int_not_equal(verdict_of(again), TRIAL_CLEAN);
    change.misuses.free.interior = HEAPFUZZ_IGNORED;
    assert_int_not_equal(verdict_of(inside), TRIAL_CLEAN);
}

// The reference has memory of its own, and so can't know a foreign pointer by its place.
static void pages_at_the_end(uintptr_t *begin, uintptr_t *end)
{
    *begin = UINTPTR_MAX - 1;
    *end = UINTPTR_MAX;
}

static void who_ignores_misuse_raises_and_grants_nothing(void **state)
{
    (void)state;
    change.misuses.free.foreign = HEAPFUZZ_IGNORED;
    change.misuses.reallocate.foreign = HEAPFUZZ_IGNORED;
    change.on_misuse = GRANTS;
    assert_int_equal(verdict_of(foreign), TRIAL_CLEAN); // Nothing is known to be foreign.
    change.misuses.pages = pages_at_the_end;
    assert_int_equal(verdict_of(foreign), misuse_broken);
    change.on_misuse = HARMS;
    assert_int_equal(verdict_of(foreign), misuse_broken);
    change.on_misuse = IGNORES;
    assert_int_equal(verdict_of(foreign), TRIAL_CLEAN);
    change.has_fault = true;
    assert_int_equal(verdict_of(foreign), TRIAL_CLEAN);
    change.on_misuse = RAISES;
    assert_int_equal(verdict_of(foreign), misuse_broken);
}

static void who_catches_misuse_raises_or_aborts(void **state)
{
    (void)state;
    change.misuses.free.freed = HEAPFUZZ_CAUGHT;
    change.on_misuse = IGNORES;
    assert_int_equal(verdict_of(again), misuse_broken);
    change.on_misuse = ABORTS;
    assert_int_equal(verdict_of(again), TRIAL_CLEAN);
    change.has_fault = true;
    change.on_misuse = IGNORES;
    assert_int_equal(verdict_of(again), misuse_broken);
    change.on_misuse = RAISES;
    assert_int_equal(verdict_of(again), TRIAL_CLEAN);
}

// Returns whether a run reports that a law is off for the changed subject, and why.
static bool says_off(const char *words)
{
    char said[1000] = "";
    struct subject changed = make_changed();
    FILE *file = fmemopen(said, sizeof said, "w");
    assert_non_null(file);
    laws_off_print(file, &changed, &com_faces);
    (void)fclose(file);
    return strstr(said, words) != NULL;
}

static void a_run_says_what_a_policy_turns_off(void **state)
{
    (void)state;
    static const char member[] = "member (only held of its own blocks)";
    static const char query_left[] = "com (a failed QueryInterface may leave the pointer)";
    static const char resizing[] = "reason (only held of new blocks)";
    assert_false(says_off(member));
    assert_false(says_off(query_left));
    assert_false(says_off(resizing));
    change.shares_heap = true;
    assert_true(says_off(member));
    com.leaves_query = true;
    assert_true(says_off(query_left));
    change.policies.stays_in_place = HEAPFUZZ_YES;
    assert_true(says_off(resizing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(who_shares_a_heap_may_own_what_is_elsewhere, set_up),
        cmocka_unit_test_setup(who_shares_a_heap_may_own_what_was_freed, set_up),
        cmocka_unit_test_setup(who_shares_a_heap_does_not_own_null, set_up),
        cmocka_unit_test_setup(who_leaves_the_pointer_of_a_query_may_store_null_too, set_up),
        cmocka_unit_test_setup(who_leaves_the_pointer_of_a_query_stores_no_other, set_up),
        cmocka_unit_test_setup(who_promises_one_misuse_is_misused_so_alone, set_up),
        cmocka_unit_test_setup(who_ignores_misuse_raises_and_grants_nothing, set_up),
        cmocka_unit_test_setup(who_catches_misuse_raises_or_aborts, set_up),
        cmocka_unit_test_setup(a_run_says_what_a_policy_turns_off, set_up),
    };
    return cmocka_run_group_tests_name("policies", tests, NULL, NULL);
}
