// Rows I1 to I6, H1 and H2, and sections 1.1 to 1.7: the task allocator as an object. Also the
// binary side of the interfaces: slots, identifiers, constants and widths.

#include "cmocka_headers.h"
#include "faces.h"
#include "groups.h"
#include "scratch.h"

#include <comheap/atlmem.h>

// The value of an out parameter before a call that has to store something in it.
#define UNTOUCHED ((void *)(uintptr_t)0xdeadbeef)

static void I1_the_task_context_has_one_allocator(const struct face *face)
{
    (void)face;
    IMalloc *one = UNTOUCHED;
    IMalloc *other = UNTOUCHED;
    assert_int_equal(CoGetMalloc(MEMCTX_TASK, &one), S_OK);
    assert_int_equal(CoGetMalloc(1, &other), S_OK);
    assert_non_null(one);
    assert_ptr_not_equal(one, UNTOUCHED);
    assert_ptr_equal(one, other);
}

static void I2_no_other_context_has_one(const struct face *face)
{
    (void)face;
    static const DWORD contexts[] = {
        0, MEMCTX_SHARED, MEMCTX_MACSYSTEM, (DWORD)MEMCTX_UNKNOWN, (DWORD)MEMCTX_SAME,
        4, 0x80000001};
    for (size_t i = 0; i < COUNT_OF(contexts); i++) {
        IMalloc *allocator = UNTOUCHED;
        assert_int_equal(CoGetMalloc(contexts[i], &allocator), E_INVALIDARG);
        assert_null(allocator);
    }
}

static void I3_nowhere_to_store_it_is_an_invalid_argument(const struct face *face)
{
    (void)face;
    assert_int_equal(CoGetMalloc(MEMCTX_TASK, NULL), E_INVALIDARG);
    assert_int_equal(CoGetMalloc(0, NULL), E_INVALIDARG);
}

static void I4_the_allocator_needs_no_memory_itself(const struct face *face)
{
    (void)face;
    scratch.refuses_pages = true;
    size_t requests = scratch.page_requests;
    IMalloc *allocator = NULL;
    assert_int_equal(CoGetMalloc(MEMCTX_TASK, &allocator), S_OK);
    assert_non_null(allocator);
    assert_int_equal(scratch.page_requests, requests);
}

static void I5_it_answers_as_itself_and_as_nothing_else(const struct face *face)
{
    (void)face;
    IMalloc *allocator = task_allocator();
    void *found = UNTOUCHED;
    assert_int_equal(IMalloc_QueryInterface(allocator, &IID_IUnknown, &found), S_OK);
    assert_ptr_equal(found, allocator);
    found = UNTOUCHED;
    assert_int_equal(IMalloc_QueryInterface(allocator, &IID_IMalloc, &found), S_OK);
    assert_ptr_equal(found, allocator);

    IID others[3] = {IID_IMalloc, IID_IMalloc, IID_IUnknown}; // Each differs in one place.
    others[0].Data1 = 0x1d;
    others[1].Data4[7] = 0x47;
    others[2].Data3 = 1;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        found = UNTOUCHED;
        assert_int_equal(IMalloc_QueryInterface(allocator, &others[i], &found), E_NOINTERFACE);
        assert_null(found);
        assert_int_equal(IMalloc_QueryInterface(allocator, &others[i], NULL), E_POINTER);
    }
    assert_int_equal(IMalloc_QueryInterface(allocator, &IID_IMalloc, NULL), E_POINTER);
}

static void I6_no_release_ends_it(const struct face *face)
{
    (void)face;
    IMalloc *allocator = task_allocator();
    assert_int_equal(IMalloc_AddRef(allocator), 2);
    assert_int_equal(IMalloc_AddRef(allocator), 2);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(IMalloc_Release(allocator), 1);
    }
    assert_ptr_equal(task_allocator(), allocator);
    void *block = IMalloc_Alloc(allocator, 100);
    assert_non_null(block);
    IMalloc_Free(allocator, block);
}

// A second call on the heap itself shows whether the first did all it could.
static void H1_minimize_gives_pages_back_and_leaves_live_blocks(const struct face *face)
{
    (void)face;
    IMalloc *allocator = task_allocator();
    void *kept = IMalloc_Alloc(allocator, 1000);
    assert_non_null(kept);
    fill(kept, 1000, 1);
    void *blocks[400];
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        blocks[i] = IMalloc_Alloc(allocator, 300 * i);
        assert_non_null(blocks[i]);
    }
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        IMalloc_Free(allocator, blocks[i]);
    }
    size_t before_bytes = ch_heap_stats(scratch.heap).committed_bytes;
    IMalloc_HeapMinimize(allocator);
    size_t after_bytes = ch_heap_stats(scratch.heap).committed_bytes;
    ch_heap_minimize(scratch.heap);
    assert_true(after_bytes < before_bytes);
    assert_int_equal(ch_heap_stats(scratch.heap).committed_bytes, after_bytes);
    assert_int_equal(IMalloc_GetSize(allocator, kept), 1000);
    assert_int_equal(IMalloc_DidAlloc(allocator, kept), 1);
    assert_filled(kept, 1000, 1);
    IMalloc_Free(allocator, kept);
}

