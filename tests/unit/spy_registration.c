// Sections 3.1 to 3.3, and 4.2: which spy is registered, when it goes, and which blocks are spied.
// Also sections 1.1, 1.2 and 1.6: the binary side of a spy.

#include "cmocka_headers.h"
#include "faces.h"
#include "recorder.h"
#include "scratch.h"
#include "spy_groups.h"

static void S3_1_1_null_is_an_invalid_argument_first_of_all(const struct face *face)
{
    (void)face;
    struct recorder spy;
    assert_int_equal(CoRegisterMallocSpy(NULL), E_INVALIDARG);
    recorder_register(&spy);
    assert_int_equal(CoRegisterMallocSpy(NULL), E_INVALIDARG);
    recorder_revoke(&spy);
}

static void S3_1_2_the_reference_of_its_query_is_the_only_one(const struct face *face)
{
    (void)face;
    struct recorder spy;
    recorder_init(&spy);
    assert_int_equal(CoRegisterMallocSpy(&spy.spy), S_OK);
    assert_int_equal(spy.references, 1);
    recorder_expect(&spy, "%s", "");
    recorder_revoke(&spy);
}

static void S3_1_3_a_failed_query_is_an_invalid_argument(const struct face *face)
{
    struct recorder spy;
    recorder_init(&spy);
    spy.query_result = E_NOINTERFACE;
    assert_int_equal(CoRegisterMallocSpy(&spy.spy), E_INVALIDARG);
    face->free(face->alloc(8));
    assert_int_equal(CoRevokeMallocSpy(), CO_E_OBJNOTREG);
    assert_int_equal(spy.references, 0);
    recorder_expect(&spy, "%s", "");
}

static void S3_1_3_a_query_that_finds_nothing_is_an_invalid_argument(const struct face *face)
{
    struct recorder spy;
    recorder_init(&spy);
    spy.query_spy = NULL;
    assert_int_equal(CoRegisterMallocSpy(&spy.spy), E_INVALIDARG);
    face->free(face->alloc(8));
    assert_int_equal(CoRevokeMallocSpy(), CO_E_OBJNOTREG);
    recorder_expect(&spy, "%s", "");
}

static void S3_1_4_there_is_one_spy_at_a_time(const struct face *face)
{
    (void)face;
    struct recorder spy;
    struct recorder other;
    recorder_init(&other);
    recorder_register(&spy);
    assert_int_equal(CoRegisterMallocSpy(&spy.spy), CO_E_OBJISREG);
    assert_int_equal(CoRegisterMallocSpy(&other.spy), CO_E_OBJISREG);
    assert_int_equal(spy.references, 1);
    assert_int_equal(other.references, 0);
    recorder_expect(&spy, "%s", "");
    recorder_expect(&other, "%s", "");
    recorder_revoke(&spy);
}

static void S3_1_5_the_spy_is_what_its_query_answers(const struct face *face)
{
    struct recorder asked;
    struct recorder answer;
    recorder_init(&asked);
    recorder_init(&answer);
    asked.query_spy = &answer.spy;
    assert_int_equal(CoRegisterMallocSpy(&asked.spy), S_OK);
    void *block = face->alloc(8);
    recorder_expect(&answer, "PreAlloc 8, PostAlloc %p", block);
    face->free(block);
    recorder_revoke(&answer);
    recorder_expect(&asked, "%s", "");
    assert_int_equal(asked.references, 0);
}

static void S3_1_6_a_spy_that_is_to_go_is_still_registered(const struct face *face)
{
    struct recorder spy;
    struct recorder other;
    recorder_register(&spy);
    void *block = face->alloc(8);
    assert_int_equal(CoRevokeMallocSpy(), E_ACCESSDENIED);
    recorder_init(&other);
    assert_int_equal(CoRegisterMallocSpy(&other.spy), CO_E_OBJISREG);
    assert_int_equal(CoRegisterMallocSpy(&spy.spy), CO_E_OBJISREG);
    face->free(block);
    assert_int_equal(spy.references, 0);
    recorder_register(&other);
    recorder_revoke(&other);
}

