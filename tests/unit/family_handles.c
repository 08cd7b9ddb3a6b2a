// Section 5 beyond its table: the owner of a CWin32Heap's heap, its flags, the limit of one with a
// maximum, and the limits that Local and Global lack. Also the documentation's example, one
// function for all five.

#include "cmocka_headers.h"
#include "siblings.h"

#include <comheap/heap.h>
#include <comheap/taskmem.h>

#include <pthread.h>
#include <string.h>

#define MIB ((size_t)1024 * 1024)

static struct ch_win32_heap win32;

static size_t live_blocks(struct ch_heap *heap)
{
    return ch_heap_stats(heap).live_blocks;
}

static void S5_win32_without_a_heap_refuses(void **state)
{
    (void)state;
    ch_win32_heap_init(&win32);
    IAtlMemMgr *manager = ch_win32_heap_manager(&win32);
    char foreign;
    assert_null(win32.heap);
    assert_false(win32.is_owner);
    assert_null(IAtlMemMgr_Allocate(manager, 0));
    assert_null(IAtlMemMgr_Reallocate(manager, NULL, 1));
    assert_null(IAtlMemMgr_Reallocate(manager, &foreign, 0));
    assert_int_equal(IAtlMemMgr_GetSize(manager, NULL), SIZE_MAX);
    IAtlMemMgr_Free(manager, NULL);
    assert_null(ch_win32_heap_detach(&win32));
    ch_win32_heap_destroy(&win32);
}

static void S5_win32_over_a_handle_does_not_own_it(void **state)
{
    (void)state;
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){.arena_bytes = 16 * MIB});
    ch_win32_heap_init_over(&win32, heap);
    assert_false(win32.is_owner);
    void *block = IAtlMemMgr_Allocate(ch_win32_heap_manager(&win32), 100);
    assert_true(ch_heap_owns(heap, block));
    ch_win32_heap_destroy(&win32);
    assert_null(win32.heap);
    assert_int_equal(live_blocks(heap), 1);
    ch_heap_free(heap, block);
    ch_heap_destroy(heap);
}

// LeakSanitizer doesn't see a heap; a fixed range of addresses that is used again and again does.
static void S5_win32_of_its_own_ends_it_with_every_block(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        assert_true(
            ch_win32_heap_init_own(&win32, CH_HEAP_NO_SERIALIZE, 0, (size_t)1024 * 1024 * MIB));
        assert_true(win32.is_owner);
        assert_non_null(IAtlMemMgr_Allocate(ch_win32_heap_manager(&win32), 100));
        ch_win32_heap_destroy(&win32);
        assert_null(win32.heap);
        assert_false(win32.is_owner);
    }
}

// The documentation's own use of a CWin32Heap that owns nothing.
static void S5_win32_over_the_heap_of_the_process_has_its_blocks(void **state)
{
    (void)state;
    ch_win32_heap_init_over(&win32, ch_heap_of_process());
    void *block = IAtlMemMgr_Allocate(ch_win32_heap_manager(&win32), 100);
    assert_non_null(block);
    ch_win32_heap_destroy(&win32);
    assert_true(ch_heap_owns(ch_heap_of_process(), block));
    ch_heap_free(ch_heap_of_process(), block);
}

#define THREADS 4
#define STEPS 20000U

static void *churn(void *context)
{
    IAtlMemMgr *manager = context;
    void *block = NULL;
    uintptr_t failures = 0;
    for (size_t i = 0; i < STEPS; i++) {
        size_t size_bytes = 1 + i * 37 % 3000;
        block = IAtlMemMgr_Reallocate(manager, block, size_bytes);
        failures += IAtlMemMgr_GetSize(manager, block) != size_bytes;
        if (i % 3 == 0) {
            IAtlMemMgr_Free(manager, block);
            block = NULL;
        }
    }
    IAtlMemMgr_Free(manager, block);
    return (void *)failures;
}

// Windows leaves that to the caller.
static void S5_win32_without_serialization_serves_threads_still(void **state)
{
    (void)state;
    assert_true(ch_win32_heap_init_own(&win32, CH_HEAP_NO_SERIALIZE, 0, 0));
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, churn, ch_win32_heap_manager(&win32)),
                         0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *failures = NULL;
        assert_int_equal(pthread_join(threads[i], &failures), 0);
        assert_null(failures);
    }
    assert_int_equal(live_blocks(win32.heap), 0);
    assert_string_equal(ch_invariant_sentence(ch_heap_check(win32.heap).invariant), "");
    ch_win32_heap_destroy(&win32);
}

