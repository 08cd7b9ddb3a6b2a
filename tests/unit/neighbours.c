// Section 7: sizes whose arithmetic is checked, arrays from every manager, and strings in task
// memory.

#include "cmocka_headers.h"
#include "siblings.h"

#include <comheap/arrays.h>
#include <comheap/heap.h>
#include <comheap/taskmem.h>
#include <comheap/taskstrings.h>

#include <limits.h>
#include <string.h>
#include <uchar.h>

#define HALF ((size_t)1 << (sizeof(size_t) * CHAR_BIT / 2)) // Its square is one too large.

static size_t last_request; // The size that the manager below was asked for.

static void S7_multiply_is_checked(void **state)
{
    (void)state;
    size_t result = 77;
    assert_int_equal(ch_size_multiply(&result, HALF, HALF), (HRESULT)0x80070216);
    assert_int_equal(ch_size_multiply(&result, SIZE_MAX, 2), CH_E_OVERFLOW);
    assert_int_equal(ch_size_multiply(&result, 2, SIZE_MAX), CH_E_OVERFLOW);
    assert_int_equal(ch_size_multiply(&result, SIZE_MAX / 3 + 1, 3), CH_E_OVERFLOW);
    assert_int_equal(result, 77); // Untouched.
    assert_int_equal(ch_size_multiply(&result, HALF, HALF - 1), S_OK);
    assert_int_equal(result, HALF * (HALF - 1));
    assert_int_equal(ch_size_multiply(&result, SIZE_MAX / 3, 3), S_OK);
    assert_int_equal(result, SIZE_MAX);
    assert_int_equal(ch_size_multiply(&result, 1, SIZE_MAX), S_OK);
    assert_int_equal(ch_size_multiply(&result, 0, SIZE_MAX), S_OK);
    assert_int_equal(result, 0);
    assert_int_equal(ch_size_multiply(&result, SIZE_MAX, 0), S_OK);
    assert_int_equal(result, 0);
}

static void S7_add_is_checked(void **state)
{
    (void)state;
    size_t result = 77;
    assert_int_equal(ch_size_add(&result, SIZE_MAX, 1), (HRESULT)0x80070216);
    assert_int_equal(ch_size_add(&result, SIZE_MAX, SIZE_MAX), CH_E_OVERFLOW);
    assert_int_equal(result, 77);
    assert_int_equal(ch_size_add(&result, SIZE_MAX - 1, 1), S_OK);
    assert_int_equal(result, SIZE_MAX);
    assert_int_equal(ch_size_add(&result, 0, 0), S_OK);
    assert_int_equal(result, 0);
}

static void S7_an_array_is_allocated(void **state)
{
    IAtlMemMgr *manager = ((struct sibling *)*state)->manager;
    void *array = ch_array_allocate(manager, 30, 7);
    assert_int_equal(IAtlMemMgr_GetSize(manager, array), 210);
    IAtlMemMgr_Free(manager, array);
    array = ch_array_allocate(manager, 0, 7);
    assert_non_null(array);
    assert_int_equal(IAtlMemMgr_GetSize(manager, array), ((struct sibling *)*state)->zero_bytes);
    IAtlMemMgr_Free(manager, array);
}

static void S7_an_array_is_zeroed_whatever_was_there(void **state)
{
    IAtlMemMgr *manager = ((struct sibling *)*state)->manager;
    static const unsigned char zeros[210];
    for (int i = 0; i < 3; i++) {
        unsigned char *array = ch_array_allocate_zeroed(manager, 30, 7);
        assert_int_equal(IAtlMemMgr_GetSize(manager, array), 210);
        assert_memory_equal(array, zeros, 210);
        memset(array, 0xab, 210); // The next one may get the same place.
        IAtlMemMgr_Free(manager, array);
    }
}

static void S7_an_array_is_reallocated(void **state)
{
    IAtlMemMgr *manager = ((struct sibling *)*state)->manager;
    unsigned char *array = ch_array_reallocate(manager, NULL, 97, 1);
    memset(array, 0xab, 97);
    array = ch_array_reallocate(manager, array, 25, 4); // Its class holds it.
    assert_int_equal(IAtlMemMgr_GetSize(manager, array), 100);
    for (int i = 0; i < 97; i++) {
        assert_int_equal(array[i], 0xab);
    }
    assert_null(ch_array_reallocate(manager, array, 0, 4)); // Frees.
    array = ch_array_reallocate(manager, NULL, 0, 4);
    assert_non_null(array);
    IAtlMemMgr_Free(manager, array);
}

static void S7_the_new_end_of_an_array_is_zeroed(void **state)
{
    IAtlMemMgr *manager = ((struct sibling *)*state)->manager;
    unsigned char *array = ch_array_allocate(manager, 112, 1);
    memset(array, 0xab, 112);
    array = ch_array_reallocate_zeroed(manager, array, 97, 1);
    array = ch_array_reallocate_zeroed(manager, array, 28, 4);
    for (int i = 0; i < 112; i++) {
        assert_int_equal(array[i], i < 97 ? 0xab : 0);
    }
    assert_null(ch_array_reallocate_zeroed(manager, array, 0, 4)); // Frees.
    array = ch_array_reallocate_zeroed(manager, NULL, 3, 1);
    assert_int_equal(array[0] | array[1] | array[2], 0);
    IAtlMemMgr_Free(manager, array);
}

// Finds where an array of no bytes begins, and leaves bytes there that are not 0.
static void leave_dirt(IAtlMemMgr *manager)
{
    void *block = IAtlMemMgr_Allocate(manager, 8);
    memset(block, 0xab, 8);
    IAtlMemMgr_Free(manager, block);
}