// The arena has room for none of these blocks any more. Then it has room for one of half their sum.
static void H2_free_blocks_that_touch_become_one(const struct face *face)
{
    (void)face;
    static const size_t sizes[] = {1000, 20000}; // Small blocks, and large ones.
    IMalloc *allocator = task_allocator();
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        scratch_restart(CH_ARENA_BYTES_MIN);
        void *blocks[CH_ARENA_BYTES_MIN / 1000] = {NULL};
        size_t count = 0;
        void *block = IMalloc_Alloc(allocator, sizes[i]);
        while (block != NULL) {
            assert_in_range(count, 0, COUNT_OF(blocks) - 1);
            blocks[count++] = block;
            block = IMalloc_Alloc(allocator, sizes[i]);
        }
        assert_in_range(count, 4, COUNT_OF(blocks));
        for (size_t at = 0; at < count; at++) {
            IMalloc_Free(allocator, blocks[at]);
        }
        IMalloc_HeapMinimize(allocator);
        block = IMalloc_Alloc(allocator, count / 2 * sizes[i]);
        assert_non_null(block);
        IMalloc_Free(allocator, block);
    }
}

static void S1_1_the_identifiers_are_coms(const struct face *face)
{
    (void)face;
    static const IID unknown = {0, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
    static const IID allocator = {2, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
    assert_int_equal(sizeof(IID), 16);
    assert_memory_equal(&IID_IUnknown, &unknown, sizeof(IID));
    assert_memory_equal(&IID_IMalloc, &allocator, sizeof(IID));
}

static void S1_2_the_results_are_coms(const struct face *face)
{
    (void)face;
    assert_int_equal((uint32_t)S_OK, 0);
    assert_int_equal((uint32_t)E_NOINTERFACE, 0x80004002);
    assert_int_equal((uint32_t)E_POINTER, 0x80004003);
    assert_int_equal((uint32_t)E_OUTOFMEMORY, 0x8007000E);
    assert_int_equal((uint32_t)E_INVALIDARG, 0x80070057);
    assert_true(SUCCEEDED(S_OK) && SUCCEEDED(1));
    assert_true(FAILED(E_POINTER) && !FAILED(S_OK));
}

static void S1_3_the_contexts_are_coms(const struct face *face)
{
    (void)face;
    assert_int_equal(MEMCTX_TASK, 1);
    assert_int_equal(MEMCTX_SHARED, 2);
    assert_int_equal(MEMCTX_MACSYSTEM, 3);
    assert_int_equal((DWORD)MEMCTX_UNKNOWN, UINT32_MAX);
    assert_int_equal((DWORD)MEMCTX_SAME, UINT32_MAX - 1);
}

static void S1_4_the_types_have_coms_widths(const struct face *face)
{
    (void)face;
    assert_int_equal(sizeof(HRESULT), 4);
    assert_int_equal(sizeof(ULONG), 4);
    assert_int_equal(sizeof(DWORD), 4);
    assert_int_equal(sizeof(BOOL), 4);
    assert_int_equal(sizeof(SIZE_T), sizeof(void *));
    assert_true((HRESULT)-1 < 0);
    assert_true((ULONG)-1 > 0);
}

#define SLOT(table, method) (offsetof(table, method) / sizeof(void *))

static void S1_5_the_methods_of_imalloc_are_in_coms_slots(const struct face *face)
{
    (void)face;
    assert_int_equal(offsetof(IMalloc, lpVtbl), 0);
    assert_int_equal(SLOT(IUnknownVtbl, QueryInterface), 0);
    assert_int_equal(SLOT(IUnknownVtbl, AddRef), 1);
    assert_int_equal(SLOT(IUnknownVtbl, Release), 2);
    assert_int_equal(SLOT(IMallocVtbl, QueryInterface), 0);
    assert_int_equal(SLOT(IMallocVtbl, AddRef), 1);
    assert_int_equal(SLOT(IMallocVtbl, Release), 2);
    assert_int_equal(SLOT(IMallocVtbl, Alloc), 3);
    assert_int_equal(SLOT(IMallocVtbl, Realloc), 4);
    assert_int_equal(SLOT(IMallocVtbl, Free), 5);
    assert_int_equal(SLOT(IMallocVtbl, GetSize), 6);
    assert_int_equal(SLOT(IMallocVtbl, DidAlloc), 7);
    assert_int_equal(SLOT(IMallocVtbl, HeapMinimize), 8);
    assert_int_equal(sizeof(IMallocVtbl), 9 * sizeof(void *));
}

static void S1_7_the_methods_of_iatlmemmgr_are_in_atls_slots(const struct face *face)
{
    (void)face;
    assert_int_equal(offsetof(IAtlMemMgr, lpVtbl), 0);
    assert_int_equal(SLOT(IAtlMemMgrVtbl, Allocate), 0);
    assert_int_equal(SLOT(IAtlMemMgrVtbl, Free), 1);
    assert_int_equal(SLOT(IAtlMemMgrVtbl, Reallocate), 2);
    assert_int_equal(SLOT(IAtlMemMgrVtbl, GetSize), 3);
    assert_int_equal(sizeof(IAtlMemMgrVtbl), 4 * sizeof(void *));
}

int run_malloc_object_rows(void)
{
    const struct CMUnitTest rows[] = {
        ROW(I1_the_task_context_has_one_allocator),
        ROW(I2_no_other_context_has_one),
        ROW(I3_nowhere_to_store_it_is_an_invalid_argument),
        ROW(I4_the_allocator_needs_no_memory_itself),
        ROW(I5_it_answers_as_itself_and_as_nothing_else),
        ROW(I6_no_release_ends_it),
        ROW(H1_minimize_gives_pages_back_and_leaves_live_blocks),
        ROW(H2_free_blocks_that_touch_become_one),
        ROW(S1_1_the_identifiers_are_coms),
        ROW(S1_2_the_results_are_coms),
        ROW(S1_3_the_contexts_are_coms),
        ROW(S1_4_the_types_have_coms_widths),
        ROW(S1_5_the_methods_of_imalloc_are_in_coms_slots),
        ROW(S1_7_the_methods_of_iatlmemmgr_are_in_atls_slots),
    };
    return cmocka_run_group_tests_name("malloc_object", rows, NULL, NULL);
}