static void S5_win32_may_begin_with_its_maximum(void **state)
{
    (void)state;
    assert_true(ch_win32_heap_init_own(&win32, 0, 65536, 65536));
    size_t before_bytes = ch_heap_stats(win32.heap).committed_bytes;
    assert_true(before_bytes < 65536); // Pages are committed on use.
    assert_non_null(IAtlMemMgr_Allocate(ch_win32_heap_manager(&win32), 65536));
    assert_true(ch_heap_stats(win32.heap).committed_bytes > before_bytes);
    ch_win32_heap_destroy(&win32);
}

static void S5_win32_refuses_flags_and_sizes_that_make_no_heap(void **state)
{
    (void)state;
    assert_false(ch_win32_heap_init_own(&win32, CH_HEAP_GENERATE_EXCEPTIONS, 0, 0));
    assert_null(win32.heap);
    assert_false(ch_win32_heap_init_own(&win32, 0x40000, 0, 0));
    assert_false(ch_win32_heap_init_own(&win32, 0, 2 * MIB, MIB));
    assert_false(ch_win32_heap_init_own(&win32, 0, 0, SIZE_MAX));
    assert_null(win32.heap);
    assert_false(win32.is_owner);
    assert_null(IAtlMemMgr_Allocate(ch_win32_heap_manager(&win32), 1));
}

static void S5_win32_with_a_maximum_has_blocks_below_the_documented_limit(void **state)
{
    (void)state;
    assert_true(ch_win32_heap_init_own(&win32, 0, MIB, 64 * MIB));
    IAtlMemMgr *manager = ch_win32_heap_manager(&win32);
    void *block = IAtlMemMgr_Allocate(manager, CH_WIN32_FIXED_BYTES - 1);
    assert_non_null(block);
    assert_null(IAtlMemMgr_Allocate(manager, CH_WIN32_FIXED_BYTES));
    assert_null(IAtlMemMgr_Reallocate(manager, NULL, CH_WIN32_FIXED_BYTES));
    assert_null(IAtlMemMgr_Reallocate(manager, block, CH_WIN32_FIXED_BYTES));
    assert_int_equal(IAtlMemMgr_GetSize(manager, block), CH_WIN32_FIXED_BYTES - 1);
    assert_true(ch_heap_stats(win32.heap).arena_bytes <= 64 * MIB);
    ch_win32_heap_destroy(&win32);
}

// Whatever the sizes are, and whether blocks come, grow or move.
static void S5_win32_with_a_maximum_has_no_more_in_all(void **state)
{
    (void)state;
    static const size_t maxima[][2] = {{1, 4096}, {4096, 4096}, {65536, 65536}, {MIB, MIB}};
    static const size_t sizes[] = {16, 100, 1000, 4000, 16384, 20000, 60000};
    for (size_t i = 0; i < sizeof maxima / sizeof maxima[0]; i++) {
        assert_true(ch_win32_heap_init_own(&win32, 0, 0, maxima[i][0]));
        IAtlMemMgr *manager = ch_win32_heap_manager(&win32);
        size_t most_bytes = maxima[i][1];
        assert_null(IAtlMemMgr_Allocate(manager, most_bytes + 1));
        size_t sum_bytes = 0;
        for (size_t at = 0; at < 10000; at++) {
            size_t size_bytes = sizes[at % (sizeof sizes / sizeof sizes[0])];
            bool is_granted = IAtlMemMgr_Allocate(manager, size_bytes) != NULL;
            assert_int_equal(is_granted, size_bytes <= most_bytes - sum_bytes);
            sum_bytes += is_granted ? size_bytes : 0;
        }
        void *last = IAtlMemMgr_Allocate(manager, most_bytes - sum_bytes);
        assert_non_null(last);
        assert_null(IAtlMemMgr_Reallocate(manager, last, most_bytes - sum_bytes + 1));
        assert_null(IAtlMemMgr_Allocate(manager, 1));
        assert_int_equal(ch_heap_stats(win32.heap).live_bytes, most_bytes);
        ch_win32_heap_destroy(&win32);
    }
}

static void S5_win32_without_a_maximum_may_begin_with_any_size(void **state)
{
    (void)state;
    assert_true(ch_win32_heap_init_own(&win32, 0, 4096, 0));
    IAtlMemMgr *manager = ch_win32_heap_manager(&win32);
    assert_non_null(IAtlMemMgr_Allocate(manager, CH_WIN32_FIXED_BYTES));
    ch_win32_heap_destroy(&win32);
}

static void S5_win32_that_got_no_heap_has_no_limit(void **state)
{
    (void)state;
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){.arena_bytes = 16 * MIB});
    assert_false(ch_win32_heap_init_own(&win32, 0, 0, SIZE_MAX));
    assert_true(ch_win32_heap_attach(&win32, heap, true));
    IAtlMemMgr *manager = ch_win32_heap_manager(&win32);
    assert_non_null(IAtlMemMgr_Allocate(manager, CH_WIN32_FIXED_BYTES));
    ch_win32_heap_destroy(&win32);
}

