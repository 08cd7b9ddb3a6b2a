// Section 3.4, rows 8 and 10: a spy's own calls in its methods, and calls of another thread that
// come meanwhile. The test checks their effect later, because a method has to return.

#include "cmocka_headers.h"
#include "faces.h"
#include "recorder.h"
#include "scratch.h"
#include "spy_groups.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

static struct {
    const struct face *face;
    void *block;
    size_t size_bytes;
    struct ch_stats stats;
    HRESULT result;
    struct recorder other;
} nest;

static void ask_for_size(void)
{
    nest.size_bytes = nest.face->size_bytes(nest.block);
}

static void S3_4_8_a_block_is_spied_until_it_is_freed(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(27);
    nest.face = face;
    nest.block = block;
    spy.nest = ask_for_size;
    spy.nest_in = "PreFree";
    recorder_forget(&spy);
    face->free(block);
    recorder_expect(&spy, "PreFree %p 1, PreGetSize %p 1, PostGetSize 27 1, PostFree 1", block,
                    block);
    assert_int_equal(nest.size_bytes, 27);
    recorder_revoke(&spy);
}

static void reallocate(void)
{
    nest.block = nest.face->realloc(nest.block, 28); // Where it is.
}

static void begin_with_reallocating(struct recorder *spy, const struct face *face)
{
    nest.face = face;
    nest.block = face->alloc(27);
    recorder_register(spy);
    spy->nest = reallocate;
}

// The block is spied by the time of the Post method, and was not at the time of the Pre method.
static void S3_4_8_a_call_is_about_the_block_as_it_was_when_it_began(const struct face *face)
{
    struct recorder spy;
    begin_with_reallocating(&spy, face);
    void *block = nest.block;
    spy.nest_in = "PreGetSize";
    assert_int_equal(face->size_bytes(block), 28);
    recorder_expect(&spy,
                    "PreGetSize %p 0, PreRealloc %p 28 %p 0, PostRealloc %p 0, PostGetSize 28 0",
                    block, block, block, block);
    face->free(block);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", block);
    recorder_revoke(&spy);

    begin_with_reallocating(&spy, face);
    block = nest.block;
    spy.nest_in = "PreDidAlloc";
    assert_int_equal(IMalloc_DidAlloc(task_allocator(), block), 1);
    recorder_expect(
        &spy, "PreDidAlloc %p 0, PreRealloc %p 28 %p 0, PostRealloc %p 0, PostDidAlloc %p 0 1",
        block, block, block, block, block);
    face->free(block);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", block);
    recorder_revoke(&spy);
}

static void allocate(void)
{
    nest.block = nest.face->alloc(30);
}

static void S3_4_8_the_spy_is_told_of_its_own_calls(const struct face *face)
{
    static const char *const methods[] = {"PreAlloc", "PostAlloc"};
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        struct recorder spy;
        recorder_register(&spy);
        nest.face = face;
        spy.nest = allocate;
        spy.nest_in = methods[i];
        void *block = face->alloc(20);
        if (i == 0) {
            recorder_expect(&spy, "PreAlloc 20, PreAlloc 30, PostAlloc %p, PostAlloc %p",
                            nest.block, block);
        } else {
            recorder_expect(&spy, "PreAlloc 20, PostAlloc %p, PreAlloc 30, PostAlloc %p", block,
                            nest.block);
        }
        face->free(nest.block);
        recorder_expect(&spy, "PreFree %p 1, PostFree 1", nest.block);
        face->free(block);
        recorder_expect(&spy, "PreFree %p 1, PostFree 1", block);
        recorder_revoke(&spy);
    }
}

static void reallocate_from_nothing_to_nothing(void)
{
    nest.block = nest.face->realloc(NULL, 30);
    (void)nest.face->realloc(nest.block, 0);
}

// Likewise, and a revoke that waits for the call's block goes on waiting.
static void S3_4_8_so_it_is_where_it_reallocates_from_and_to_nothing(const struct face *face)
{
    static const char *const methods[] = {"PreAlloc", "PostAlloc"};
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        struct recorder spy;
        recorder_register(&spy);
        void *waited_for = face->alloc(10);
        assert_int_equal(CoRevokeMallocSpy(), E_ACCESSDENIED);
        recorder_forget(&spy);
        nest.face = face;
        spy.nest = reallocate_from_nothing_to_nothing;
        spy.nest_in = methods[i];
        void *block = face->realloc(NULL, 20);
        if (i == 0) {
            recorder_expect(
                &spy,
                "PreAlloc 20, PreAlloc 30, PostAlloc %p, PreFree %p 1, PostFree 1, PostAlloc %p",
                nest.block, nest.block, block);
        } else {
            recorder_expect(
                &spy,
                "PreAlloc 20, PostAlloc %p, PreAlloc 30, PostAlloc %p, PreFree %p 1, PostFree 1",
                block, nest.block, nest.block);
        }
        face->free(waited_for);
        assert_int_equal(spy.releases, 0);
        assert_null(face->realloc(block, 0));
        assert_int_equal(spy.releases, 1);
    }
}