static void S3_1_7_calls_of_every_face_reach_the_spy(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(40);
    recorder_expect(&spy, "PreAlloc 40, PostAlloc %p", block);
    assert_int_equal(face->size_bytes(block), 40);
    recorder_expect(&spy, "PreGetSize %p 1, PostGetSize 40 1", block);
    void *moved = face->realloc(block, 50000);
    recorder_expect(&spy, "PreRealloc %p 50000 %p 1, PostRealloc %p 1", block, block, moved);
    face->free(moved);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", moved);
    recorder_revoke(&spy);
    face->free(face->alloc(8));
    recorder_expect(&spy, "%s", "");
}

static void S3_1_7_the_spy_sees_the_calls_on_another_heap_too(const struct face *face)
{
    struct ch_heap *other = ch_heap_create(&(struct ch_config){.arena_bytes = CH_ARENA_BYTES_MIN});
    struct recorder spy;
    recorder_register(&spy);
    assert_ptr_equal(ch_task_heap_use(other), scratch.heap);
    void *block = face->alloc(40);
    recorder_expect(&spy, "PreAlloc 40, PostAlloc %p", block);
    assert_true(ch_heap_owns(other, block));
    face->free(block);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", block);
    assert_ptr_equal(ch_task_heap_use(scratch.heap), other);
    recorder_revoke(&spy);
    ch_heap_destroy(other);
}

static void S3_2_1_nobody_can_be_revoked_where_nobody_is(const struct face *face)
{
    (void)face;
    assert_int_equal(CoRevokeMallocSpy(), CO_E_OBJNOTREG);
}

static void S3_2_2_a_spy_without_blocks_goes_at_once(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    face->free(face->alloc(8));
    recorder_forget(&spy);
    assert_int_equal(CoRevokeMallocSpy(), S_OK);
    recorder_expect(&spy, "Release");
    assert_int_equal(CoRevokeMallocSpy(), CO_E_OBJNOTREG);
    recorder_expect(&spy, "%s", "");
    assert_int_equal(spy.references, 0);
}

static void S3_2_3_a_spy_with_blocks_goes_with_the_last(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *one = face->alloc(8);
    void *other = face->alloc(9);
    recorder_forget(&spy);
    assert_int_equal(CoRevokeMallocSpy(), E_ACCESSDENIED);
    recorder_expect(&spy, "%s", "");
    assert_int_equal(face->size_bytes(one), 8);
    recorder_expect(&spy, "PreGetSize %p 1, PostGetSize 8 1", one);
    face->free(one);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", one);
    face->free(other);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1, Release", other);
    assert_int_equal(CoRevokeMallocSpy(), CO_E_OBJNOTREG);
}

static void S3_2_4_a_further_revoke_is_denied_too(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(8);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(CoRevokeMallocSpy(), E_ACCESSDENIED);
    }
    face->free(block);
    assert_int_equal(spy.releases, 1);
    assert_int_equal(CoRevokeMallocSpy(), CO_E_OBJNOTREG);
}

static void S3_2_5_blocks_made_meanwhile_are_waited_for(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(8);
    assert_int_equal(CoRevokeMallocSpy(), E_ACCESSDENIED);
    void *late = face->alloc(9);
    face->free(block);
    assert_int_equal(spy.releases, 0);
    recorder_forget(&spy);
    face->free(late);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1, Release", late);
}

static void S3_2_6_reallocating_ends_no_wait_but_for_zero_bytes(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(8);
    assert_int_equal(CoRevokeMallocSpy(), E_ACCESSDENIED);
    block = face->realloc(block, 5000);
    block = face->realloc(block, 7);
    assert_int_equal(spy.releases, 0);
    recorder_forget(&spy);
    assert_null(face->realloc(block, 0));
    recorder_expect(&spy, "PreFree %p 1, PostFree 1, Release", block);
    assert_int_equal(ch_heap_stats(scratch.heap).live_blocks, 0);
}