static void S5_win32_leaves_the_maximum_to_the_heap_that_it_detaches(void **state)
{
    (void)state;
    static const size_t maxima[] = {65536, 64 * MIB};
    for (int i = 0; i < 2; i++) {
        assert_true(ch_win32_heap_init_own(&win32, 0, 0, maxima[i]));
        struct ch_heap *heap = ch_win32_heap_detach(&win32);
        assert_true(ch_win32_heap_attach(&win32, heap, true));
        IAtlMemMgr *manager = ch_win32_heap_manager(&win32);
        assert_null(IAtlMemMgr_Allocate(manager, CH_WIN32_FIXED_BYTES));
        assert_null(IAtlMemMgr_Allocate(manager, maxima[i] + 1));
        ch_win32_heap_destroy(&win32);
    }
}

static void S5_win32_attach_takes_a_heap_and_detach_gives_it_back(void **state)
{
    (void)state;
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){.arena_bytes = 16 * MIB});
    ch_win32_heap_init(&win32);
    assert_false(ch_win32_heap_attach(&win32, NULL, true));
    assert_null(win32.heap);
    assert_true(ch_win32_heap_attach(&win32, heap, true));
    assert_false(ch_win32_heap_attach(&win32, heap, false)); // Something is attached.
    assert_true(win32.is_owner);
    void *block = IAtlMemMgr_Allocate(ch_win32_heap_manager(&win32), 100);
    assert_ptr_equal(ch_win32_heap_detach(&win32), heap);
    assert_null(win32.heap);
    assert_false(win32.is_owner);
    ch_win32_heap_destroy(&win32);
    assert_true(ch_heap_owns(heap, block)); // It has destroyed nothing.
    assert_true(ch_win32_heap_attach(&win32, heap, false));
    assert_false(win32.is_owner);
    assert_int_equal(IAtlMemMgr_GetSize(ch_win32_heap_manager(&win32), block), 100);
    ch_win32_heap_destroy(&win32);
    assert_true(ch_heap_owns(heap, block));
    ch_heap_destroy(heap);
}

typedef void make_fixed(struct ch_fixed_heap *fixed, struct ch_heap *heap, bool is_strict);
static make_fixed *const both_fixed[] = {ch_local_heap_init, ch_global_heap_init};

static void S5_local_and_global_that_are_strict_never_reallocate(void **state)
{
    (void)state;
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){.arena_bytes = 16 * MIB});
    for (int i = 0; i < 2; i++) {
        struct ch_fixed_heap fixed;
        both_fixed[i](&fixed, heap, true);
        IAtlMemMgr *manager = ch_fixed_heap_manager(&fixed);
        void *block = IAtlMemMgr_Reallocate(manager, NULL, 10);
        assert_true(ch_heap_owns(heap, block));
        assert_null(IAtlMemMgr_Reallocate(manager, block, 10));
        assert_null(IAtlMemMgr_Reallocate(manager, block, 9));
        assert_int_equal(IAtlMemMgr_GetSize(manager, block), 10);
        assert_null(IAtlMemMgr_Reallocate(manager, block, 0));
        assert_int_equal(live_blocks(heap), 0);
    }
    ch_heap_destroy(heap);
}

// A heap without room for twice the block has room for the block.
static void S5_local_and_global_have_less_room_rather_than_none(void **state)
{
    (void)state;
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){.arena_bytes = 16 * MIB});
    for (int i = 0; i < 2; i++) {
        struct ch_fixed_heap fixed;
        both_fixed[i](&fixed, heap, false);
        IAtlMemMgr *manager = ch_fixed_heap_manager(&fixed);
        unsigned char *block = IAtlMemMgr_Allocate(manager, 10 * MIB);
        assert_non_null(block);
        assert_null(IAtlMemMgr_Reallocate(manager, block, 20 * MIB));
        assert_int_equal(IAtlMemMgr_GetSize(manager, block), 10 * MIB);
        assert_ptr_equal(IAtlMemMgr_Reallocate(manager, block, MIB), block);
        assert_ptr_equal(IAtlMemMgr_Reallocate(manager, block, 2 * MIB), block);
        IAtlMemMgr_Free(manager, block);
        assert_null(IAtlMemMgr_Allocate(manager, SIZE_MAX / 2));
        assert_null(IAtlMemMgr_Allocate(manager, SIZE_MAX / 2 + 1));
        assert_int_equal(live_blocks(heap), 0);
    }
    ch_heap_destroy(heap);
}