// The heap hands the freed address to the next block of its class.
static void S3_4_8_an_address_that_was_freed_is_spied_again(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    void *block = face->alloc(30);
    nest.face = face;
    spy.nest = allocate;
    spy.nest_in = "PostRealloc";
    void *moved = face->realloc(block, 5000);
    assert_ptr_not_equal(moved, block);
    assert_ptr_equal(nest.block, block);
    recorder_forget(&spy);
    face->free(nest.block);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", block);
    face->free(moved);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1", moved);
    recorder_revoke(&spy);
}

static void ask_heap(void)
{
    nest.stats = ch_heap_stats(scratch.heap);
}

static void S3_4_2_the_block_is_live_in_PreFree_and_not_in_PostFree(const struct face *face)
{
    static const char *const methods[] = {"PreFree", "PostFree"};
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        struct recorder spy;
        recorder_register(&spy);
        void *block = face->alloc(20);
        spy.nest = ask_heap;
        spy.nest_in = methods[i];
        face->free(block);
        assert_int_equal(nest.stats.live_blocks, i == 0);
        recorder_revoke(&spy);
    }
}

static void S3_4_3_the_block_has_its_new_size_in_PostRealloc(const struct face *face)
{
    static const size_t sizes[] = {21, 5000}; // In place, and moved.
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct recorder spy;
        recorder_register(&spy);
        void *block = face->alloc(20);
        spy.nest = ask_heap;
        spy.nest_in = "PostRealloc";
        block = face->realloc(block, sizes[i]);
        assert_int_equal(nest.stats.live_bytes, sizes[i]);
        face->free(block);
        recorder_revoke(&spy);
    }
}

static void S3_4_6_the_pages_are_back_in_PostHeapMinimize(const struct face *face)
{
    static const char *const methods[] = {"PreHeapMinimize", "PostHeapMinimize"};
    const size_t freed_bytes = (size_t)2 * 1024 * 1024;
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        struct recorder spy;
        recorder_register(&spy);
        IMalloc_HeapMinimize(task_allocator());
        ask_heap();
        size_t most_bytes = nest.stats.committed_bytes + freed_bytes;
        face->free(face->alloc(freed_bytes));
        spy.nest = ask_heap;
        spy.nest_in = methods[i];
        IMalloc_HeapMinimize(task_allocator());
        assert_int_equal(nest.stats.committed_bytes < most_bytes, i == 1);
        recorder_revoke(&spy);
    }
}

static pthread_t meanwhile;

static void *allocate_and_free(void *unused)
{
    nest.block = nest.face->alloc(30);
    nest.face->free(nest.block);
    return unused;
}

// The other thread has the time for its calls here, if nothing holds it up.
static void let_another_thread_call(void)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    nest.result = pthread_create(&meanwhile, NULL, allocate_and_free, NULL) == 0 ? S_OK : E_POINTER;
    (void)nanosleep(&pause, NULL);
}

// Makes one call of each kind; block is freed, or may have moved. Returns the block.
static void *call_by_name(const struct face *face, const char *pre_method, void *block)
{
    switch (pre_method[3]) {
    case 'A':
        return face->alloc(20);
    case 'F':
        face->free(block);
        return NULL;
    case 'R':
        return face->realloc(block, 21);
    case 'G':
        (void)face->size_bytes(block);
        return block;
    case 'D':
        (void)IMalloc_DidAlloc(task_allocator(), block);
        return block;
    default:
        IMalloc_HeapMinimize(task_allocator());
        return block;
    }
}

// Returns how much of the record is this call's alone: both methods, and nothing between.
static size_t length_of_call(const struct recorder *spy, const char *pre_method)
{
    const char *post = strstr(spy->record, ", Post");
    size_t name_length = strlen(pre_method);
    assert_int_equal(strncmp(spy->record, pre_method, name_length), 0);
    assert_non_null(post);
    assert_int_equal(strncmp(post + 6, pre_method + 3, name_length - 3), 0);
    assert_int_equal(strcspn(spy->record, ","), post - spy->record);
    const char *next = strchr(post + 2, ',');
    return next == NULL ? strlen(spy->record) : (size_t)(next - spy->record);
}

static void S3_4_10_no_call_of_another_thread_comes_between_the_two(const struct face *face)
{
    static const char *const methods[] = {"PreAlloc",    "PreRealloc",      "PreGetSize",
                                          "PreDidAlloc", "PreHeapMinimize", "PreFree"};
    struct recorder spy;
    recorder_register(&spy);
    nest.face = face;
    spy.nest = let_another_thread_call;
    void *block = NULL;
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        recorder_forget(&spy);
        spy.nest_in = methods[i];
        block = call_by_name(face, methods[i], block);
        assert_int_equal(nest.result, S_OK);
        assert_int_equal(pthread_join(meanwhile, NULL), 0);
        spy.recorded_bytes -= length_of_call(&spy, methods[i]);
        memmove(spy.record, spy.record + length_of_call(&spy, methods[i]), spy.recorded_bytes + 1);
        recorder_expect(&spy, ", PreAlloc 30, PostAlloc %p, PreFree %p 1, PostFree 1", nest.block,
                        nest.block);
    }
    recorder_revoke(&spy);
}