// The wait does not include a block that is not spied, and does not end with it.
static void S3_2_7_the_release_comes_after_the_post_method(const struct face *face)
{
    void *old = face->alloc(10);
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(8);
    assert_int_equal(CoRevokeMallocSpy(), E_ACCESSDENIED);
    recorder_forget(&spy);
    face->free(old);
    recorder_expect(&spy, "PreFree %p 0, PostFree 0", old);
    face->free(block);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1, Release", block);
}

static void S3_3_1_blocks_from_before_are_not_spied(const struct face *face)
{
    void *old = face->alloc(8);
    struct recorder spy;
    recorder_register(&spy);
    assert_int_equal(face->size_bytes(old), 8);
    recorder_expect(&spy, "PreGetSize %p 0, PostGetSize 8 0", old);
    assert_null(face->realloc(old, 0));
    recorder_expect(&spy, "PreFree %p 0, PostFree 0", old);
    recorder_revoke(&spy);
}

static void S3_3_2_reallocating_makes_a_block_spied(const struct face *face)
{
    void *old = face->alloc(8);
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->realloc(old, 5000);
    recorder_expect(&spy, "PreRealloc %p 5000 %p 0, PostRealloc %p 0", old, old, block);
    assert_int_equal(CoRevokeMallocSpy(), E_ACCESSDENIED);
    face->free(block);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1, Release", block);
}

// Their addresses are the same, so only forgetting keeps them apart.
static void S3_3_3_what_a_former_spy_knew_is_forgotten(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(8);
    face->free(block);
    recorder_revoke(&spy);
    void *again = face->alloc(8);
    assert_ptr_equal(again, block);
    recorder_register(&spy);
    face->free(again);
    recorder_expect(&spy, "PreFree %p 0, PostFree 0", again);
    recorder_revoke(&spy);
}

static void S3_3_4_a_block_is_told_by_the_pointer_that_its_caller_holds(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    spy.header_bytes = 64;
    unsigned char *block = face->alloc(8);
    recorder_expect(&spy, "PreAlloc 8, PostAlloc %p", (void *)(block - 64));
    spy.header_bytes = 0;
    assert_true(face->size_bytes(block - 64) == 72);
    recorder_expect(&spy, "PreGetSize %p 0, PostGetSize 72 0", (void *)(block - 64));
    spy.header_bytes = 64;
    assert_int_equal(face->size_bytes(block), 8);
    recorder_expect(&spy, "PreGetSize %p 1, PostGetSize 72 1", (void *)block);
    face->free(block);
    recorder_revoke(&spy);
}

static void S4_2_as_the_conformance_test_has_it(const struct face *face)
{
    (void)face;
    struct recorder spy;
    assert_int_equal(CoRegisterMallocSpy(NULL), E_INVALIDARG);
    assert_int_equal(CoRevokeMallocSpy(), CO_E_OBJNOTREG);
    recorder_register(&spy);
    assert_int_equal(CoRegisterMallocSpy(NULL), E_INVALIDARG);
    assert_int_equal(CoRegisterMallocSpy(&spy.spy), CO_E_OBJISREG);
    IMalloc *allocator = NULL;
    assert_int_equal(CoGetMalloc(MEMCTX_TASK, &allocator), S_OK);
    assert_non_null(allocator);
    IMalloc_Free(allocator, NULL);
    (void)IMalloc_Release(allocator);
    recorder_expect(&spy, "%s", "");
    assert_int_equal(CoRevokeMallocSpy(), S_OK);
    assert_int_equal(CoRevokeMallocSpy(), CO_E_OBJNOTREG);
}