static void S7_an_array_that_began_without_elements_is_zeroed(void **state)
{
    const struct sibling *sibling = *state;
    for (int reallocates = 0; reallocates < 2; reallocates++) {
        leave_dirt(sibling->manager);
        void *empty = reallocates != 0 ? ch_array_reallocate_zeroed(sibling->manager, NULL, 0, 4)
                                       : ch_array_allocate_zeroed(sibling->manager, 0, 4);
        assert_non_null(empty);
        unsigned char *array = ch_array_reallocate_zeroed(sibling->manager, empty, 2, 4);
        assert_true(array != NULL || sibling->never_moves);
        for (int i = 0; array != NULL && i < 8; i++) {
            assert_int_equal(array[i], 0);
        }
        IAtlMemMgr_Free(sibling->manager, array != NULL ? array : empty);
    }
}

static void *note_allocate(IAtlMemMgr *This, size_t nBytes)
{
    (void)This;
    last_request = nBytes;
    return NULL;
}

static void *note_reallocate(IAtlMemMgr *This, void *p, size_t nBytes)
{
    (void)p;
    return note_allocate(This, nBytes);
}

static void S7_a_product_that_is_too_large_does_not_reach_the_manager(void **state)
{
    (void)state;
    IAtlMemMgr noting = {
        &(const IAtlMemMgrVtbl){.Allocate = note_allocate, .Reallocate = note_reallocate}};
    last_request = 77;
    assert_null(ch_array_allocate(&noting, HALF, HALF));
    assert_null(ch_array_allocate_zeroed(&noting, HALF, HALF + 1));
    assert_null(ch_array_reallocate(&noting, NULL, HALF, HALF));
    assert_null(ch_array_reallocate_zeroed(&noting, NULL, HALF, HALF));
    assert_int_equal(last_request, 77);
    assert_null(ch_array_allocate_zeroed(&noting, HALF, 3)); // A refusal is passed on.
    assert_int_equal(last_request, HALF * 3);
    void *array = ch_array_allocate(ch_com_heap(), 10, 10);
    memset(array, 0xab, 100);
    assert_null(ch_array_reallocate(ch_com_heap(), array, HALF, HALF));
    assert_null(ch_array_reallocate_zeroed(ch_com_heap(), array, HALF, HALF));
    assert_int_equal(IAtlMemMgr_GetSize(ch_com_heap(), array), 100); // It is unchanged.
    assert_int_equal(((unsigned char *)array)[99], 0xab);
    IAtlMemMgr_Free(ch_com_heap(), array);
}

static void S7_a_string_is_copied_into_task_memory(void **state)
{
    (void)state;
    const char16_t *ole = u"gr\u00fc\u00df";
    char *narrow = ch_task_string("heap");
    wchar_t *wide = ch_task_wide_string(L"heap");
    ch_olechar *copied = ch_task_ole_string(ole);
    assert_string_equal(narrow, "heap");
    assert_memory_equal(wide, L"heap", 5 * sizeof(wchar_t));
    assert_memory_equal(copied, ole, 5 * 2);
    assert_int_equal(IAtlMemMgr_GetSize(ch_com_heap(), narrow), 5);
    assert_int_equal(IAtlMemMgr_GetSize(ch_com_heap(), wide), 5 * sizeof(wchar_t));
    assert_int_equal(IAtlMemMgr_GetSize(ch_com_heap(), copied), 10);
    CoTaskMemFree(narrow);
    CoTaskMemFree(wide);
    CoTaskMemFree(copied);
}

static void S7_an_empty_string_is_a_zero(void **state)
{
    (void)state;
    char *narrow = ch_task_string("");
    ch_olechar *ole = ch_task_ole_string(u"");
    assert_int_equal(IAtlMemMgr_GetSize(ch_com_heap(), narrow), 1);
    assert_int_equal(narrow[0], 0);
    assert_int_equal(IAtlMemMgr_GetSize(ch_com_heap(), ole), 2);
    assert_int_equal(ole[0], 0);
    CoTaskMemFree(narrow);
    CoTaskMemFree(ole);
}

static void S7_no_string_is_copied_to_none(void **state)
{
    (void)state;
    assert_null(ch_task_string(NULL));
    assert_null(ch_task_wide_string(NULL));
    assert_null(ch_task_ole_string(NULL));
}

#define OF(column, row)                                                                            \
    {                                                                                              \
#row "_of_" #column, row, sibling_open, sibling_close, &sibling_##column                   \
    }
#define OF_ALL(row) OF(crt, row), OF(win32, row), OF(local, row), OF(global, row), OF(com, row)

int main(void)
{
    const struct CMUnitTest rows[] = {
        cmocka_unit_test(S7_multiply_is_checked),
        cmocka_unit_test(S7_add_is_checked),
        OF_ALL(S7_an_array_is_allocated),
        OF_ALL(S7_an_array_is_zeroed_whatever_was_there),
        OF_ALL(S7_an_array_is_reallocated),
        OF_ALL(S7_the_new_end_of_an_array_is_zeroed),
        OF_ALL(S7_an_array_that_began_without_elements_is_zeroed),
        cmocka_unit_test(S7_a_product_that_is_too_large_does_not_reach_the_manager),
        cmocka_unit_test(S7_a_string_is_copied_into_task_memory),
        cmocka_unit_test(S7_an_empty_string_is_a_zero),
        cmocka_unit_test(S7_no_string_is_copied_to_none),
    };
    return cmocka_run_group_tests_name("section 7", rows, NULL, NULL);
}