static void revoke(void)
{
    nest.result = CoRevokeMallocSpy();
}

static void S3_2_a_spy_that_revokes_itself_goes_when_the_call_is_over(const struct face *face)
{
    static const char *const methods[] = {"PreFree", "PostFree"};
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        struct recorder spy;
        recorder_register(&spy);
        void *block = face->alloc(20);
        recorder_forget(&spy);
        spy.nest = revoke;
        spy.nest_in = methods[i];
        face->free(block);
        assert_int_equal(nest.result, E_ACCESSDENIED);
        recorder_expect(&spy, "PreFree %p 1, PostFree 1, Release", block);
        assert_int_equal(CoRevokeMallocSpy(), CO_E_OBJNOTREG);
    }
}

static void S3_2_a_spy_that_revokes_itself_waits_for_its_blocks(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    spy.nest = revoke;
    spy.nest_in = "PreAlloc";
    void *block = face->alloc(20);
    assert_int_equal(nest.result, E_ACCESSDENIED);
    recorder_expect(&spy, "PreAlloc 20, PostAlloc %p", block);
    face->free(block);
    recorder_expect(&spy, "PreFree %p 1, PostFree 1, Release", block);
}

static void register_other(void)
{
    recorder_init(&nest.other);
    nest.result = CoRegisterMallocSpy(&nest.other.spy);
    nest.block = nest.face->alloc(30);
}

// Then the registration that makes the query comes second, and takes back the reference that
// QueryInterface has added.
static void S3_1_4_a_query_that_registers_another_spy_comes_too_late(const struct face *face)
{
    struct recorder spy;
    nest.face = face;
    recorder_init(&spy);
    spy.nest = register_other;
    spy.nest_in = "QueryInterface";
    assert_int_equal(CoRegisterMallocSpy(&spy.spy), CO_E_OBJISREG);
    recorder_expect(&spy, "Release");
    assert_int_equal(spy.references, 0);
    assert_int_equal(nest.result, S_OK);
    recorder_expect(&nest.other, "PreAlloc 30, PostAlloc %p", nest.block);
    face->free(nest.block);
    recorder_expect(&nest.other, "PreFree %p 1, PostFree 1", nest.block);
    recorder_revoke(&nest.other);
}

// The lock is free by then, and the spy is gone.
static void S8_8_a_release_may_register_the_next_spy(const struct face *face)
{
    struct recorder spy;
    recorder_register(&spy);
    nest.face = face;
    spy.nest = register_other;
    spy.nest_in = "Release";
    assert_int_equal(CoRevokeMallocSpy(), S_OK);
    recorder_expect(&spy, "Release");
    assert_int_equal(nest.result, S_OK);
    recorder_expect(&nest.other, "PreAlloc 30, PostAlloc %p", nest.block);
    face->free(nest.block);
    recorder_revoke(&nest.other);
}

static void *use_task_memory(void *unused)
{
    CoTaskMemFree(CoTaskMemAlloc(8));
    return unused;
}

static void wait_for_another_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, use_task_memory, NULL) == 0) {
        (void)pthread_join(thread, NULL); // It never ends if it waits for the lock.
    }
}

static void S8_8_a_release_holds_nobody_up(const struct face *face)
{
    (void)face;
    struct recorder spy;
    recorder_register(&spy);
    spy.nest = wait_for_another_thread;
    spy.nest_in = "Release";
    recorder_revoke(&spy);
    assert_int_equal(spy.nested, 1);
}

int run_spy_nested_rows(void)
{
    const struct CMUnitTest rows[] = {
        ON_ALL_FACES(S3_4_8_a_block_is_spied_until_it_is_freed),
        ON_ALL_FACES(S3_4_8_a_call_is_about_the_block_as_it_was_when_it_began),
        ON_ALL_FACES(S3_4_8_the_spy_is_told_of_its_own_calls),
        ON_ALL_FACES(S3_4_8_so_it_is_where_it_reallocates_from_and_to_nothing),
        ON_ALL_FACES(S3_4_8_an_address_that_was_freed_is_spied_again),
        ON_ALL_FACES(S3_4_2_the_block_is_live_in_PreFree_and_not_in_PostFree),
        ON_ALL_FACES(S3_4_3_the_block_has_its_new_size_in_PostRealloc),
        ON_TASK_FACES(S3_4_6_the_pages_are_back_in_PostHeapMinimize),
        ON_ALL_FACES(S3_2_a_spy_that_revokes_itself_goes_when_the_call_is_over),
        ON_ALL_FACES(S3_2_a_spy_that_revokes_itself_waits_for_its_blocks),
        ON_ALL_FACES(S3_1_4_a_query_that_registers_another_spy_comes_too_late),
        ON_ALL_FACES(S3_4_10_no_call_of_another_thread_comes_between_the_two),
        ON_ALL_FACES(S8_8_a_release_may_register_the_next_spy),
        ROW(S8_8_a_release_holds_nobody_up),
    };
    return cmocka_run_group_tests_name("spy_nested", rows, NULL, NULL);
}