static void S1_1_the_identifier_of_a_spy_is_coms(const struct face *face)
{
    (void)face;
    static const IID spy = {0x1d, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
    assert_memory_equal(&IID_IMallocSpy, &spy, sizeof(IID));
}

static void S1_2_the_results_about_a_spy_are_coms(const struct face *face)
{
    (void)face;
    assert_int_equal((uint32_t)E_ACCESSDENIED, 0x80070005);
    assert_int_equal((uint32_t)CO_E_OBJNOTREG, 0x800401FB);
    assert_int_equal((uint32_t)CO_E_OBJISREG, 0x800401FC);
    assert_int_equal(TRUE, 1);
    assert_int_equal(FALSE, 0);
}

#define SLOT(method) (offsetof(IMallocSpyVtbl, method) / sizeof(void *))

static void S1_6_the_methods_of_a_spy_are_in_coms_slots(const struct face *face)
{
    (void)face;
    assert_int_equal(offsetof(IMallocSpy, lpVtbl), 0);
    assert_int_equal(SLOT(QueryInterface), 0);
    assert_int_equal(SLOT(AddRef), 1);
    assert_int_equal(SLOT(Release), 2);
    assert_int_equal(SLOT(PreAlloc), 3);
    assert_int_equal(SLOT(PostAlloc), 4);
    assert_int_equal(SLOT(PreFree), 5);
    assert_int_equal(SLOT(PostFree), 6);
    assert_int_equal(SLOT(PreRealloc), 7);
    assert_int_equal(SLOT(PostRealloc), 8);
    assert_int_equal(SLOT(PreGetSize), 9);
    assert_int_equal(SLOT(PostGetSize), 10);
    assert_int_equal(SLOT(PreDidAlloc), 11);
    assert_int_equal(SLOT(PostDidAlloc), 12);
    assert_int_equal(SLOT(PreHeapMinimize), 13);
    assert_int_equal(SLOT(PostHeapMinimize), 14);
    assert_int_equal(sizeof(IMallocSpyVtbl), 15 * sizeof(void *));
}

int run_spy_registration_rows(void)
{
    const struct CMUnitTest rows[] = {
        ROW(S3_1_1_null_is_an_invalid_argument_first_of_all),
        ROW(S3_1_2_the_reference_of_its_query_is_the_only_one),
        ON_ALL_FACES(S3_1_3_a_failed_query_is_an_invalid_argument),
        ON_ALL_FACES(S3_1_3_a_query_that_finds_nothing_is_an_invalid_argument),
        ROW(S3_1_4_there_is_one_spy_at_a_time),
        ON_ALL_FACES(S3_1_5_the_spy_is_what_its_query_answers),
        ON_ALL_FACES(S3_1_6_a_spy_that_is_to_go_is_still_registered),
        ON_ALL_FACES(S3_1_7_calls_of_every_face_reach_the_spy),
        ON_ALL_FACES(S3_1_7_the_spy_sees_the_calls_on_another_heap_too),
        ROW(S3_2_1_nobody_can_be_revoked_where_nobody_is),
        ON_ALL_FACES(S3_2_2_a_spy_without_blocks_goes_at_once),
        ON_ALL_FACES(S3_2_3_a_spy_with_blocks_goes_with_the_last),
        ON_ALL_FACES(S3_2_4_a_further_revoke_is_denied_too),
        ON_ALL_FACES(S3_2_5_blocks_made_meanwhile_are_waited_for),
        ON_ALL_FACES(S3_2_6_reallocating_ends_no_wait_but_for_zero_bytes),
        ON_ALL_FACES(S3_2_7_the_release_comes_after_the_post_method),
        ON_ALL_FACES(S3_3_1_blocks_from_before_are_not_spied),
        ON_ALL_FACES(S3_3_2_reallocating_makes_a_block_spied),
        ON_ALL_FACES(S3_3_3_what_a_former_spy_knew_is_forgotten),
        ON_ALL_FACES(S3_3_4_a_block_is_told_by_the_pointer_that_its_caller_holds),
        ROW(S4_2_as_the_conformance_test_has_it),
        ROW(S1_1_the_identifier_of_a_spy_is_coms),
        ROW(S1_2_the_results_about_a_spy_are_coms),
        ROW(S1_6_the_methods_of_a_spy_are_in_coms_slots),
    };
    return cmocka_run_group_tests_name("spy_registration", rows, NULL, NULL);
}