// Where nothing may grow, no room is set aside for it.
static void S5_local_and_global_that_are_strict_take_what_is_asked_for(void **state)
{
    (void)state;
    struct ch_heap *heap = ch_heap_create(&(struct ch_config){.arena_bytes = 16 * MIB});
    for (int i = 0; i < 2; i++) {
        struct ch_fixed_heap fixed;
        both_fixed[i](&fixed, heap, true);
        IAtlMemMgr *manager = ch_fixed_heap_manager(&fixed);
        void *block = IAtlMemMgr_Allocate(manager, MIB);
        assert_true(ch_heap_stats(heap).committed_bytes < MIB + MIB / 2);
        IAtlMemMgr_Free(manager, block);
        ch_heap_minimize(heap);
    }
    ch_heap_destroy(heap);
}

static void S5_local_and_global_answer_0_for_what_is_no_block(void **state)
{
    (void)state;
    IAtlMemMgr *const managers[] = {ch_local_heap(), ch_global_heap()};
    char foreign;
    for (int i = 0; i < 2; i++) {
        unsigned char *block = IAtlMemMgr_Allocate(managers[i], 100);
        assert_int_equal(IAtlMemMgr_GetSize(managers[i], block + 1), 0);
        assert_int_equal(IAtlMemMgr_GetSize(managers[i], &foreign), 0);
        IAtlMemMgr_Free(managers[i], block);
        assert_int_equal(IAtlMemMgr_GetSize(managers[i], block), 0);
    }
}

static struct sibling *const all[] = {&sibling_crt, &sibling_win32, &sibling_local, &sibling_global,
                                      &sibling_com};
static const size_t all_count = sizeof all / sizeof all[0];

static void S5_only_the_blocks_of_com_are_task_memory(void **state)
{
    (void)state;
    IMalloc *task;
    assert_int_equal(CoGetMalloc(MEMCTX_TASK, &task), S_OK);
    for (size_t i = 0; i < all_count; i++) {
        all[i]->open(all[i]);
        void *block = IAtlMemMgr_Allocate(all[i]->manager, 100);
        assert_int_equal(IMalloc_DidAlloc(task, block), all[i] == &sibling_com);
        IAtlMemMgr_Free(all[i]->manager, block);
        all[i]->close();
    }
}

static void work_with(IAtlMemMgr *manager)
{
    unsigned char *block = IAtlMemMgr_Allocate(manager, 1024);
    assert_non_null(block);
    assert_int_equal(IAtlMemMgr_GetSize(manager, block), 1024);
    memset(block, 0x5a, 1024);
    block = IAtlMemMgr_Reallocate(manager, block, 2048);
    assert_non_null(block);
    assert_int_equal(IAtlMemMgr_GetSize(manager, block), 2048);
    assert_int_equal(block[1023], 0x5a);
    IAtlMemMgr_Free(manager, block);
}

static void S5_the_documented_example_works_with_all_five(void **state)
{
    (void)state;
    for (size_t i = 0; i < all_count; i++) {
        all[i]->open(all[i]);
        work_with(all[i]->manager);
        all[i]->close();
    }
}

int main(void)
{
    const struct CMUnitTest rows[] = {
        cmocka_unit_test(S5_win32_without_a_heap_refuses),
        cmocka_unit_test(S5_win32_over_a_handle_does_not_own_it),
        cmocka_unit_test(S5_win32_of_its_own_ends_it_with_every_block),
        cmocka_unit_test(S5_win32_over_the_heap_of_the_process_has_its_blocks),
        cmocka_unit_test(S5_win32_without_serialization_serves_threads_still),
        cmocka_unit_test(S5_win32_may_begin_with_its_maximum),
        cmocka_unit_test(S5_win32_refuses_flags_and_sizes_that_make_no_heap),
        cmocka_unit_test(S5_win32_with_a_maximum_has_blocks_below_the_documented_limit),
        cmocka_unit_test(S5_win32_without_a_maximum_may_begin_with_any_size),
        cmocka_unit_test(S5_win32_that_got_no_heap_has_no_limit),
        cmocka_unit_test(S5_win32_leaves_the_maximum_to_the_heap_that_it_detaches),
        cmocka_unit_test(S5_win32_with_a_maximum_has_no_more_in_all),
        cmocka_unit_test(S5_win32_attach_takes_a_heap_and_detach_gives_it_back),
        cmocka_unit_test(S5_local_and_global_that_are_strict_never_reallocate),
        cmocka_unit_test(S5_local_and_global_have_less_room_rather_than_none),
        cmocka_unit_test(S5_local_and_global_that_are_strict_take_what_is_asked_for),
        cmocka_unit_test(S5_local_and_global_answer_0_for_what_is_no_block),
        cmocka_unit_test(S5_only_the_blocks_of_com_are_task_memory),
        cmocka_unit_test(S5_the_documented_example_works_with_all_five),
    };
    return cmocka_run_group_tests_name("section 5, beyond its table", rows, NULL, NULL);
}
